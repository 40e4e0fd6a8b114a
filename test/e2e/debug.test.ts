import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { openSample } from './workflows.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open();
  await openSample(editor);
});
afterAll(() => editor?.close());

const tool = (name: string) => editor.debugTool(name);
const frame = (text: string) => editor.stackFrame(text);
/** The tree of the workspace at which the debugger looks. */
const moment = {
  getByText: (text: string) =>
    editor.page
      .locator('.part.sidebar .pane')
      .filter({ has: editor.page.locator('.pane-header', { hasText: 'Workspace of This Moment' }) })
      .getByText(text)
      .first(),
};
const variable = (text: string | RegExp) =>
  editor.page.locator('.debug-variables .monaco-list-row').filter({ hasText: text }).first();

async function withBreakpoint(line: number, command: string, text: string): Promise<void> {
  await editor.goto(line, 3);
  await editor.command(command);
  await editor.page.locator('.breakpoint-widget .monaco-editor.focused').waitFor();
  await editor.page.keyboard.type(text);
  await editor.page.keyboard.press('Enter');
  await editor.page.locator('.breakpoint-widget').waitFor({ state: 'hidden' });
}

test('a recorded rollout is stepped through in both directions', async () => {
  await editor.row('penguins-0').hover();
  await editor.row('penguins-0').getByRole('button', { name: 'Step Through' }).click();
  await frame('data_engineer.0.0').waitFor();
  await tool('Step Over').click();
  await frame('data_engineer.0.1').waitFor();
  await tool('Step Into').click();
  await frame('the model answered').waitFor();
  await tool('Step Back').click();
  await frame('before data_engineer.0.1').waitFor();
  await editor.shoot('debug', themes);
  // The menu of the call stack changes the action whose frame it is.
  await editor.choose(/^before data_engineer\.0\.1/, 'Edit and Fork the Paused Action');
  await editor.page
    .locator('.quick-input-widget')
    .filter({ hasText: 'data_engineer.0.1' })
    .filter({ hasText: 'What it answered' })
    .waitFor();
  await editor.page.keyboard.press('Escape');
});

test('variables show the verdict, the artifacts and the files of the moment', async () => {
  await variable('Action').click();
  await variable('Budget of the run').click();
  await variable(/^calls\s*=\s*\d+/).waitFor();
  await variable('Budget of the run').click();
  await variable('Verdict').click();
  await variable(/^score/).waitFor();
  await variable('Verdict').click();
  await variable(/^Workspace/).click();
  await variable('X_train.pkl').waitFor();
  await tool('Step Back').click();
  await frame('before data_engineer.0.0').waitFor();
  await variable('no file yet').waitFor();
  // The tree takes room from the variables, so it is opened after them.
  await editor.command('Baton: Show the Workspace of This Moment');
  await moment.getByText('No file at this moment.').waitFor();
  await tool('Step Over').click();
  await moment.getByText('X_train.pkl').waitFor();
  await editor.photograph('moment');
  await tool('Step Back').click();
  await frame('before data_engineer.0.0').waitFor();
});

test('a filter stops where a contract is broken, and the console computes over facts', async () => {
  await tool('Continue').click();
  await frame('the id column is among the features').waitFor();
  await editor.command('Debug Console: Focus on Debug Console View');
  await editor.page.keyboard.type('X_train.rows > 0 and score == null');
  await editor.page.keyboard.press('Enter');
  await editor.page.locator('.repl .monaco-list-row').filter({ hasText: 'true' }).last().waitFor();
  await tool('Step Over').click();
  await frame('before data_engineer.0.1').waitFor();
  await editor.command('Debug Console: Focus on Debug Console View');
  await editor.page.keyboard.type('X_train.head');
  await editor.page.keyboard.press('Enter');
  // Computed in the sandbox, on the files of the moment.
  await editor.page.locator('.repl .monaco-list-row').filter({ hasText: '[[0.78' }).last().waitFor();
  await editor.photograph('console');
});

test('a breakpoint on a role line stops before its next action', async () => {
  await editor.page.locator('.tab').filter({ hasText: 'table-team.baton.yaml' }).click();
  await editor.goto(77, 3);
  await editor.page.keyboard.press('F9');
  await editor.page.locator('.codicon-debug-breakpoint').first().waitFor();
  await tool('Continue').click();
  await frame('data_engineer.0.1: X_train').waitFor();
  await tool('Continue').click();
  await frame('before analyst.0.0').waitFor();
  await tool('Continue').click();
  await frame('the rollout failed').waitFor();
  await editor.command('Baton: Show the Workspace of This Moment');
  await moment.getByText('submission.csv').click();
  await editor.line('no,Species').waitFor();
  await tool('Reverse').click();
  await frame('before analyst.0.0').waitFor();
});

test('a breakpoint stops where its condition holds, and a log point says what it is asked', async () => {
  await editor.page.keyboard.press('F9');
  await editor.page.locator('.codicon-debug-breakpoint').first().waitFor({ state: 'hidden' });
  // The data engineer acts twice: on the second time it has rows, and the id column still.
  await withBreakpoint(62, 'Debug: Add Conditional Breakpoint...', 'X_train.rows > 0');
  await withBreakpoint(69, 'Debug: Add Logpoint...', 'the modeler gets {X_train.rows} rows');
  await withBreakpoint(77, 'Debug: Add Conditional Breakpoint...', 'X_train.rows == 0');
  await editor.toggleFilter('Contract is broken');
  await editor.command('Debug: Restart');
  await frame('before data_engineer.0.0').waitFor();
  await tool('Continue').click();
  await frame('before data_engineer.0.1').waitFor();
  await tool('Continue').click();
  await frame('the rollout failed').waitFor();
  await editor.page
    .locator('.repl .monaco-list-row')
    .filter({ hasText: /the modeler gets \d+ rows/ })
    .last()
    .waitFor();
  await editor.stopDebugging();
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});
