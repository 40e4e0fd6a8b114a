import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { startEditor } from './server.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const replies = repliesFile([
  { reply: 'waves are water moving on', when: 'You are researcher' },
  { reply: 'a short one', when: 'You are writer' },
]);
const place = join(inject('place'), 'install');
const home = join(place, 'home');
const asked = join(place, 'asked');
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  mkdirSync(home, { recursive: true });
  // A Node.js of the user's own, which says that it was asked.
  const node = join(place, 'node.sh');
  writeFileSync(node, `#!/bin/sh\necho "$@" >> '${asked}'\nexec '${process.execPath}' "$@"\n`, {
    mode: 0o755,
  });
  server = await startEditor(inject('testbed'), inject('place'), {
    trust: true,
    user: 'user-install',
    machine: { 'baton.node': node },
    // A terminal is drawn as text, so that it can be read.
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
    // Nothing can be downloaded from there.
    env: { HOME: home, npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' },
  });
  const files = {
    'a.baton.yaml': messageTeam(recorded, ['{id: sea, prompt: the sea}']),
    'replies.jsonl': replies,
  };
  editor = await Editor.open(files, undefined, server.url);
});
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

test('the user’s own Node.js runs the command line where baton.node names it', async () => {
  await editor.openFile('a.baton.yaml');
  await editor.command('Baton: Run Team');
  const runs = join(editor.folder, '.baton/runs');
  await expect.poll(() => existsSync(runs) && readdirSync(runs).length, { timeout: 60_000 }).toBe(1);
  expect(readFileSync(asked, 'utf8')).toMatch(/cli\.mjs run .*a\.baton\.yaml/);
});

test('Install Command puts baton where terminals find it, and keeps a file of the user’s', async () => {
  const link = join(home, '.local/bin/baton');
  mkdirSync(join(link, '..'), { recursive: true });
  writeFileSync(link, 'mine');
  await editor.command('Baton: Install Command');
  const toast = (text: string) =>
    editor.page.locator('.notification-toast').filter({ hasText: text }).first();
  await toast('is there already and is not ours').waitFor();
  expect(readFileSync(link, 'utf8')).toBe('mine');
  writeFileSync(link, '');
  execFileSync('rm', [link]);
  await editor.command('Baton: Install Command');
  await toast(`baton is at ${link}. Add ${join(home, '.local/bin')} to your PATH`).waitFor();
  const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
  expect(execFileSync(link, ['--version'], { encoding: 'utf8' }).trim()).toBe(version);
});

test('a terminal of the editor finds baton, on the editor’s own runtime', async () => {
  await editor.command('Terminal: Create New Terminal');
  const said = join(editor.folder, 'said.txt');
  await expect
    .poll(
      async () => {
        await editor.page.keyboard.type(`baton --version > ${said}`);
        await editor.page.keyboard.press('Enter');
        await editor.page.waitForTimeout(3000);
        return existsSync(said) ? readFileSync(said, 'utf8').trim() : '';
      },
      { timeout: 60_000 },
    )
    .toMatch(/^\d+\.\d+\.\d+/);
  expect(readFileSync(join('package.json'), 'utf8')).toContain(readFileSync(said, 'utf8').trim());
});

test('the GPU binding is installed in a terminal, which stays and says why it could not be', async () => {
  await editor.command('Baton: Install the GPU Binding of TensorFlow');
  const terminal = editor.page.locator('.terminal-wrapper.active .xterm-rows');
  const shown = () => terminal.textContent({ timeout: 5000 }).catch(() => '');
  await expect.poll(shown, { timeout: 120_000 }).toMatch(/ECONNREFUSED[\s\S]*Nothing.was.changed/);
  await editor.shoot('install-gpu');
});

test('the page of the installed extension has no picture and no link that leads nowhere', async () => {
  await editor.command('Extensions: Show Installed Extensions');
  await editor.page.locator('.extensions-list .monaco-list-row').filter({ hasText: 'Baton' }).first().click();
  const page = editor.frame().locator('body');
  await page.getByRole('heading', { name: 'Baton', exact: true }).waitFor();
  expect(await page.locator('img').count()).toBe(0);
  const led = await page
    .locator('a[href]')
    .evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  expect(led.filter((to) => !/^(https:|#)/.test(to!))).toEqual([]);
  await editor.shoot('extension-page', themes);
});
