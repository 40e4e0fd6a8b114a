// Two runs of one team: which one is shown beside the code, all rollouts of a long one, and F5 without any set-up.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const MANY = 130;
const tasks = Array.from({ length: MANY }, (_, at) => `{id: t${at}, prompt: number ${at}}`);
const facts = { reply: 'waves are water moving on', when: 'You are researcher' };
const good = repliesFile([facts, { reply: 'waves move', when: 'You are writer' }]);
const bad = repliesFile([facts, { reply: 'far too long a summary of it', when: 'You are writer' }]);
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({ 'team.baton.yaml': messageTeam(recorded, tasks), 'replies.jsonl': bad });
  expect((await runCli(editor.folder, ['run', '--sandbox', 'none'])).code).toBe(0);
  writeFileSync(join(editor.folder, 'replies.jsonl'), good);
  expect((await runCli(editor.folder, ['run', '--sandbox', 'none', '--limit', '2'])).code).toBe(0);
  await editor.openFile('team.baton.yaml');
}, 180_000);
afterAll(() => editor?.close());

const lens = (text: string) => editor.page.locator('.codelens-decoration').filter({ hasText: text }).first();

test('the newest run is beside the code, until another one is chosen', async () => {
  await editor.goto(tasks.length + 10);
  await lens('2 rollouts, 100 % succeeded').waitFor();
  await editor.showRuns();
  await editor.choose(/rollouts, 0 % succeeded/, 'Show Scores of This Run in the Editor');
  await lens(`${MANY} rollouts, 0 % succeeded`).waitFor();
  await editor.photograph('chosen-run');
});

test('the workflow of a run opens as it was, whatever the file says now', async () => {
  const file = join(editor.folder, 'team.baton.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('words < 4', 'words < 9'));
  await editor.choose(/rollouts, 100 % succeeded/, 'Open Workflow as It Was');
  // The file itself is open under the same name, and in front until the other is there.
  const tabs = editor.page.locator('.tab').filter({ hasText: 'team.baton.yaml' });
  await expect.poll(() => tabs.count(), { timeout: 30_000 }).toBe(2);
  await editor.goto(tasks.length + 10);
  await editor.line('words < 4').waitFor();
  await editor.photograph('as-it-was');
  await editor.command('View: Close Editor');
  writeFileSync(file, text);
});

test('a long run shows its rollouts a page at a time', async () => {
  await editor.expand(/rollouts, 0 % succeeded/);
  await editor.page.mouse.move(150, 500);
  const more = editor.row(/^Show more \(\d+ left\)/);
  for (let tries = 0; tries < 60 && !(await more.isVisible()); tries++) await editor.page.mouse.wheel(0, 400);
  await editor.photograph('show-more');
  await more.click();
  await expect.poll(() => more.count(), { timeout: 20_000 }).toBe(0);
  await editor.rest();
});

test('F5 on a workflow steps through its last failed rollout, without a launch.json', async () => {
  await editor.page.locator('.tab').filter({ hasText: 'team.baton.yaml' }).click();
  await editor.page.locator('.view-lines').first().click();
  await editor.page.keyboard.press('F5');
  await editor.stackFrame('before researcher.0.0').waitFor();
  await editor.photograph('f5');
  await editor.debugTool('Continue').click();
  await editor.stackFrame('words < 4').waitFor();
  await editor.stopDebugging();
});
