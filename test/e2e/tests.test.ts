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
  await editor.openFile('team.baton.yaml');
});
afterAll(() => editor?.close());

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
