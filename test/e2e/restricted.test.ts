import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { startEditor } from './server.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const workflow = `baton: 1
models:
  told: {provider: recorded, file: replies.jsonl}
tasks:
  - {prompt: go}
artifacts:
  facts: {kind: message, checks: [words > 2]}
agents:
  researcher: {role: Collect facts., produces: [facts], consumes: [nothing]}
`;
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  server = await startEditor(inject('testbed'), inject('place'), { trust: false });
  editor = await Editor.open({ 'team.baton.yaml': workflow, 'replies.jsonl': '' }, undefined, server.url);
});
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

test('in a folder that is not trusted, workflows are checked and nothing is run', async () => {
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor();
  await editor.row('team.baton.yaml').dblclick();
  await editor.page.locator('.squiggly-error').first().waitFor();
  await editor.command('Baton: Run Team');
  await editor.page
    .locator('.notification-toast')
    .filter({ hasText: 'This folder is not trusted' })
    .waitFor();
  await editor.shoot('restricted');
  expect(existsSync(join(editor.folder, '.baton'))).toBe(false);
});

async function refused(): Promise<void> {
  await editor.page
    .locator('.notification-toast')
    .filter({ hasText: 'This folder is not trusted' })
    .waitFor();
  await editor.command('Notifications: Clear All Notifications');
}

test('nothing goes on there either: a run is not resumed, a role not run', async () => {
  await editor.command('Notifications: Clear All Notifications');
  // Somebody's run came with the folder: its budget stopped it.
  const team = messageTeam(recorded, ['{id: sea, prompt: the sea}']);
  writeFileSync(join(editor.folder, 'poor.baton.yaml'), `${team}limits: {calls: 1}\n`);
  writeFileSync(join(editor.folder, 'replies.jsonl'), repliesFile([{ reply: 'waves are water' }]));
  expect((await runCli(editor.folder, ['run', 'poor.baton.yaml'])).code).toBe(4);
  const runs = () => readdirSync(join(editor.folder, '.baton/runs'));
  const log = () => readFileSync(join(editor.folder, '.baton/runs', runs()[0]!, 'run.jsonl'), 'utf8');
  const before = log();
  await editor.showRuns();
  await editor.choose(/^poor/, 'Resume');
  await refused();
  mkdirSync(join(editor.folder, '.vscode'), { recursive: true });
  writeFileSync(join(editor.folder, '.vscode/settings.json'), '{"baton.inline": "full"}\n');
  await editor.openFile('poor.baton.yaml');
  await editor.page.locator('.codelens-decoration a').filter({ hasText: 'Run' }).nth(1).click();
  await refused();
  expect([runs().length, log()]).toEqual([1, before]);
});

test('nor are weights that came with it: they neither act nor are measured', async () => {
  cpSync('media/templates/table-team', join(editor.folder, 'tables'), { recursive: true });
  const small = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '2', '--select-tasks', '2'];
  const trained = await runCli(join(editor.folder, 'tables'), ['train', 'table-team.baton.yaml', ...small]);
  expect(trained.code).toBe(0);
  await editor.command('Baton: Focus on Policies View');
  await editor.expand('data_engineer');
  const version = editor.row(/^data_engineer@v1/);
  for (const action of ['Promote', 'Evaluate']) {
    await version.hover();
    await version.getByRole('button', { name: action }).click();
    await refused();
  }
  expect(existsSync(join(editor.folder, 'tables/.baton/policies'))).toBe(false);
  expect(readdirSync(join(editor.folder, 'tables/.baton/runs'))).toHaveLength(1);
}, 300_000);

test('a recorded run can be looked at there', async () => {
  await editor.command('Baton: Open Sample Run');
  await editor.page.getByText('broken by data_engineer').first().waitFor();
  await editor.row('penguins-0').waitFor();
});
