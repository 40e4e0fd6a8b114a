// Steps of the README's five minutes, as a reader takes them; training and promoting have a tour of their own.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { openSample } from './workflows.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open();
});
afterAll(() => editor?.close());

const tool = (name: string) => editor.debugTool(name);
/** A task of three roles on a busy machine. */
const TASK = { timeout: 180_000 };
const frame = (text: string | RegExp) => editor.stackFrame(text);

test('1 and 2: the sample run says who broke it, and is stepped through backwards', async () => {
  await openSample(editor);
  await editor.row('penguins-0').hover();
  await editor.row('penguins-0').getByRole('button', { name: 'Step Through' }).click();
  await frame('before data_engineer.0.0').waitFor();
  await tool('Step Over').click();
  await frame('before modeler.0.0').or(frame('before data_engineer.0.1')).first().waitFor();
  await tool('Step Back').click();
  await frame('before data_engineer.0.0').waitFor();
  await tool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
});

test('3: a team of your own, in an empty folder, is stepped through as it goes until a contract is broken', async () => {
  await editor.close();
  editor = await Editor.open();
  await editor.command('Baton: New Workflow');
  await editor.pick('table-team');
  await editor.page.locator('.tab.active').filter({ hasText: 'table-team.baton.yaml' }).waitFor();
  await editor.command('Baton: Debug a Task Live');
  await frame('before data_engineer.0.0').waitFor({ timeout: 180_000 });
  await editor.shoot('tutorial-held', themes);
  const now = editor.page.locator('.debug-call-stack .monaco-list-row .stack-frame').first();
  const end = frame(/the rollout (succeeded|failed)/);
  const broken = frame('contract broken');
  for (let stops = 0; stops < 12 && !(await end.isVisible()); stops++) {
    const before = await now.textContent();
    await tool('Continue').click();
    await expect
      .poll(async () => (await broken.or(end).count()) > 0 && now.textContent(), TASK)
      .not.toBe(before);
    await broken.or(end).first().waitFor();
    if (stops === 0) await editor.shoot('tutorial-stopped', themes);
  }
  await end.waitFor();
  await tool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  await editor.showRuns();
  await editor.row('table-team').waitFor();
}, 500_000);

test('4: what the data engineer is asked is changed, and the rollout goes on from there as a branch', async () => {
  await editor.close();
  editor = await Editor.open({}, 'table-team');
  expect((await runCli(editor.folder, ['run', '--split', 'train', '--limit', '1'])).code).toBe(0);
  await editor.showRuns();
  await editor.expand('table-team');
  const rollout = editor.page.locator('.part.sidebar .monaco-list-row[aria-level="2"]').first();
  const name = ((await rollout.locator('.label-name').textContent()) ?? '').trim();
  await editor.expand(name);
  const action = editor.row(/^data_engineer/);
  await action.hover();
  await action.getByRole('button', { name: 'Edit and Fork' }).click();
  await editor.pick('What it is asked');
  await editor.page.locator('.tab.active').filter({ hasText: 'prompt.md' }).waitFor();
  await editor.page.keyboard.press('Control+End');
  await editor.page.keyboard.type(' Keep every column.');
  await editor.page.keyboard.press('Control+S');
  await editor.page.locator('.tab.active').filter({ hasText: '↔' }).waitFor({ timeout: 180_000 });
  await editor.page.getByText('Keep every column.').first().waitFor();
  await editor.shoot('tutorial-fork', themes);
}, 500_000);
