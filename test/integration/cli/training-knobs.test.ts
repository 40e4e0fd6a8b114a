import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { runCli } from './command.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');

/** Each estimator, with other knobs beside it, and how many optimiser steps an update of 24 actions or more then has. */
const knobs = [
  ['rloo', 'kl: {in: loss, estimator: k3, coefficient: 0.05, target: 0.02}, epochs: 2', 2],
  ['grpo', 'minibatches: 2, dual_clip: 3, clip: {low: 0.1, high: 0.3}, std_floor: published', 2],
  ['dr-grpo', 'reward: outcome, action_gamma: 0.5, schedule: linear, weight_decay: 0.01', 1],
  ['reinforce++-baseline', 'reward: shuffled, truncated: zero, kl: {coefficient: 0}', 1],
] as const;

it.each(knobs)('%s trains and is proven, with %s', async (algorithm, more, updates) => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-knobs-'));
  cpSync(template, folder, { recursive: true });
  const file = join(folder, 'table-team.baton.yaml');
  const [before] = readFileSync(file, 'utf8').split(/^training:/m);
  const training = `{algorithm: ${algorithm}, samples: 6, learning_rate: 0.001, ${more}}`;
  writeFileSync(file, `${before}training: ${training}\n`);
  const sizes = ['--steps', '1', '--rollouts', '24', '--eval-tasks', '1', '--select-tasks', '1'];
  const { code, stderr } = await runCli(folder, ['train', ...sizes]);
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  const reports = readLog(listRuns(folder)[0]!.log).events.flatMap((event) =>
    event.type === 'training.update' ? [event.data.report as unknown as Report] : [],
  );
  expect(reports).toHaveLength(3);
  for (const report of reports.filter(({ skipped }) => skipped === null)) {
    expect(report.updates).toBe(updates);
    expect(report.gradientNorm).toBeGreaterThan(0);
  }
  expect(reports.some(({ skipped }) => skipped === null)).toBe(true);
  const proven = stderr.match(/: update proven/g) ?? [];
  expect(proven).toHaveLength(reports.filter(({ skipped }) => skipped === null).length);
  rmSync(folder, { recursive: true });
});

it("samples at the training's temperature and from its seed, and says what a cap leaves", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-knobs-'));
  cpSync(template, folder, { recursive: true });
  const file = join(folder, 'table-team.baton.yaml');
  const [before] = readFileSync(file, 'utf8').split(/^training:/m);
  const cool = before!.replace(/^defaults: \{/m, 'defaults: {temperature: 0.2, ');
  expect(cool).not.toBe(before);
  writeFileSync(file, `${cool}training: {temperature: 0.8, seed: 7, learning_rate: 0.001}\n`);
  const sizes = ['--rollouts', '1000', '--eval-tasks', '1', '--select-tasks', '1', '--concurrency', '8'];
  const { code, stdout, stderr } = await runCli(folder, ['train', ...sizes, '--calls', '60']);
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /^384 rollouts a step, not 1000: there are 192 tasks to train on, with 2 samples of each/m,
  );
  expect(stdout).toContain('with 1 checkpoint; the best so far on select is base');
  const [run] = listRuns(folder);
  expect(run!.readInfo().seed).toBe(7);
  const calls = run!
    .rolloutLogs()
    .flatMap((path) => readLog(path).events)
    .flatMap((event) => (event.type === 'model.called' ? [event.data.temperature] : []));
  expect(calls.length).toBeGreaterThan(30);
  expect(new Set(calls)).toEqual(new Set([0.8]));
  rmSync(folder, { recursive: true });
});

interface Report {
  skipped: string | null;
  updates: number;
  gradientNorm: number;
}
