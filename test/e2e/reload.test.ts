import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countingServer, startCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { messageTeam, served } from './workflows.js';

let editor: Editor;
let server: Awaited<ReturnType<typeof countingServer>>;
const ANSWER_MS = 6000;
const tasks = ['sea', 'sky', 'sun'].map((id) => `{id: ${id}, prompt: the ${id}}`);
beforeAll(async () => {
  // Slow enough that the run is not over when the window is back.
  server = await countingServer(() => 'waves move water on', ANSWER_MS);
  editor = await Editor.open({ 'team.baton.yaml': messageTeam(served(server.url), tasks, 9) });
});
afterAll(async () => {
  await editor?.close();
  server?.server.close();
});

const tool = (name: string) => editor.debugTool(name);
const stopped = () =>
  editor.page
    .locator('.debug-call-stack .monaco-list-row')
    .filter({ hasText: /before (researcher|writer)/ })
    .first();

async function attach(): Promise<void> {
  await editor.showRuns();
  const row = editor.row(/^team.*[0-2] of 3/);
  await row.hover();
  await row.getByRole('button', { name: 'Attach the Debugger' }).click();
  await stopped().waitFor();
}

test('a run that is stepped through goes on while the window is reloaded, and is stepped through again', async () => {
  const { ended } = startCli(editor.folder, ['run', '--sandbox', 'none', '--hold', '--concurrency', '1']);
  await attach();
  await tool('Step Over').click();
  await expect.poll(() => server.calls(), { timeout: 20_000 }).toBe(1);
  await stopped().filter({ hasText: 'writer' }).waitFor();
  await editor.load();
  // Nobody holds it now: it buys the writer's answer without us.
  await expect.poll(() => server.calls(), { timeout: 20_000 }).toBeGreaterThan(1);
  await attach();
  // It is held for longer than an answer takes, and nothing is bought.
  const bought = server.calls();
  await setTimeout(ANSWER_MS + 1000);
  await tool('Step Back').click();
  await stopped().waitFor();
  await editor.photograph('reattached');
  expect(server.calls()).toBe(bought);
  await tool('Disconnect').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  expect((await ended).code).toBe(0);
  expect(server.calls()).toBe(6);
}, 240_000);
