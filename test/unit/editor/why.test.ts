// What the editor's agent is told of a run.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyOf } from '../../../src/editor/models/why.js';
import { encodeLine, type Happening, ORIGIN, RolloutPages, RunFolder } from '../../../src/trace/index.js';

const ended = (at: number, success: boolean, branch?: string): Happening => ({
  type: 'rollout.ended',
  data: {
    ...{ rollout: `run.t${at}-0.0`, task: `t${at}`, stratum: 'all', group: `t${at}`, sample: 0, step: 'run' },
    ...{ status: 'done', outcome: { success, metrics: {}, why: null }, seconds: 1, head: '' },
    ...{ repaired: { failed: 0, repaired: 0 }, ...(branch ? { branch } : {}) },
    scores: [
      {
        ...{ action: 'writer.0.0', agent: 'writer', score: success ? 10 : 2, file: null },
        ...{ code: success ? null : 'artifact.missing', blamed: success ? null : 'writer' },
        diagnosis: success ? '' : 'Nothing was written.',
      },
    ],
  },
});

/** A run of so many rollouts, of which every fourth failed, and a fork that counts in nothing. */
function runOf(count: number) {
  const folder = new RunFolder(mkdtempSync(join(tmpdir(), 'baton-why-')));
  const happenings = Array.from({ length: count }, (_, at) => ended(at, at % 4 !== 0));
  const lines: string[] = [];
  for (const [seq, happening] of [...happenings, ended(0, false, 'fork-1')].entries())
    lines.push(encodeLine(happening, seq, 0, ORIGIN).line);
  writeFileSync(folder.log, lines.map((line) => `${line}\n`).join(''));
  return { folder, pages: new RolloutPages(folder), state: () => 'done' as const };
}

test('every rollout of a long run is counted, not the first few thousand', () => {
  const run = runOf(6001);
  expect(whyOf(run)).toBe(
    `${run.folder.name} (done): 4500 of 6001 rollouts succeeded.\n` +
      '- writer: artifact.missing in 1501 of 6001 rollouts; for example run.t0-0.0, action writer.0.0: Nothing was written.',
  );
});

test('one rollout alone, and one that has not ended', () => {
  const run = runOf(5);
  expect(whyOf(run, 'run.t4-0.0')).toContain(
    '0 of 1 rollouts succeeded.\n- writer: artifact.missing in 1 of 1',
  );
  expect(whyOf(run, 'run.t3-0.0')).toMatch(/1 of 1 rollouts succeeded\.$/);
  expect(() => whyOf(run, 'run.t9-0.0')).toThrow('has no ended rollout "run.t9-0.0"');
});
