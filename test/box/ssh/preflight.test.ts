// What a box over ssh is asked before a job goes there: a base that only it has, its driver, and its sandbox.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { torchSource } from '../../../src/engine/index.js';
import { type Finding, probeThere, readyMarker } from '../../../src/target/index.js';
import { runCli } from '../../integration/cli/command.js';
import { programsBut, type Sshd, startSshd } from './sshd.js';

let sshd: Sshd;
let folder: string;
let programs: string;

/** A box whose bubblewrap does not work, that has no containers, and whose driver is for CUDA 12.4. */
beforeAll(async () => {
  programs = programsBut(/^(docker|podman)$/, {
    bwrap: 'echo "bwrap: No permissions to create new namespace" >&2; exit 1',
    'nvidia-smi': `case "$*" in *query-gpu*) echo "NVIDIA L4, 23034, 22000, 550.54";; *) echo "| CUDA Version: 12.4 |";; esac`,
  });
  sshd = await startSshd(programs);
  folder = mkdtempSync(join(tmpdir(), 'baton-preflight-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  const { host, config, folder: there, node } = sshd.target;
  const box = `kind: ssh, host: ${host}, config: ${config}, folder: ${there}, node: ${node}`;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  box: {${box}}\n  near: {${box}, placement: here}\n`,
  );
});

afterAll(() => {
  sshd?.stop();
  for (const each of [folder, programs]) rmSync(each, { recursive: true, force: true });
});

async function ask(...args: string[]): Promise<{ code: number | null; of: (what: string) => Finding }> {
  const { code, stdout } = await runCli(folder, ['target', 'preflight', ...args, '--json']);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: (what) => findings.find((finding) => finding.what === what)! };
}

it('measures a base that only the box has, and runs nothing that its name says', async () => {
  const base = join(folder, `it's $(touch hit) "a" *`);
  mkdirSync(base);
  for (const [name, bytes] of [
    ['a.safetensors', 3_000_000],
    ['b c.safetensors', 1_000_000],
    ['c.bin', 9_000_000],
  ] as const) {
    writeFileSync(join(base, name), '');
    truncateSync(join(base, name), bytes);
  }
  expect((await probeThere(sshd.target, { base })).base).toBe(4_000_000);
  const file = join(base, 'x.gguf');
  writeFileSync(file, 'x'.repeat(99));
  expect((await probeThere(sshd.target, { base: file })).base).toBe(99);
  expect((await probeThere(sshd.target, { base: `${base}; touch hit` })).base).toBeUndefined();
  const { code, of } = await ask('box', '--base', base);
  expect(of('base')).toMatchObject({ works: true, why: `${base}, there` });
  expect(of('room').why).toMatch(/^at most about 2 million weights/);
  expect(code).toBe(of('disk').works ? 0 : 3);
  const none = await ask('box', '--base', '/no/such/model');
  expect(none.code).toBe(3);
  expect(none.of('base').why).toContain('is neither here nor there');
  expect(existsSync('hit') || existsSync(join(folder, 'hit'))).toBe(false);
});

it('tells its CUDA, its disk, and whether the environment is made there', async () => {
  const { of } = await ask('box', '--engine', 'torch');
  expect(of('GPU')).toMatchObject({ works: false, needed: false });
  expect(of('GPU').why).toContain('NVIDIA L4');
  expect(of('GPU').why).toContain('CUDA up to 12.4: older');
  expect(of('disk').why).toContain('12.1 GiB until the environment is made');
  const marker = join(sshd.target.folder, readyMarker({ cache: 'cache/baton', source: torchSource() }));
  mkdirSync(dirname(marker), { recursive: true });
  writeFileSync(marker, '');
  const made = await ask('box', '--engine', 'torch');
  expect(made.of('disk').why).toContain('a job needs about 0.1 GiB');
  expect(made.of('torch environment')).toBeUndefined();
});

it('sends no job with tools where no sandbox works, and names placement: here', async () => {
  const refused = await runCli(folder, ['train', '--target', 'box']);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toContain('nothing was sent');
  expect(refused.stdout).toContain('MISSING sandbox');
  expect(refused.stdout).toContain('set placement: here for this target in targets.yaml');
  expect(existsSync(join(sshd.target.folder, 'jobs'))).toBe(false);
  const near = await ask('near');
  expect(near.of('sandbox')).toMatchObject({ works: false, needed: false });
  expect(near.code).toBe(0);
});

it('looks for the base where the job will: in what is sent, then there, and counts the roles', async () => {
  cpSync(join(import.meta.dirname, '../../../media/base'), join(folder, 'model'), { recursive: true });
  const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.baton.yaml'))!);
  const before = readFileSync(file, 'utf8');
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stdout } = await runCli(folder, ['train', '--target', 'box', ...args]);
    expect(code).toBe(3);
    return stdout;
  };
  const named = await refused('--base', 'model', '--method', 'full');
  expect(named).toContain('ok      base: model, sent along');
  expect(named).toContain('with full for 3 roles');
  expect(await refused('--base', 'model', '--roles', 'modeler')).toContain('with lora for 1 role,');
  expect(await refused('--base', join(folder, 'model'))).toContain(`${join(folder, 'model')}, there`);
  expect(await refused('--base', './none')).toContain('MISSING base: ./none is neither here nor there');
  writeFileSync(file, before.replace('provider: embedded', 'provider: embedded, base: ./model'));
  const own = await refused();
  writeFileSync(file, before);
  expect(own).toContain('torch (a base model is named)');
  expect(own).toContain(`ok      base: ${join(folder, 'model')}, sent along`);
});

it('with the remedy it names, rollouts run here and only the engine there', async () => {
  const sizes = ['--steps', '1', '--rollouts', '2', '--eval-tasks', '1', '--select-tasks', '1'];
  const trained = await runCli(folder, ['train', ...sizes, '--backend', 'wasm', '--target', 'near']);
  expect(`${trained.code} ${trained.code === 0 ? '' : trained.stderr}`).toBe('0 ');
  const runs = join(folder, '.baton/runs');
  const info = readFileSync(join(runs, readdirSync(runs)[0]!, 'run.json'), 'utf8');
  expect(JSON.parse(info)).toMatchObject({ sandbox: { level: expect.not.stringMatching('none') } });
});
