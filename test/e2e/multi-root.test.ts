import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor } from './editor.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const replies = repliesFile([
  { reply: 'waves are water moving on', when: 'You are researcher' },
  { reply: 'a short one', when: 'You are writer' },
]);
const both = JSON.stringify({ folders: [{ path: 'north' }, { path: 'south' }] });
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({
    'both.code-workspace': both,
    'north/north.baton.yaml': messageTeam(recorded, ['{id: sea, prompt: the sea}']),
    'north/replies.jsonl': replies,
    'south/south.baton.yaml': messageTeam(recorded, ['{id: sky, prompt: the sky}']),
    'south/replies.jsonl': replies,
  });
  expect((await runCli(join(editor.folder, 'south'), ['run', 'south.baton.yaml'])).code).toBe(0);
  await editor.loadWorkspace('both.code-workspace');
});
afterAll(() => editor?.close());
const runsIn = (folder: string) => {
  const runs = join(editor.folder, folder, '.baton/runs');
  return existsSync(runs) ? readdirSync(runs).length : 0;
};

test('with two folders open, the runs of both are shown and Run starts in the folder of its file', async () => {
  await editor.showRuns();
  await editor.row(/^south/).waitFor();
  await editor.openFile('north.baton.yaml');
  await editor.command('Baton: Run Team');
  await editor.row(/^north/).waitFor();
  await expect.poll(() => [runsIn('north'), runsIn('south')]).toEqual([1, 1]);
  await editor.page.locator('.codelens-decoration a').filter({ hasText: '1 rollout, 100 %' }).waitFor();
  await editor.shoot('multi-root');
  // Nothing is kept beside the folders.
  expect(existsSync(join(editor.folder, '.baton'))).toBe(false);
});
