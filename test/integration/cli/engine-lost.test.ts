import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { listRuns, RolloutPages, readLog } from '../../../src/trace/index.js';
import { runCli, startCli } from './command.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');

test.each([
  ['run', ['run', '--split', 'train', '--limit', '24', '--concurrency', '4', '--json']],
  [
    'train',
    ['train', '--steps', '1', '--rollouts', '8', '--eval-tasks', '4', '--select-tasks', '2', '--json'],
  ],
] as const)(
  '%s: an engine that dies is said, blamed on nobody, and the run goes on with another one',
  async (_name, args) => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-lost-'));
    cpSync(template, folder, { recursive: true });
    const going = startCli(folder, [...args]);
    const begun = () => {
      const [run] = listRuns(folder);
      return run !== undefined && existsSync(run.log) && readLog(run.log).events.some(isEnded);
    };
    await vi.waitUntil(begun, { timeout: 60_000 });
    const engine = execFileSync('pgrep', ['-P', String(going.child.pid), '-f', 'engine.mjs'], {
      encoding: 'utf8',
    });
    process.kill(Number(engine), 'SIGKILL');
    const ended = await going.ended;
    expect(ended.code, ended.stderr).toBe(3);
    expect(ended.stderr).toMatch(/The engine was killed.*engine\.log.*baton resume/);
    expect(ended.stdout).toContain('engine.lost');
    const resumed = await runCli(folder, ['resume']);
    expect(resumed.code, resumed.stderr).toBe(0);
    const rows = new RolloutPages(listRuns(folder)[0]!).all();
    expect(rows.map(({ status }) => status)).toEqual(rows.map(() => 'done'));
  },
);

const isEnded = (event: { type: string }) => event.type === 'rollout.ended';

test('an engine for a loop elsewhere ends with what it stands for, so that its link tells of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-lost-'));
  const engine = startCli(
    folder,
    ['engine', '--dir', join(folder, 'weights'), '--backend', 'wasm'],
    {},
    'pipe',
  );
  await new Promise((resolve) => engine.child.stdout!.once('data', resolve));
  const own = execFileSync('pgrep', ['-P', String(engine.child.pid), '-f', 'engine.mjs'], {
    encoding: 'utf8',
  });
  process.kill(Number(own), 'SIGKILL');
  const ended = await engine.ended;
  expect(ended.code, ended.stderr).toBe(3);
  expect(ended.stderr).toMatch(/The engine was killed/);
});
