import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { installInto, packExtension, startEditor } from './server.js';
import { editorTeam } from './workflows.js';

const workflow = editorTeam('{provider: editor, model: echo}', ['a', 'b', 'c', 'd', 'e', 'f']);
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  // A second editor with another extension beside Baton, which brings a model of the editor.
  const vsix = packExtension(
    join(import.meta.dirname, 'models-extension'),
    join(inject('place'), 'test-models.vsix'),
  );
  installInto(inject('testbed'), inject('place'), vsix);
  server = await startEditor(inject('testbed'), inject('place'), {
    trust: true,
    user: 'user-models',
    settings: { 'chat.disableAIFeatures': false, 'baton.concurrency': 1 },
    // A closed window is gone after a second, not after the hours for which a browser may come back.
    flags: ['--reconnection-grace-time', '1'],
  });
  editor = await Editor.open({ 'team.baton.yaml': workflow }, undefined, server.url);
});
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

const log = () => {
  const runs = join(editor.folder, '.baton/runs');
  const name = existsSync(runs) ? readdirSync(runs)[0] : undefined;
  const path = name && join(runs, name, 'run.jsonl');
  return path && existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const toast = (text: string | RegExp) =>
  editor.page.locator('.notification-toast').filter({ hasText: text }).first();

test('a role acts with a model of the editor; a closed window makes it wait, and it goes on with the next', async () => {
  await editor.openFile('team.baton.yaml');
  await editor.command('Baton: Run Team');
  await expect.poll(log, { timeout: 90_000 }).toContain('"type":"rollout.ended"');
  await editor.page.goto('about:blank');
  await expect
    .poll(() => log().split('waiting for the editor').length, { timeout: 90_000 })
    .toBeGreaterThan(1);
  expect(log()).not.toContain('"type":"run.finished"');
  await editor.load();
  await expect.poll(log, { timeout: 90_000 }).toContain('"type":"run.finished"');
  expect(log()).toContain('"type":"run.continued"');
  expect(log().split('"success":true').length - 1).toBeGreaterThanOrEqual(6);
});

test('the editor’s agent checks a workflow and is told who broke a run', async () => {
  await editor.command('Test: Call Check Tool');
  await toast('TEST No problems.').waitFor();
  await editor.command('Test: Call Why Tool');
  await toast(/TEST .*6 of 6 rollouts succeeded/).waitFor();
});

test('running one asks first', async () => {
  const before = readdirSync(join(editor.folder, '.baton/runs')).length;
  await editor.command('Test: Call Run Tool');
  const dialog = editor.page.locator('.monaco-dialog-box').filter({ hasText: 'Run team.baton.yaml?' });
  await dialog.waitFor();
  expect(readdirSync(join(editor.folder, '.baton/runs'))).toHaveLength(before);
  await editor.shoot('tool-asks');
  await dialog.getByRole('button', { name: /^(Allow|Continue|Yes|Run)/ }).click();
  await toast(/TEST .*has started with 6 rollouts/).waitFor();
});

test('a model of the editor judges as the coach, and its verdict stands at the action', async () => {
  const coached = editorTeam('{provider: editor, model: echo}', ['a']);
  mkdirSync(join(editor.folder, 'judged'));
  writeFileSync(join(editor.folder, 'judged/judged.baton.yaml'), `${coached}coach: {model: editor}\n`);
  await editor.openFile('judged.baton.yaml');
  await editor.command('Baton: Run Team');
  const scores = () => {
    const runs = join(editor.folder, 'judged/.baton/runs');
    const name = existsSync(runs) ? readdirSync(runs)[0] : undefined;
    return name ? readFileSync(join(runs, name, 'run.jsonl'), 'utf8') : '';
  };
  await expect.poll(scores, { timeout: 90_000 }).toContain('"diagnosis":"It only repeats."');
  await editor.showRuns();
  await editor.expand('judged');
  await editor.expand(/^task-1/);
  await editor.row(/^writer.*3/).waitFor();
});

test('a promoted policy is a chat model of the editor; before, none is offered', async () => {
  await editor.command('Test: Ask Promoted Policy');
  await toast('TEST no policy is offered').waitFor();
  const team = join(editor.folder, 'table-team');
  cpSync(join(import.meta.dirname, '../../media/templates/table-team'), team, { recursive: true });
  // Weights lie in the cache that the editor's own processes use.
  const cache = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache') };
  const small = ['--steps', '1', '--rollouts', '12', '--eval-tasks', '2', '--select-tasks', '2'];
  expect(await runCli(team, ['train', ...small, '--concurrency', '4'], cache)).toMatchObject({ code: 0 });
  expect(await runCli(team, ['promote', 'modeler', '--checkpoint', 'step-1'], cache)).toMatchObject({
    code: 0,
  });
  const [trained] = readdirSync(join(team, '.baton/runs'));
  const measured = ['eval', '--from', `${trained}:step-1`, '--limit', '4'];
  expect(await runCli(team, measured, cache)).toMatchObject({ code: 0 });
  await editor.command('Baton: Focus on Policies View');
  await editor.row(/^modeler\s*acts with step-1/).waitFor();
  await editor.row(/^modeler@v1\s*step-1 · test \d+ % · select .* · acting/).waitFor();
  await editor.command('Test: Ask Promoted Policy');
  await toast('TEST modeler@p1 answered something').waitFor({ timeout: 90_000 });
  await editor.row(/^modeler@v1\s*step-1 · served · test/).waitFor();
  await editor.shoot('policies');
}, 600_000);
