import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Editor } from './editor.js';
import { startEditor } from './server.js';

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

test('a recorded run can be looked at there', async () => {
  await editor.command('Baton: Open Sample Run');
  await editor.page.getByText('broken by data_engineer').first().waitFor();
  await editor.row('penguins-0').waitFor();
});
