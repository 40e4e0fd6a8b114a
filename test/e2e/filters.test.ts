// What stops the debugger by itself: exception filters and hit counts, over recorded rollouts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { messageTeam, openSample, recorded, repliesFile } from './workflows.js';

const capped = `${messageTeam(recorded, ['{id: sea, prompt: the sea}'])}limits: {calls: 2}\n`;
const replies = [
  { reply: 'waves are water moving on', when: 'You are researcher' },
  { reply: 'far too long a summary of it', when: 'You are writer' },
];
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({ 'capped.baton.yaml': capped, 'replies.jsonl': repliesFile(replies) });
  expect((await runCli(editor.folder, ['run', '--sandbox', 'none'])).code).toBe(0);
  await openSample(editor);
});
afterAll(() => editor?.close());

const frame = (text: string | RegExp) => editor.stackFrame(text);
const goOn = () => editor.debugTool('Continue').click();

async function stepThrough(rollout: string, first: string): Promise<void> {
  await editor.showRuns();
  await editor.row(rollout).hover();
  await editor.row(rollout).getByRole('button', { name: 'Step Through' }).click();
  await frame(`before ${first}`).waitFor();
}

test('a filter stops where a program failed', async () => {
  await stepThrough('women-1', 'data_engineer.0.0');
  await editor.toggleFilter('Contract is broken');
  await editor.toggleFilter('Program failed');
  await goOn();
  await frame('program 1: failed').waitFor();
  await frame('modeler.0.0').waitFor();
  await editor.photograph('filter-program');
  await editor.toggleFilter('Program failed');
});

test('another one at a score below 5, or below a number of one’s own', async () => {
  await editor.toggleFilter('Score is low');
  await goOn();
  await frame(/score \d+ is below 5/).waitFor();
  await editor.photograph('filter-score');
  await editor.debugFilter('Score is low').hover();
  await editor.debugFilter('Score is low').getByRole('button', { name: 'Edit Condition' }).click();
  await editor.page.keyboard.type('1');
  await editor.page.keyboard.press('Enter');
  await editor.command('Debug: Restart');
  await frame('before data_engineer.0.0').waitFor();
  await goOn();
  await frame('the rollout failed').waitFor();
  await editor.toggleFilter('Score is low');
  await editor.stopDebugging();
});

test('a breakpoint with a hit count stops at that visit', async () => {
  await editor.page.locator('.tab').filter({ hasText: 'table-team.baton.yaml' }).click();
  await editor.goto(62, 3);
  await editor.command('Debug: Add Conditional Breakpoint...');
  await editor.page.locator('.breakpoint-widget .monaco-editor.focused').waitFor();
  await editor.page.locator('.breakpoint-widget .monaco-select-box').first().selectOption('Hit Count');
  await editor.page.locator('.breakpoint-widget .monaco-editor.focused').waitFor();
  await editor.page.keyboard.type('2');
  await editor.page.keyboard.press('Enter');
  await editor.page.locator('.breakpoint-widget').waitFor({ state: 'hidden' });
  await stepThrough('penguins-0', 'data_engineer.0.0');
  await goOn();
  await frame('before data_engineer.0.1').waitFor();
  await editor.photograph('hit-count');
  await goOn();
  await frame('the rollout failed').waitFor();
  await editor.stopDebugging();
});

test('and one where four fifths of the budget are spent', async () => {
  await editor.toggleFilter('Budget is nearly spent');
  await editor.showRuns();
  await editor.expand(/^capped/);
  await stepThrough('sea', 'researcher.0.0');
  await goOn();
  await frame('100 % of the budget is spent').waitFor();
  await frame('writer.0.0').waitFor();
  await editor.photograph('filter-budget');
  await editor.stopDebugging();
});
