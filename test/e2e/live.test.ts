import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { countingServer, startCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { messageTeam, served } from './workflows.js';

let editor: Editor;
let server: Awaited<ReturnType<typeof countingServer>>;
let bought = 0;
beforeAll(async () => {
  server = await countingServer(({ messages }) =>
    messages[0]!.content.includes('You are writer')
      ? 'far too many words in this summary'
      : 'waves move water on',
  );
  editor = await Editor.open({
    'team.baton.yaml': messageTeam(served(server.url), ['{id: sea, prompt: the sea}']),
    '.vscode/settings.json': '{"files.autoSave": "afterDelay", "files.autoSaveDelay": 200}',
  });
  await editor.openFile('team.baton.yaml');
});
afterAll(async () => {
  await editor?.close();
  server?.server.close();
});

const tool = (name: string) => editor.debugTool(name);
const frame = (text: string) => editor.stackFrame(text);

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
  await editor.shoot('live');
  await tool('Continue').click();
  await editor.page
    .locator('.debug-call-stack')
    .getByText('contract')
    .or(frame('writer.0.0: '))
    .first()
    .waitFor();
  await expect.poll(() => server.calls(), { timeout: 20_000 }).toBe(2);
  await tool('Continue').click();
  // The console says so too, but the comment on the broken action opens the panel's Comments over it.
  await frame('the rollout failed').waitFor();
  await tool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
});

test('the paused action of a live run is changed, its branch goes on, and both are compared; restart starts anew', async () => {
  const before = server.calls();
  const runs = readdirSync(join(editor.folder, '.baton/runs')).length;
  await editor.command('Baton: Debug a Task Live');
  await frame('before researcher.0.0').waitFor();
  await tool('Restart').click();
  const started = () => readdirSync(join(editor.folder, '.baton/runs')).length;
  await expect.poll(started, { timeout: 60_000 }).toBe(runs + 2);
  await frame('before researcher.0.0').waitFor();
  await tool('Step Over').click();
  await frame('before writer.0.0').waitFor();
  await tool('Edit and Fork the Paused Action').click();
  await editor.pick('What it answered');
  await editor.page.locator('.tab.active').filter({ hasText: 'reply.md' }).waitFor();
  await editor.page.keyboard.type('short');
  // What the editor saves by itself is no answer.
  await expect.poll(savedReply, { timeout: 60_000 }).toBe('short');
  await editor.page.keyboard.type(' and good');
  await expect.poll(savedReply, { timeout: 60_000 }).toBe('short and good');
  expect(branches()).toEqual([]);
  // The key that saves forks also where there is nothing left to save, as the button beside it does.
  await editor.page.locator('.editor-actions').getByRole('button', { name: 'Fork' }).waitFor();
  await editor.page.keyboard.press('Control+S');
  await expect.poll(branches, { timeout: 60_000 }).toEqual(['run.sea.0.fork-1.jsonl']);
  await editor.page.locator('.repl').getByText('goes on from here with the change').waitFor();
  await editor.photograph('live-fork');
  await frame('before writer.0.0').waitFor();
  await tool('Continue').click();
  await frame('the rollout succeeded').waitFor();
  await editor.page.locator('.tab.active').filter({ hasText: '↔' }).waitFor({ timeout: 60_000 });
  for (const came of [/failed$/, /succeeded$/])
    await editor.page.locator('.monaco-diff-editor .view-line').filter({ hasText: came }).first().waitFor();
  await editor.photograph('live-branches');
  await tool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  await editor.command('View: Close All Editors');
  await editor.openFile('team.baton.yaml');
  // Each branch has the researcher's answer, bought once; the parent alone asked for the writer's.
  expect(server.calls()).toBe(before + 2);
});

/** The text that was put down to be changed, as it is on disk. */
const savedReply = () => {
  const paths = readdirSync(inject('place'), { recursive: true, encoding: 'utf8' });
  const [found] = paths.filter((path) => /forks[\\/][^\\/]+[\\/]reply\.md$/.test(path));
  return found && readFileSync(join(inject('place'), found), 'utf8');
};

/** The logs of branches in all runs of the folder. */
const branches = () =>
  readdirSync(join(editor.folder, '.baton/runs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.fork-\d+\.jsonl$/.test(path))
    .map((path) => basename(path));

test('a run that a terminal started is attached to, and goes on when the debugger lets go of it', async () => {
  const before = server.calls();
  const { ended } = startCli(editor.folder, ['run', '--sandbox', 'none', '--hold']);
  await editor.showRuns();
  const row = editor.row(/^team.*0 of 1/);
  await row.hover();
  await row.getByRole('button', { name: 'Attach the Debugger' }).click();
  await frame('before researcher.0.0').waitFor();
  await tool('Step Over').click();
  await frame('before writer.0.0').waitFor();
  await tool('Step Back').click();
  await frame('before researcher.0.0').waitFor();
  expect(server.calls()).toBe(before + 1);
  await editor.photograph('attached');
  await tool('Disconnect').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  expect((await ended).code).toBe(0);
  expect(server.calls()).toBe(before + 2);
});

test('an answer is changed, and both branches are shown side by side', async () => {
  bought = server.calls();
  await editor.showRuns();
  await editor.expand('team');
  await editor.expand('sea');
  const action = editor.row(/^writer/);
  await action.hover();
  await action.getByRole('button', { name: 'Edit and Fork' }).click();
  await editor.pick('What it answered');
  await editor.page.locator('.tab.active').filter({ hasText: 'reply.md' }).waitFor();
  await editor.page.keyboard.press('Control+A');
  await editor.page.keyboard.type('short and good');
  await editor.page.locator('.editor-actions').getByRole('button', { name: 'Fork with This Text' }).click();
  await editor.page.locator('.tab.active').filter({ hasText: '↔' }).waitFor({ timeout: 60_000 });
  await editor.page.getByText('outcome: success').first().waitFor();
  await editor.shoot('fork', themes);
  // Only the changed answer differs, and it was not bought.
  expect(server.calls()).toBe(bought);
});

test('another acts from an action on, and an artifact says how it last came out', async () => {
  const action = editor.row(/^writer/);
  await action.hover();
  await action.getByRole('button', { name: 'Edit and Fork' }).click();
  await editor.pick('Who acts');
  await editor.page.locator('.quick-input-list').getByText('a model of the workflow, acted').waitFor();
  await editor.photograph('who-acts');
  await editor.pick('a model of the workflow');
  await expect.poll(() => server.calls(), { timeout: 60_000 }).toBe(bought + 1);
  // The same reply was bought again, so both branches fail alike.
  await editor.page.locator('.tab').filter({ hasText: 'fork-2' }).first().waitFor({ timeout: 60_000 });
  await editor.openFile('team.baton.yaml');
  await editor.line('facts: {').locator('span', { hasText: 'facts' }).last().hover();
  await editor.page
    .locator('.monaco-hover:visible')
    .filter({ hasText: 'last, after researcher.0.0 of' })
    .filter({ hasText: 'words 4' })
    .waitFor();
  await editor.photograph('artifact-hover');
});
