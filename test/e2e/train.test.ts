import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({}, 'table-team');
  const ran = await runCli(editor.folder, ['run', '--split', 'train', '--limit', '12', '--concurrency', '2']);
  expect(ran.code).toBe(0);
  await editor.openFile('table-team.baton.yaml');
});
afterAll(() => editor?.close());

test('training starts from the palette after a preview of what the recorded scores would teach', async () => {
  await editor.command('Baton: Train Team');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Train which roles?' }).waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.pick('2 steps');
  await editor.page.locator('.tab.active').filter({ hasText: 'reward-preview.md' }).waitFor();
  await editor.page.getByText('Reward preview from 12 recorded rollouts').first().waitFor();
  await editor.shoot('preview');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Start training?' }).waitFor();
  await editor.pick('Train');
  await editor.row(/train/).waitFor({ timeout: 60_000 });
  await editor.row(/step [12] of 2/).waitFor({ timeout: 240_000 });
  await editor.row(/step [12] of 2/).hover();
  await editor.shoot('training');
  const cancel = editor.row(/step [12] of 2/).getByRole('button', { name: 'Cancel Run' });
  if (await cancel.isVisible()) await cancel.click();
}, 400_000);
