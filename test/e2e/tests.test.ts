import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const workflow = messageTeam(
  recorded,
  ['{id: good, prompt: short, words: 4}', '{id: bad, prompt: long, words: 2}'],
  'task.words',
);
const replies = [{ reply: 'waves are water moving on' }, { reply: 'two words', when: 'Sum them up.' }];
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({
    'team.baton.yaml': workflow,
    'replies.jsonl': repliesFile(replies),
  });
});
afterAll(() => editor?.close());

// Nothing of Baton is open: the explorer is what asks for it.
test('tasks are tests, and a failed one points at the role that broke it', async () => {
  await editor.command('Testing: Focus on Test Explorer View');
  const explorer = editor.page.locator('.test-explorer');
  await explorer.locator('.monaco-list-row').filter({ hasText: 'team.baton.yaml' }).first().waitFor();
  await editor.command('Test: Run All Tests');
  await editor.page.getByText('1/2').first().waitFor();
  await editor.page.getByText('Broken by writer in writer.0.0').first().waitFor();
  await editor.shoot('tests', themes);
  await explorer
    .locator('.monaco-list-row')
    .filter({ hasText: 'team.baton.yaml' })
    .locator('.monaco-tl-twistie')
    .first()
    .click();
  const row = explorer.locator('.monaco-list-row').filter({ hasText: 'good' });
  await row.first().waitFor();
  expect(await row.first().getAttribute('aria-label')).toContain('Passed');
});

const text = () => readFileSync(join(editor.folder, 'team.baton.yaml'), 'utf8');
/** Accept what is suggested to expect. */
const accept = async (task: string, suggested: string) => {
  const ask = editor.page.locator('.quick-input-widget').filter({ hasText: `What must hold when ${task}` });
  await ask.waitFor();
  const row = ask.locator('.monaco-list-row').filter({ hasText: suggested }).first();
  await row.locator('.monaco-checkbox[aria-checked="true"], input:checked').first().waitFor();
  await editor.shoot(`regression-${task}`);
  await ask.getByRole('button', { name: 'OK' }).click();
  await ask.waitFor({ state: 'hidden' });
  // It is shown, and stands out, once it is saved.
  await editor.page
    .locator('.statusbar-item')
    .filter({ hasText: `(${task.length + '-regression'.length} selected)` })
    .waitFor();
};

test('a failed rollout becomes a test that expects what it broke, from the Runs view', async () => {
  const before = text();
  await editor.showRuns();
  await editor.expand('team');
  await editor.choose(/^bad/, 'Create Regression Test');
  await accept('bad', 'summary.valid');
  await expect
    .poll(text)
    .toBe(
      before.replace(
        'words: 2}\n',
        'words: 2}\n  - {id: bad-regression, prompt: long, words: 2, expect: summary.valid}\n',
      ),
    );
});

test('a successful one becomes a test from its trajectory, and the explorer tells them apart', async () => {
  await editor.choose(/^good/, 'Open Trajectory');
  await editor.page.locator('.tab.active').filter({ hasText: '.baton-trajectory' }).waitFor();
  await editor.page
    .locator('.editor-actions')
    .getByRole('button', { name: 'Create Regression Test' })
    .first()
    .click();
  await accept('good', 'facts.valid');
  await expect.poll(text).toContain('id: good-regression, prompt: short, words: 4, expect: facts.valid and');
  await editor.command('Testing: Focus on Test Explorer View');
  const row = (name: string) =>
    editor.page.locator('.test-explorer .monaco-list-row').filter({ hasText: name }).first();
  await row('good-regression').waitFor();
  await editor.command('Test: Run All Tests');
  await expect
    .poll(() => row('good-regression').getAttribute('aria-label'), { timeout: 60_000 })
    .toContain('Passed');
  expect(await row('bad-regression').getAttribute('aria-label')).toContain('Failed');
  await editor.shoot('regression-tests', themes);
});

test('what can be debugged stands in the list of the editor, recorded and live', async () => {
  await editor.command('Debug: Select and Start Debugging');
  const rows = editor.page.locator('.quick-input-widget .monaco-list-row');
  await rows.filter({ hasText: 'Baton...' }).first().click();
  await rows.filter({ hasText: 'team.baton.yaml: debug its first task live' }).first().waitFor();
  expect(await rows.count()).toBe(3);
  await editor.shoot('debug-list');
  await rows
    .filter({ hasText: /^team\.baton\.yaml: step through run\.bad/ })
    .first()
    .click();
  await editor.debugTool('Step Over').waitFor();
  await editor.stopDebugging();
});

test('workflows that are made are tests, and those that are deleted, with a folder too, are none', async () => {
  await editor.command('Testing: Focus on Test Explorer View');
  const row = (name: string) =>
    editor.page.locator('.test-explorer .monaco-list-row').filter({ hasText: name }).first();
  writeFileSync(join(editor.folder, 'other.baton.yaml'), workflow);
  await row('other.baton.yaml').waitFor();
  mkdirSync(join(editor.folder, 'inner'));
  writeFileSync(join(editor.folder, 'inner/third.baton.yaml'), workflow);
  await editor.command('Test: Refresh Tests');
  await row('third.baton.yaml').waitFor();
  rmSync(join(editor.folder, 'inner'), { recursive: true });
  await row('third.baton.yaml').waitFor({ state: 'hidden' });
  rmSync(join(editor.folder, 'other.baton.yaml'));
  await row('other.baton.yaml').waitFor({ state: 'hidden' });
});
