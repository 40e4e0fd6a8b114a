import { afterAll, beforeAll, expect, test } from 'vitest';
import { countingServer } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { messageTeam, served } from './workflows.js';

let editor: Editor;
let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  server = await countingServer(({ messages }) =>
    messages[0]!.content.includes('You are writer')
      ? 'far too many words in this summary'
      : 'waves move water on',
  );
  editor = await Editor.open({
    'team.baton.yaml': messageTeam(served(server.url), ['{id: sea, prompt: the sea}']),
  });
  await editor.openFile('team.baton.yaml');
});
afterAll(async () => {
  await editor?.close();
  server?.server.close();
});

const tool = (name: string) =>
  editor.page.locator('.debug-toolbar .action-label').and(editor.page.getByLabel(new RegExp(`^${name}`)));
const frame = (text: string) =>
  editor.page.locator('.debug-call-stack .monaco-list-row').filter({ hasText: text }).first();

test('a run is stepped through as it goes, and looked back at', async () => {
  await editor.command('Baton: Debug a Task Live');
  await frame('before researcher.0.0').waitFor();
  expect(server.calls()).toBe(0);
  await tool('Step Over').click();
  await frame('before writer.0.0').waitFor();
  expect(server.calls()).toBe(1);
  await tool('Step Back').click();
  await frame('before researcher.0.0').waitFor();
  await tool('Step Over').click();
  await frame('before writer.0.0').waitFor();
  expect(server.calls()).toBe(1);
  await editor.shoot('live', themes.slice(2));
  await tool('Continue').click();
  await editor.page
    .locator('.debug-call-stack')
    .getByText('contract')
    .or(frame('writer.0.0: '))
    .first()
    .waitFor();
  await expect.poll(() => server.calls(), { timeout: 20_000 }).toBe(2);
  await tool('Continue').click();
  await editor.page.locator('.repl').getByText('the rollout failed').first().waitFor();
  await tool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
});

test('an answer is changed, and both branches are shown side by side', async () => {
  await editor.showRuns();
  await editor.row('team').click();
  await editor.row('sea').click();
  const action = editor.row(/^writer/);
  await action.hover();
  await action.getByRole('button', { name: 'Edit and Fork' }).click();
  await editor.pick('What it answered');
  await editor.page.locator('.tab.active').filter({ hasText: 'reply.md' }).waitFor();
  await editor.page.keyboard.press('Control+A');
  await editor.page.keyboard.type('short and good');
  await editor.page.keyboard.press('Control+S');
  await editor.page.locator('.tab.active').filter({ hasText: '↔' }).waitFor({ timeout: 60_000 });
  await editor.page.getByText('outcome: success').first().waitFor();
  await editor.shoot('fork', themes);
  // Only the changed answer differs, and it was not bought.
  expect(server.calls()).toBe(2);
});
