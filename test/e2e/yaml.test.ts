// The YAML language server of YAML extensions beside Baton: nothing is said twice.
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Editor } from './editor.js';
import { installInto, packExtension, startEditor } from './server.js';

const workflow = `baton: 1
models:
  local: {provider: openai, base_url: "http://127.0.0.1:11434/v1", model: m}
tasks:
  - {prompt: Go.}
agents:
  reader: {role: Read.}
  writer: {role: Write.}
`;
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  const place = inject('place');
  const folder = join(place, 'yaml-extension');
  const source = join(import.meta.dirname, 'yaml-extension');
  cpSync(join(source, 'package.json'), join(folder, 'package.json'));
  await build({
    entryPoints: { extension: join(source, 'extension.mts') },
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    ...{ bundle: true, platform: 'node', format: 'cjs', external: ['vscode'], logLevel: 'error' },
  });
  // The server cannot be bundled: it finds parts of itself by paths that it makes up.
  const { resolve } = createRequire(import.meta.url);
  const main = JSON.stringify(resolve('yaml-language-server/out/server/src/server.js'));
  writeFileSync(join(folder, 'server.cjs'), `require(${main});\n`);
  const vsix = packExtension(folder, join(place, 'test-yaml.vsix'));
  // Extensions of its own, beside a copy of ours.
  const own = join(place, 'beside-yaml');
  installInto(inject('testbed'), own, join(import.meta.dirname, '../../dist/baton.vsix'));
  installInto(inject('testbed'), own, vsix);
  server = await startEditor(inject('testbed'), own, { trust: true });
  editor = await Editor.open(
    { 'team.baton.yaml': workflow, 'other.yaml': workflow, 'plain.yaml': 'a: 1\n' },
    undefined,
    server.url,
  );
}, 300_000);
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

/** How the Problems view ends what Baton says of a key that stands twice. */
const ours = 'batonyaml.duplicate-key';
/** What the Problems view says, a text for each row. */
async function problems(): Promise<string[]> {
  const rows = editor.page.locator('.markers-panel .monaco-list-row .marker-message-details-container');
  return (await rows.allTextContents()).map((text) => text.trim());
}

/** Write a key twice, of which every YAML parser has something to say. */
async function writeTwice(path: string, first: string): Promise<void> {
  await editor.openFile(path);
  await editor.goto(1);
  await editor.page.keyboard.press('End');
  await editor.page.keyboard.type(`\n${first}`);
  await editor.page.locator('.squiggly-error').first().waitFor();
}

async function undo(): Promise<void> {
  await editor.command('File: Revert File');
  await editor.page.locator('.squiggly-error').first().waitFor({ state: 'hidden' });
}

test('the other extension is at work on YAML', async () => {
  await editor.command('Problems: Focus on Problems View');
  await writeTwice('plain.yaml', 'a: 2');
  await expect
    .poll(async () => (await problems()).join(), { timeout: 30_000 })
    .toMatch(/must be unique.*YAML/);
  await undo();
});

test('a mistake in a workflow is marked once, by Baton', async () => {
  await writeTwice('team.baton.yaml', 'baton: 1');
  await expect.poll(problems, { timeout: 30_000 }).not.toEqual([]);
  // What another server has to say would have come by now.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const found = await problems();
  await editor.photograph('beside-yaml');
  expect(found.filter((text) => !text.includes(ours))).toEqual([]);
  await undo();
});

test('the outline says each name once, and formatting asks nothing', async () => {
  await editor.page.keyboard.press('Control+Shift+O');
  const names = editor.page.locator('.quick-input-list .monaco-list-row');
  await names.filter({ hasText: 'writer' }).first().waitFor();
  expect(await names.filter({ hasText: 'writer' }).count()).toBe(1);
  await editor.page.keyboard.press('Escape');
  await editor.goto(1, 9);
  await editor.page.keyboard.type('     # the version');
  await editor.command('Format Document');
  await editor.line('baton: 1 # the version').waitFor();
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
  await undo();
});

test('one click makes a YAML file a workflow, and the other extension lets it go', async () => {
  await editor.openFile('other.yaml');
  await editor.command('Baton: Treat This YAML File as a Workflow');
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Baton Workflow' }).waitFor();
  await writeTwice('other.yaml', 'baton: 1');
  await expect.poll(problems, { timeout: 30_000 }).not.toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect((await problems()).filter((text) => !text.includes(ours))).toEqual([]);
});
