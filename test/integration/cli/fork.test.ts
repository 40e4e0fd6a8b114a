import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from './command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-fork-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Called {
  type: string;
  data: { action: string; messages: string; reply: string };
}

async function firstCall(rollout: string): Promise<{ asked: string; reply: string }> {
  const shown = await runCli(folder, ['show', 'last', rollout, '--json']);
  expect(shown.code, shown.stderr).toBe(0);
  const events = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Called);
  const { messages, reply } = events.find(({ type }) => type === 'model.called')!.data;
  return { asked: (JSON.parse(messages) as { content: string }[]).at(-1)!.content, reply };
}

// The embedded model copies names from its prompt, so the name of a column that no table has must come out of it.
test('a changed prompt changes what a real small model writes', async () => {
  const ran = await runCli(folder, ['run', '--split', 'test', '--limit', '1']);
  expect(ran.code, ran.stderr).toBe(0);
  const rollout = 'run.penguins-0.0';
  const before = await firstCall(rollout);
  const target = /target="([^"]+)"/.exec(before.asked)![1]!;
  expect(before.reply).toContain(`column(a, "${target}")`);

  writeFileSync(join(folder, 'asked.md'), before.asked.replaceAll(`"${target}"`, '"tone"'));
  const forked = await runCli(folder, ['fork', 'last', rollout, 'data_engineer.0.0', '--prompt', 'asked.md']);
  expect(forked.code, forked.stderr).toBe(0);
  const after = await firstCall(`${rollout}.fork-1`);
  expect(after.asked).toContain('target="tone"');
  expect(after.reply).toContain('column(a, "tone")');
  const { stdout } = await runCli(folder, ['diff', 'last', rollout, `${rollout}.fork-1`]);
  expect(stdout).toContain(`-save(column(a, "${target}"), "y_train.pkl")`);
  expect(stdout).toContain('+save(column(a, "tone"), "y_train.pkl")');
});
