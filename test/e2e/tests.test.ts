import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';

const workflow = `baton: 1
models:
  told: {provider: recorded, file: replies.jsonl}
tasks:
  - {id: good, prompt: short}
  - {id: bad, prompt: long}
artifacts:
  facts: {kind: message, checks: [words > 2]}
  summary: {kind: message, checks: [words < 4]}
agents:
  researcher: {role: Collect facts., produces: [facts]}
  writer: {role: Sum them up., consumes: [facts], produces: [summary]}
outcome: {success: facts.valid and summary.valid}
`;
const replies = [{ reply: 'waves are water moving on' }, { reply: 'two words', when: 'Sum them up.' }];
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({
    'team.baton.yaml': workflow
      .replace('words < 4', 'words < task.words')
      .replace('prompt: short', 'prompt: short, words: 4')
      .replace('prompt: long', 'prompt: long, words: 2'),
    'replies.jsonl': `${replies.map((each) => JSON.stringify(each)).join('\n')}\n`,
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
