import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { installInto, startEditor, type Testbed } from './server.js';
import { editorTeam, openSample } from './workflows.js';

const root = join(import.meta.dirname, '../..');
const workflow = editorTeam('{provider: editor}', ['a']);
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  // The oldest supported editor: VS Code 1.100.
  const made = execFileSync(process.execPath, ['scripts/testbed.mjs', 'oldest'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  const testbed = JSON.parse(made) as Testbed;
  const place = mkdtempSync(join(inject('place'), 'oldest-'));
  mkdirSync(join(place, 'extensions'));
  installInto(testbed, place, join(root, 'dist/baton.vsix'));
  server = await startEditor(testbed, place, { trust: true, settings: { 'chat.disableAIFeatures': false } });
  editor = await Editor.open({ 'team.baton.yaml': workflow }, undefined, server.url);
}, 600_000);
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

test('in VS Code 1.100 the sample run shows who broke it', async () => {
  await openSample(editor);
  await editor.row('penguins-0').waitFor();
  await editor.shoot('oldest');
});

test('what that editor lacks is said: chat models of extensions in the log', async () => {
  await editor.command('Baton: Show Log');
  await editor.page.getByText('this editor takes no chat models from extensions').first().waitFor();
});

test('and where somebody promotes a policy, that it cannot be asked in the chat', async () => {
  const team = join(editor.folder, 'table-team');
  cpSync(join(root, 'media/templates/table-team'), team, { recursive: true });
  const small = ['--steps', '1', '--rollouts', '12', '--eval-tasks', '2', '--select-tasks', '2'];
  // Weights lie in the cache that the editor's own processes use.
  const cache = { XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache') };
  expect(await runCli(team, ['train', ...small, '--concurrency', '4'], cache)).toMatchObject({ code: 0 });
  await editor.command('Baton: Focus on Policies View');
  await editor.expand(/^modeler/);
  const promote = async () => {
    const version = editor.row(/^modeler@v\d+\s*step-1/);
    await version.hover();
    await version.getByRole('button', { name: 'Promote' }).click();
    await editor.confirm('Promote');
  };
  await promote();
  const said = editor.page
    .locator('.notification-toast')
    .filter({ hasText: 'takes no chat models from extensions' });
  await said.first().waitFor();
  await editor.photograph('oldest-promoted');
  await editor.row(/^modeler\s*acts with step-1/).waitFor();
}, 600_000);

test('a run whose role asks a model of an editor without any says so', async () => {
  await editor.command('View: Show Explorer');
  await editor.row('team.baton.yaml').dblclick();
  await editor.page.locator('.tab.active').filter({ hasText: 'team.baton.yaml' }).waitFor();
  await editor.command('Baton: Run Team');
  const log = () => {
    const runs = join(editor.folder, '.baton/runs');
    const folder = existsSync(runs)
      ? readdirSync(runs).map((name) => join(runs, name, 'rollouts'))[0]
      : undefined;
    if (!folder || !existsSync(folder)) return '';
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  };
  await expect.poll(log, { timeout: 120_000 }).toContain('This editor has no language model');
});
