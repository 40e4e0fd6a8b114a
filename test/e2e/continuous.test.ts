import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ControlClient } from '../../src/rollout/index.js';
import { lockOwner, RunFolder } from '../../src/trace/index.js';
import { countingServer, runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { messageTeam, served } from './workflows.js';

let editor: Editor;
let server: Awaited<ReturnType<typeof countingServer>>;
let summary = 'short and good';
beforeAll(async () => {
  // As a model does, it takes its time: a run can be paused, killed or saved over in between.
  server = await countingServer(
    ({ messages }) => (messages[0]!.content.includes('You are writer') ? summary : 'waves move water on'),
    1500,
  );
  const team = messageTeam(served(server.url), [
    '{id: sea, prompt: the sea}',
    '{id: land, prompt: the land}',
  ]);
  // Another team's folder, whose name begins like this one's.
  editor = await Editor.open({ 'team/a.baton.yaml': team, 'team2/notes.md': 'notes' });
  await editor.openFile('a.baton.yaml');
  await editor.command('Testing: Focus on Test Explorer View');
  await row('a.baton.yaml').locator('.monaco-tl-twistie').first().click();
  await row('sea').waitFor();
});
afterAll(async () => {
  await editor?.close();
  server?.server.close();
});

const row = (name: string) =>
  editor.page.locator('.test-explorer .monaco-list-row').filter({ hasText: name }).first();
/** Wait until a task shows a state by its icon; its label is not always drawn anew. */
const shows = (name: string, icon: 'loading' | `testing-${'passed' | 'failed' | 'error'}-icon`) =>
  row(name).locator(`.codicon-${icon}`).first().waitFor(SLOW);
const runs = () => join(editor.folder, 'team/.baton/runs');
const names = () => (existsSync(runs()) ? readdirSync(runs()).sort() : []);
const live = () => names().filter((name) => lockOwner(join(runs(), name, 'run.lock')) !== undefined);
const log = (name: string) => readFileSync(join(runs(), name, 'run.jsonl'), 'utf8');
const SLOW = { timeout: 90_000 };
/** Over the run's own channel: the command line takes longer to start than these runs to end. */
async function steer(name: string, how: 'pause' | 'continue'): Promise<void> {
  const found = await ControlClient.attach(new RunFolder(join(runs(), name)), {
    role: 'control',
    onLost: 'stay',
    client: 'a test',
  });
  if ('refused' in found) throw new Error(found.refused);
  await found.client.ask(how, {});
  found.client.detach();
}
/** Wait for the run that comes after those of now, and give its name. */
async function next(before: readonly string[]): Promise<string> {
  await expect.poll(() => names().length, SLOW).toBeGreaterThan(before.length);
  return names().at(-1)!;
}

test('a run that is paused in the middle goes on, and its tasks pass when they have', async () => {
  const before = names();
  const calls = server.calls();
  await editor.command('Test: Run All Tests');
  const name = await next(before);
  await expect.poll(() => server.calls(), SLOW).toBeGreaterThan(calls);
  await steer(name, 'pause');
  expect(log(name)).toContain('"type":"run.paused"');
  // Both stand before their second action, and neither has been given up.
  await expect.poll(() => server.calls(), SLOW).toBe(calls + 2);
  await shows('sea', 'loading');
  await steer(name, 'continue');
  await shows('sea', 'testing-passed-icon');
  await shows('land', 'testing-passed-icon');
});

test('a run whose process is killed ends, and says so at its tasks', async () => {
  const before = names();
  const calls = server.calls();
  await editor.command('Test: Run All Tests');
  const name = await next(before);
  await expect.poll(() => server.calls(), SLOW).toBeGreaterThan(calls);
  process.kill(lockOwner(join(runs(), name, 'run.lock'))!.pid, 'SIGKILL');
  await shows('sea', 'testing-error-icon');
  await row('sea').click();
  await editor.page.getByText('The process of the run ended before this task did').first().waitFor();
  expect(log(name)).not.toContain('"type":"run.finished"');
});

test('running and stepping through what failed opens the debugger at what broke it', async () => {
  summary = 'far too many words in this summary';
  await editor.command('Test: Debug All Tests');
  await editor.debugTool('Step Back').waitFor(SLOW);
  await editor.page
    .locator('.debug-call-stack .monaco-list-row')
    .filter({ hasText: 'writer.0.0' })
    .first()
    .waitFor();
  await editor.debugTool('Stop').click();
  await editor.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  await editor.command('Testing: Focus on Test Explorer View');
  await shows('sea', 'testing-failed-icon');
});

test('run continuously, saves give one run at a time, and the last save counts', async () => {
  const before = names();
  await editor.command('Test: Start Continuous Run');
  const first = await next(before);
  const others: number[] = [];
  const watch = setInterval(() => others.push(live().length), 100);
  await editor.openFile('a.baton.yaml');
  summary = 'short and good';
  // Two saves while the first run goes on.
  for (const words of ['Write.', 'Write well.']) {
    await editor.page.keyboard.press('Control+End');
    await editor.page.keyboard.type(`# ${words}\n`);
    await editor.page.keyboard.press('Control+S');
    await editor.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
  }
  await expect.poll(() => names().length, SLOW).toBeGreaterThan(before.length + 1);
  await expect.poll(() => log(names().at(-1)!), SLOW).toContain('"type":"run.finished"');
  await shows('sea', 'testing-passed-icon');
  expect(log(first)).not.toContain('"type":"run.finished"');
  clearInterval(watch);
  expect(Math.max(...others)).toBe(1);
  await editor.photograph('continuous');
});

test('a save in another folder whose name begins alike starts nothing, nor does any when it is over', async () => {
  const count = names().length;
  await editor.openFile('notes.md');
  const save = async (text: string) => {
    await editor.page.keyboard.press('Control+End');
    await editor.page.keyboard.type(text);
    await editor.page.keyboard.press('Control+S');
    await editor.page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
  };
  await save(' more');
  expect(readFileSync(join(editor.folder, 'team2/notes.md'), 'utf8')).toContain('more');
  await editor.command('Test: Stop Continuous Run');
  await editor.openFile('a.baton.yaml');
  await save('# more');
  // A run from here shows that those that were not wanted had their time.
  expect(await runCli(join(editor.folder, 'team'), ['run', '--sandbox', 'none'])).toMatchObject({ code: 0 });
  expect(names()).toHaveLength(count + 1);
});
