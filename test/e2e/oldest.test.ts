import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
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
