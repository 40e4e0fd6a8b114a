import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { lockOwner } from '../../src/trace/index.js';
import { countingServer, runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { startEditor } from './server.js';
import { messageTeam, recorded, repliesFile, served } from './workflows.js';

const told = messageTeam(recorded, ['{id: sea, prompt: the sea}', '{id: sky, prompt: the sky}']);
const replies = [
  { reply: 'waves are water moving on', when: 'You are researcher' },
  { reply: 'far too long a summary of it', when: 'You are writer' },
];
const slow = (url: string) => `baton: 1
models:
  slow: ${served(url)}
tasks:
${Array.from({ length: 200 }, (_, at) => `  - {id: t${at}, prompt: number ${at}}`).join('\n')}
artifacts:
  answer: {kind: message, checks: [words > 0]}
agents:
  solver: {role: Answer., produces: [answer]}
`;
let editor: Editor;
let server: Awaited<ReturnType<typeof countingServer>>;
let own: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  // User data of its own: where another tour opened the recorded run, no list is empty.
  own = await startEditor(inject('testbed'), inject('place'), { trust: true, user: 'user-run' });
  server = await countingServer(() => 'an answer', 6000);
  const files = {
    'told.baton.yaml': told,
    'replies.jsonl': repliesFile(replies),
    'slow/slow.baton.yaml': slow(server.url),
    'broken.baton.yaml': told.replace('consumes: [facts]', 'consumes: [fact]'),
  };
  editor = await Editor.open(files, undefined, own.url);
});
afterAll(async () => {
  await editor?.close();
  own?.child.kill();
  server?.server.close();
});
const runsIn = (folder: string) => readdirSync(join(editor.folder, folder, '.baton/runs'));

test('the empty view says what to do', async () => {
  await editor.showRuns();
  await editor.page.getByText('No run yet.').first().waitFor();
  await editor.page.getByRole('button', { name: 'Open Sample Run' }).first().waitFor();
  await editor.shoot('empty');
});

test('Run above agents starts the command line, and the view and the file say who broke it', async () => {
  await editor.openFile('told.baton.yaml');
  await editor.page.locator('.codelens-decoration a').filter({ hasText: 'Run' }).first().click();
  await editor.row('told').waitFor();
  await editor.expand('told');
  await editor.row('sea').waitFor();
  expect(await editor.row('sea').textContent()).toContain('writer');
  await editor.page
    .locator('.codelens-decoration a')
    .filter({ hasText: '2 rollouts, 0 % succeeded' })
    .waitFor();
  await editor.shoot('ran');
});

test('a run that a terminal started appears too', async () => {
  const ran = await runCli(editor.folder, ['run', 'told.baton.yaml', '--tasks', 'sky']);
  expect(ran.code).toBe(0);
  await editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: 'told' }).nth(1).waitFor();
  await editor.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: '1 rollout' }).waitFor();
});

test('what keeps a run from starting is said, with the place', async () => {
  await editor.openFile('broken.baton.yaml');
  await editor.command('Baton: Run Team');
  const message = editor.page
    .locator('.notification-toast')
    .filter({ hasText: 'broken.baton.yaml did not start' });
  await message.waitFor();
  expect(await message.textContent()).toContain('fact');
  await editor.page.keyboard.press('Escape');
});

test('closing the window stops nothing, and the run can be cancelled from the next one', async () => {
  await editor.openFile('slow/slow.baton.yaml');
  await editor.command('Baton: Run Team');
  await editor.page
    .locator('.statusbar-item')
    .filter({ hasText: /Baton \d+\/200/ })
    .waitFor();
  const before = server.calls();
  await editor.page.goto('about:blank');
  await expect.poll(() => server.calls(), { timeout: 20_000 }).toBeGreaterThan(before + 2);
  await editor.load();
  await editor.showRuns();
  const row = editor.row('slow');
  await row.waitFor();
  expect(await row.textContent()).toContain('of 200');
  await editor.expand('slow');
  const going = editor.row(/^t\d+\s*solver acts/);
  await going.waitFor();
  await editor.shoot('going');
  // Each is under way for six seconds: one that just then ended is not what is looked for.
  const under = editor.page.locator('.view-line').filter({ hasText: 'not ended' }).first();
  await vi.waitFor(
    async () => {
      await going.click();
      await under.waitFor({ timeout: 2500 });
    },
    { timeout: 60_000 },
  );
  await row.hover();
  await row.getByRole('button', { name: 'Cancel Run' }).click();
  await editor.page
    .locator('.part.sidebar .monaco-list-row')
    .filter({ hasText: 'slow' })
    .filter({ hasNotText: 'of 200' })
    .waitFor();
  expect(runsIn('slow')).toHaveLength(1);
  const calls = server.calls();
  expect(calls).toBeLessThan(200);
});

test('a branch that takes long is cancelled where its progress is shown', async () => {
  const ended = editor.row(/^t\d+/);
  await ended.click();
  const action = editor.row(/^solver/);
  await action.waitFor();
  await action.hover();
  await action.getByRole('button', { name: 'Edit and Fork' }).click();
  await editor.pick('Who acts');
  const before = server.calls();
  await editor.pick('a model of the workflow');
  await expect.poll(() => server.calls(), { timeout: 30_000 }).toBe(before + 1);
  const progress = editor.page.locator('.notification-toast').filter({ hasText: 'Carrying' });
  await progress.hover();
  await progress.getByRole('button', { name: 'Cancel' }).click();
  await progress.waitFor({ state: 'detached' });
  const [run] = runsIn('slow');
  const lock = join(editor.folder, 'slow/.baton/runs', run!, 'run.lock');
  await expect.poll(() => lockOwner(lock), { timeout: 30_000 }).toBeUndefined();
  const rollouts = join(editor.folder, 'slow/.baton/runs', run!, 'rollouts');
  const [branch] = readdirSync(rollouts).filter((file) => file.includes('.fork-'));
  expect(readFileSync(join(rollouts, branch!), 'utf8')).not.toContain('"type":"rollout.finished"');
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});
