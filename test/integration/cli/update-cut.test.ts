// An update that takes longer than the run may: the run ends then, and not when the engine is done with it.
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readLog, sittingSeconds } from '../../../src/trace/index.js';
import { startCli } from './command.js';
import { engineBetween } from './engine-between.js';

const sizes = ['--steps', '1', '--rollouts', '6', '--eval-tasks', '1', '--select-tasks', '1'];

test('a cancel and the end of the minutes both end an update, which the run then makes when it goes on', {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-update-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  let hangs = true;
  const seen = { updates: 0, next: () => {} };
  const { env, end } = await engineBetween(folder, ({ url }) => {
    if (url !== '/baton/v1/update') return false;
    seen.updates += 1;
    seen.next();
    return hangs;
  });

  const first = startCli(folder, ['train', ...sizes], env);
  await Promise.race([new Promise<void>((resolve) => (seen.next = resolve)), first.ended]);
  const asked = performance.now();
  first.child.kill('SIGTERM');
  const cancelled = await first.ended;
  expect([cancelled.code, seen.updates], cancelled.stderr).toEqual([130, 1]);
  expect(performance.now() - asked).toBeLessThan(10_000);

  const [run] = listRuns(folder);
  const used = sittingSeconds(readLog(run!.log).events);
  const minutes = String((used + 15) / 60);
  const cut = await startCli(folder, ['resume', '--minutes', minutes], env).ended;
  expect([cut.code, seen.updates], cut.stdout + cut.stderr).toEqual([4, 2]);
  expect(cut.stdout).toContain(`the budget is spent: limits.minutes ${minutes}`);
  expect(cut.stdout).toMatch(/Go on with a higher one: baton resume \S+ --minutes/);
  expect(sittingSeconds(readLog(run!.log).events) - used).toBeLessThan(25);

  hangs = false;
  const whole = await startCli(folder, ['resume', '--minutes', '60'], env).ended;
  expect(whole.code, whole.stderr).toBe(0);
  const updates = readLog(run!.log).events.filter(({ type }) => type === 'training.update');
  expect(updates).toHaveLength(3);
  await end();
});
