import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open();
});
afterAll(() => editor?.close());

test('the sample run shows who broke it at once', async () => {
  await editor.command('Baton: Open Sample Run');
  await editor.row('Sample run').waitFor();
  await editor.page.locator('.tab').filter({ hasText: 'table-team.baton.yaml' }).waitFor();
  await editor.page.locator('.tab').filter({ hasText: '.baton-trajectory' }).waitFor();
  await editor.page.getByText('broken by data_engineer').first().waitFor();
  await editor.page.getByText('16 rollouts,').first().waitFor();
  await editor.row('penguins-0').waitFor();
  await editor.shoot('sample', themes);
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});
