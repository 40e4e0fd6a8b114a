// What a preflight says of a machine: what is missing, what to do, what fits, and which engine it will be.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { assess, type Finding, passes, type Wanted } from '../../../src/target/index.js';
import { wheelsCuda } from '../../../src/target/local/environment.js';
import { type MachineFacts, parseFacts, probeHere } from '../../../src/target/probe.js';

const GIB = 2 ** 30;
const text = `os=Linux 6.1\narch=x86_64\ncores=16\nmemory=${64 * 2 ** 20}\ndisk=${100 * 2 ** 20}\nnode=v20.20.0\npython=3.11.2\nvenv=yes\nuv=\ngit=git version 2.39\ntar=tar 1.34\nsandbox=bubblewrap\ngpu=NVIDIA A, 81559, 80000, 580.54\ncuda=13.1\n`;
const facts = parseFacts(text);

/** The finding of a name, for a machine that has what `facts` says but for `more`. */
function of(what: string, wanted: Wanted, more: Partial<MachineFacts> = {}): Finding {
  return assess({ ...facts, ...more }, wanted).find((finding) => finding.what === what)!;
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-preflight-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A model folder or file that holds `bytes`, sparse; its weights can be counted where a header says the shape. */
function model(name: string, bytes: number, shape?: number[]): string {
  const path = join(folder, name);
  const file = name.endsWith('.gguf') ? path : join(path, 'model.safetensors');
  if (file !== path) mkdirSync(path, { recursive: true });
  const header = JSON.stringify(shape ? { a: { shape } } : {});
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(file, Buffer.concat([head, Buffer.from(header)]));
  truncateSync(file, Math.max(bytes, header.length + 8));
  return path;
}

it('reads what the machine says, GPUs too', () => {
  expect(facts).toMatchObject({
    cores: 16,
    node: 'v20.20.0',
    gpus: [{ name: 'NVIDIA A', memory: 81_559, free: 80_000, driver: '580.54' }],
    cuda: '13.1',
  });
  expect(facts.base).toBeUndefined();
  expect(facts.runs).toBeUndefined();
});

it('says what is missing and what to do, and whether a model fits', () => {
  const lacking = (more: object) =>
    assess({ ...facts, ...more }, { engine: 'torch', base: 'media/base' })
      .filter((finding) => !finding.works)
      .map(({ what, needed, todo }) => {
        expect(todo).not.toEqual([]);
        return `${what}${needed ? '!' : ''}`;
      });
  expect(lacking({})).toEqual([]);
  expect(lacking({ node: '', disk: 2 ** 20, sandbox: '' })).toEqual(['node!', 'sandbox', 'disk!']);
  expect(lacking({ gpus: [], memory: 1024, python: '3.9.2' })).toEqual(['python!', 'memory', 'GPU', 'room']);
  expect(of('room', { engine: 'torch', base: 'media/base' }).why).toContain('0 million weights need about');
});

describe('disk and memory', () => {
  it('take little for tfjs, and 12 GB for torch until its environment is made', () => {
    const five = { disk: 5 * 2 ** 20 };
    expect(of('disk', {}, five)).toMatchObject({ works: true, why: expect.stringContaining('5.0 GiB free') });
    expect(of('disk', {}, { disk: 50 * 1024 })).toMatchObject({ works: false, needed: true });
    const full = of('disk', { engine: 'torch', placement: 'there' }, five);
    expect(full).toMatchObject({ works: false, needed: true });
    expect(full.why).toContain('a job needs about 12.1 GiB until the environment is made');
    expect(full.todo.join(' ')).toMatch(/Free disk space.*as much again.*folder: in targets\.yaml/);
    for (const ready of ['made', 'own'] as const)
      expect(of('disk', { engine: 'torch', ready }, five).works).toBe(true);
    expect(of('disk', { engine: 'torch' }, five).todo.join(' ')).toContain('XDG_CACHE_HOME');
  });

  it('count what each step of a training keeps of each role', () => {
    const wanted = { base: model('m', 0, [1000, 1_000_000]), ready: 'made' } as const;
    const why = (more: Wanted) => of('disk', { ...wanted, ...more }).why;
    expect(why({ method: 'full', steps: 100 })).toContain('needs about 387.5 GiB, most of it weights');
    // An adapter of some 14 million weights; a hundred of each of three roles.
    expect(why({ steps: 100, roles: 3 })).toMatch(
      /needs about 1[5-9]\.\d GiB, .*each of 100 steps keeps its own/,
    );
    expect(why({ steps: 0 })).not.toContain('steps');
  });

  it('count two versions of each role where the steps are not known, and a disk of runs apart', () => {
    const wanted = { base: model('m', 0, [1000, 1_000_000]), method: 'full', ready: 'made' } as const;
    expect(of('disk', { ...wanted, roles: 3 }).why).toContain('needs about 67.2 GiB');
    expect(of('disk', wanted, { disk: 5 * 2 ** 20 })).toMatchObject({ works: false, needed: false });
    const runs = of('disk', {}, { runs: 10 * 1024 });
    expect(runs).toMatchObject({ works: false, needed: true });
    expect(runs.why).toContain('10 MiB where runs lie');
  });

  it('name what loop and engine take of the memory, the base too while it goes to a GPU', () => {
    expect(of('memory', {}).why).toBe('64.0 GiB free, loop and engine take about 1.0 GiB');
    const low = of('memory', {}, { memory: 2 ** 19 });
    expect(low).toMatchObject({ works: false, needed: false });
    expect(low.todo.join(' ')).toContain('lower --concurrency');
    const base = model('m', 0, [1000, 8_000_000]);
    expect(of('memory', { base }).why).toContain('about 17.9 GiB while the base is loaded');
    expect(of('memory', { base }, { gpus: [] }).why).toContain('about 3.0 GiB');
  });
});

describe('CUDA', () => {
  /** A nvidia-smi first on the PATH, whose driver supports this CUDA. */
  function fakeDriver(cuda: string): void {
    const header = `| NVIDIA-SMI 550.54.14    Driver Version: 550.54.14    CUDA Version: ${cuda}     |`;
    const script = `#!/bin/sh
case "$*" in
  *query-gpu=name,memory.total,memory.free,driver_version*noheader*) echo "NVIDIA H100, 81559, 80000, 550.54.14" ;;
  "") printf '%s\\n' "Fri Jan  2 10:00:00 2026" "+-----+" "${header}" "| GPU  Name  CUDA |" ;;
esac`;
    writeFileSync(join(folder, 'nvidia-smi'), script);
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
  }

  it('is what the header of nvidia-smi says, told with the GPU', () => {
    fakeDriver('13.2');
    const here = probeHere(folder);
    expect(here).toMatchObject({ cuda: '13.2', gpus: [{ name: 'NVIDIA H100', free: 80_000 }] });
    const gpu = assess(here, { engine: 'torch' }).find(({ what }) => what === 'GPU');
    expect(gpu).toMatchObject({ works: true, todo: [] });
    expect(gpu?.why).toContain('NVIDIA H100, 78.1 GiB of 79.6 GiB free, driver 550.54.14, CUDA up to 13.2');
  });

  it('that is older than PyTorch needs leaves training on the CPU, and says what to do', () => {
    fakeDriver('12.4');
    const here = { ...facts, ...probeHere(folder) };
    const gpu = of('GPU', { engine: 'torch', placement: 'there' }, here);
    expect(gpu).toMatchObject({ works: false, needed: false });
    expect(gpu.why).toContain('CUDA up to 12.4: older than PyTorch needs (13.0), so training uses the CPU');
    expect(gpu.todo.join(' ')).toMatch(/Update the driver.*engine_python: in targets\.yaml/);
    expect(of('engine', { engine: 'torch' }, here).why).toContain("on the CPU: the GPU's driver is too old");
    expect(of('room', { base: model('m', 0, [1000, 1000]) }, here).why).toContain('in memory');
    // A Python of the user's own may have a PyTorch for 12, and tfjs asks for none.
    expect(of('GPU', { engine: 'torch', ready: 'own' }, here).works).toBe(true);
    expect(of('GPU', { engine: 'torch', ready: 'own' }, { ...here, cuda: '11.8' }).works).toBe(false);
    expect(of('GPU', {}, here).works).toBe(true);
    expect(of('GPU', { engine: 'torch' }, { cuda: '' })).toMatchObject({
      works: true,
      why: expect.stringContaining('which CUDA it supports is not known'),
    });
  });

  it('is asked for as the pinned wheels need it', () => {
    // Where the pin moves, look which CUDA its wheels are built for: `torch.version.cuda`.
    expect(readFileSync('src/engine/torch/constraints.txt', 'utf8')).toContain('torch==2.15.0');
    expect(wheelsCuda).toBe(13);
  });
});

it('says which engine is chosen, and why', () => {
  expect(of('engine', {}).why).toMatch(/^tfjs \(no base model is named/);
  expect(of('engine', { base: 'o/n' }).why).toBe('torch (a base model is named), on the GPU');
  expect(of('engine', { engine: 'torch' }, { gpus: [] }).why).toBe(
    'torch (asked for), on the CPU: there is no GPU',
  );
});

describe('the base', () => {
  it('on this machine is measured by its shapes, and one that is nowhere is missing', () => {
    const base = model('m', 0, [1000, 7_000_000]);
    expect(of('base', { base })).toMatchObject({ works: true, why: `${base}, here` });
    expect(of('room', { base }).why).toMatch(/^7000 million weights need about/);
    const none = of('base', { base: join(folder, 'none') });
    expect(none).toMatchObject({ works: false, needed: true });
    expect(none.why).toContain('on this machine, and it is no id of the Hugging Face hub');
    expect(assess(facts, { base: join(folder, 'none') }).map(({ what }) => what)).not.toContain('room');
  });

  it.each(['empty', 'pickled'])('without weights that can be read is missing: %s', (name) => {
    const base = join(folder, name);
    mkdirSync(base);
    if (name === 'pickled') writeFileSync(join(base, 'pytorch_model.bin'), 'x');
    expect(of('base', { base })).toMatchObject({ works: false, needed: true });
    writeFileSync(join(base, 'model.safetensors'), 'not a header');
    expect(of('base', { base }).why).toContain('without weights that can be read');
  });

  it('there is measured by the bytes of its files, as a bound', () => {
    const wanted = { base: '/models/big', placement: 'there' } as const;
    expect(of('base', wanted, { base: 14e9 })).toMatchObject({ works: true, why: '/models/big, there' });
    expect(of('room', wanted, { base: 14e9 }).why).toMatch(/^at most about 7000 million weights/);
    expect(of('room', { ...wanted, base: '/m.gguf' }, { base: 4.5e9 }).why).toContain('8000 million');
    expect(of('base', wanted, { base: 0 })).toMatchObject({ works: false, needed: true });
    const nowhere = of('base', wanted);
    expect(nowhere).toMatchObject({ works: false, needed: true });
    expect(nowhere.why).toBe(
      '/models/big is neither here nor there, nor an id of the Hugging Face hub (owner/name)',
    );
  });

  it('that lies here only is not taken for one there, unless it is sent', () => {
    const base = model('m', 0, [1000, 1000]);
    const only = of('base', { base, placement: 'there' });
    expect(only).toMatchObject({ works: false, needed: true });
    expect(only.why).toContain('lies on this machine, not there');
    expect(of('base', { base, sent: base, placement: 'there' }).why).toContain('sent along');
    expect(of('room', { base, sent: base, placement: 'there' }).why).toMatch(/^1 million weights/);
  });

  it('of the hub is not said to fit, and tfjs takes none', () => {
    const room = of('room', { base: 'owner/name', placement: 'there' });
    expect(room).toMatchObject({ works: true, needed: false });
    expect(room.why).toContain('that it fits is not shown');
    expect(of('base', { base: 'owner/name' })).toMatchObject({ works: true });
    expect(of('base', { base: 'owner/name', engine: 'tfjs' })).toMatchObject({ works: false, needed: true });
    expect(of('disk', { base: 'owner/name' }).why).toContain('and what is downloaded');
  });
});

describe('the estimate', () => {
  const needs = (wanted: Wanted, more: Partial<MachineFacts> = {}): number =>
    Number(/need about ([\d.]+) GiB/.exec(of('room', wanted, more).why)?.[1]);

  it('counts weights, a copy and two moments for each role with all weights', () => {
    const base = model('m', 0, [1000, 1_000_000]);
    const one = needs({ base, method: 'full' });
    // 4 bytes each of weights, copy and two moments.
    expect(needs({ base, method: 'full', roles: 3 }) - one).toBeCloseTo((2 * 16e9) / GIB, 0);
    expect(needs({ base, roles: 3 })).toBeLessThan(one);
    const room = of('room', { base, method: 'full', roles: 5 });
    expect(room).toMatchObject({ works: false, needed: false });
    expect(room.why).toContain('with full for 5 roles');
    expect(room.todo.join(' ')).toContain('--method lora');
  });

  it('counts the batch, and tells one that does not fit from a model that does not', () => {
    const base = model('m', 0, [1000, 7_000_000]);
    const gpu = (free: number) => ({ gpus: [{ name: 'A', memory: free, free, driver: '580' }] });
    expect(of('room', { base }).why).toMatch(/[\d.]+ GiB for a batch of 16384 tokens, 78\.1 GiB are free/);
    expect(of('room', { base }, { gpus: [] }).why).toContain('for a batch of 2048 tokens');
    expect(of('room', { base }, gpu(80_000)).works).toBe(true);
    const tight = of('room', { base }, gpu(20_000));
    expect(tight.works).toBe(false);
    expect(tight.todo[0]).toContain('a full device gets smaller batches');
    expect(of('room', { base }, gpu(8000)).todo[0]).toContain('Choose a smaller model');
  });
});

describe('without a sandbox there', () => {
  const none = { sandbox: '' };
  it('agents with tools need one, or placement: here', () => {
    const there = of('sandbox', { tools: true, placement: 'there' }, none);
    expect(there).toMatchObject({ works: false, needed: true });
    expect(there.todo.join(' ')).toMatch(/bubblewrap.*placement: here.*rollouts then run on your machine/);
    expect(passes(assess({ ...facts, ...none }, { tools: true, placement: 'there' }))).toBe(false);
    for (const wanted of [
      { tools: false, placement: 'there' },
      { placement: 'there' },
      { tools: true, placement: 'here' },
      { tools: true, placement: 'there', sandbox: 'none' },
    ] as const)
      expect(passes(assess({ ...facts, ...none }, wanted))).toBe(true);
    expect(of('sandbox', { tools: true, placement: 'here' }, none).todo.join(' ')).toContain(
      'rollouts run on this machine',
    );
    expect(of('sandbox', {}, none).todo.join(' ')).not.toContain('placement');
  });

  it('one of another kind than was asked for is none', () => {
    const docker = { sandbox: 'docker' };
    expect(of('sandbox', { tools: true, sandbox: 'auto', placement: 'there' }, docker).works).toBe(true);
    const asked = of('sandbox', { tools: true, sandbox: 'bubblewrap', placement: 'there' }, docker);
    expect(asked).toMatchObject({ works: false, needed: true, why: 'bubblewrap does not work' });
  });
});
