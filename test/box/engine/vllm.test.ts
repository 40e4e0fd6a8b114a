// The real vLLM (its build for CPUs) samples for the torch engine over SmolLM2: what it serves is proven, a stale or
// undelivered adapter is noticed, nothing of it stays behind, and a team is trained with it through the command line.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, startTorchEngine } from '../../../src/engine/index.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { type Canary, proveUpdate, UpdateNotProven } from '../../../src/training/index.js';
import { runCli } from '../../integration/cli/command.js';
import { torchPython, vllmPython } from '../python.js';
import { sums } from '../sums.js';

const base = process.env.BATON_SMOLLM2!;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-vllm-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Processes that an engine of this folder started, by the mark that they inherit. */
function helpers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const own = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        return (
          own.includes(`BATON_VLLM_TEST=${folder}`) &&
          own.some((each) => each.startsWith('BATON_ENGINE_MARK='))
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function untilNone(): Promise<void> {
  while (helpers().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('an engine', () => {
  let engine: Engine;
  const hashes: string[] = [];
  const messages = [{ role: 'user' as const, content: 'What is 2 + 3?' }];
  const tokens = [1, 40, 41, 42, 3, 500, 507, 514, 521, 528, 2];
  const canary: Canary = { sequences: [{ tokens, mask: tokens.map((_, at) => (at < 5 ? 0 : 1)) }], messages };
  const how = { temperature: 0.7, gap: 0 };
  const at = (version: number) => ({ version: `v${version}`, hash: hashes[version]! });

  beforeAll(async () => {
    process.env.BATON_VLLM_TEST = folder;
    const dir = join(folder, 'state');
    const python = vllmPython();
    engine = await startTorchEngine({
      dir,
      base,
      python,
      backend: 'cpu',
      sampler: 'vllm',
      context: 512,
      rows: 8,
    });
    hashes.push((await engine.client.health()).base_hash);
    for (const version of [0, 1]) {
      const reply = await engine.client.update({
        id: `u${version}`,
        role: 'solver',
        version: `v${version}`,
        next_version: `v${version + 1}`,
        parent_hash: hashes[version]!,
        loss: { name: 'sft' },
        sequences: canary.sequences,
        denominator: 6,
        optimizer: { lr: 3e-3 },
      });
      hashes.push(reply.hash);
    }
  });

  afterAll(async () => {
    await engine?.stop();
    await untilNone();
  });

  it('says that vLLM samples', async () => {
    const { sampler, numbers, reasons } = await engine.client.health();
    expect([sampler, numbers]).toEqual(['vllm', 'float32']);
    expect(reasons.join('\n')).toMatch(/sampler: vllm \(asked for, vLLM \d/);
  });

  it('serves an update that is proven', async () => {
    const proof = await proveUpdate(engine.client, 'solver', at(1), at(2), canary, how);
    expect(proof.told).toBe(true);
    expect(proof.served).toBeLessThan(1e-3);
    // Not the trainer itself: another program added up.
    expect(proof.served).toBeGreaterThan(0);
  });

  it.each([
    ['stale', 1],
    ['undelivered', 0],
  ])('is caught with a %s adapter, though its reply names the new weights', async (_, version) => {
    const faulty = {
      logprobs: engine.client.logprobs.bind(engine.client),
      chat: async (asked: Parameters<typeof engine.client.chat>[0]) => ({
        ...(await engine.client.chat({ ...asked, model: `solver@v${version}` })),
        system_fingerprint: hashes[2]!,
      }),
    };
    const proof = (gap: number) => proveUpdate(faulty, 'solver', at(1), at(2), canary, { ...how, gap });
    await expect(proof(0)).rejects.toThrow(/served and trained log-probabilities differ by/);
    // Where sampler and trainer agree so little that the numbers alone would pass.
    const other = proof(100);
    await expect(other).rejects.toThrow(`what is served under its name are the weights of v${version}`);
    await expect(other).rejects.toBeInstanceOf(UpdateNotProven);
  });

  it('leaves nothing running when it is killed', async () => {
    expect(helpers().length).toBeGreaterThan(0);
    process.kill(engine.pid, 'SIGKILL');
    expect(await engine.ended).toBeNull();
    await untilNone();
  });
});

const train = ['train', '--steps', '1', '--rollouts', '8', '--eval-tasks', '1', '--select-tasks', '1'];
const over = ['--base', base, '--backend', 'cpu', '--sampler', 'vllm'];

describe('a team', () => {
  const refused = async (python: string, ...more: string[]) => {
    const { code, stderr } = await runCli(folder, [...train, ...over, ...more], {
      BATON_TORCH_PYTHON: python,
    });
    return `${code} ${stderr}`;
  };

  beforeAll(() => writeFileSync(join(folder, 'sums.baton.yaml'), sums));

  it('is told where vLLM is not installed, and that it is not deterministic', async () => {
    const missing = await refused(torchPython());
    expect(missing).toMatch(/^3 [\s\S]*vLLM is not installed in .*; install it there/);
    expect(missing).toContain('--sampler own');
    expect(await refused(vllmPython(), '--deterministic')).toMatch(/^3 [\s\S]*it is not deterministic/);
    expect(await refused(vllmPython(), '--vllm-memory', '1.5')).toMatch(/^2 [\s\S]*at most 1/);
    rmSync(join(folder, '.baton'), { recursive: true, force: true });
  });

  it('is trained with vLLM as its sampler', async () => {
    const env = { BATON_TORCH_PYTHON: vllmPython(), BATON_VLLM_TEST: folder };
    const { code, stderr } = await runCli(folder, [...train, ...over], env);
    expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
    expect(stderr).toContain('sampler: vllm (asked for, vLLM ');
    expect(stderr).toMatch(/solver: update proven, served and trained log-probabilities differ by \d/);
    const run = new RunFolder(join(folder, '.baton/runs', readdirSync(join(folder, '.baton/runs'))[0]!));
    expect(run.readInfo().engine).toMatchObject({ engine: 'torch', sampler: 'vllm' });
    const reports = readLog(run.log).events.flatMap((event) =>
      event.type === 'training.update'
        ? [event.data.report as unknown as { behaviourGap: number; updates: number }]
        : [],
    );
    expect(reports).toHaveLength(2);
    for (const { behaviourGap } of reports) {
      expect(behaviourGap).toBeGreaterThan(0);
      expect(behaviourGap).toBeLessThan(1e-3);
    }
    expect(reports.some(({ updates }) => updates > 0)).toBe(true);
    await untilNone();
  });
});
