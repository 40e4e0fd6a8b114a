// What the editor's own times are: `npm run bench:editor`. In a real VS Code, on made-up big runs.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { RunFolder } from '../../../src/trace/index.js';
import { Editor } from '../../e2e/editor.js';
import { startEditor } from '../../e2e/server.js';
import { large } from '../large-workflow.js';
import { longRollout, manyRollouts } from './big-runs.js';
import { extensionHostMemory, machine, ownTimes, shown, summary } from './measure.js';

const WINDOWS = Number(process.env.BATON_WINDOWS ?? 5);
const KEYS = 15;
const MB = 2 ** 20;
let server: Awaited<ReturnType<typeof startEditor>>;
let editor: Editor;
let many: RunFolder;
const times: Record<string, { values: number[]; unit: string; aim: number | null }> = {};
const keep = (name: string, value: number, aim: number | null = null, unit = 'ms') => {
  times[name] ??= { values: [], unit, aim };
  times[name].values.push(value);
};

beforeAll(async () => {
  server = await startEditor(inject('testbed'), inject('place'), {
    trust: true,
    user: 'user-bench',
    flags: ['--reconnection-grace-time', '1'],
  });
  const plain = await Editor.open({ 'note.txt': 'nothing of Baton\n' }, undefined, server.url);
  await plain.openFile('note.txt');
  await plain.command('Developer: Show Running Extensions');
  keep('extension host before', extensionHostMemory(server.child.pid!), null, 'MB');
  await plain.page.keyboard.press('Escape');
  await plain.close();
  editor = await Editor.open({}, undefined, server.url);
  const file = join(editor.folder, 'large.baton.yaml');
  const text = large(1000);
  writeFileSync(file, text);
  await longRollout(file, text, 100 * MB);
  many = await manyRollouts(file, text, 10_000);
});
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
  console.log(
    [
      `in VS Code, ${machine()}; median (smallest to largest)`,
      ...Object.entries(times).map(
        ([name, { values, unit, aim }]) =>
          `${name.padEnd(52)} ${summary(values, unit)}${aim === null ? '' : `, aim ${aim}`}`,
      ),
    ].join('\n'),
  );
});

/** What the editor itself says an activation took: reading our code and `activate`. */
async function activation(): Promise<number> {
  await editor.command('Developer: Show Running Extensions');
  const row = editor.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Baton' });
  const said = row.locator('.activation-time').filter({ hasText: /\d+ ?ms/ });
  const found = /(\d+) ?ms/.exec((await said.first().textContent()) ?? '');
  // It may stand over the window as a dialog does.
  await editor.page.keyboard.press('Escape');
  return Number(found?.[1]);
}

test('activation, the first rows of 10,000 rollouts, and a rollout of 100 MB', async () => {
  for (let window = 0; window < WINDOWS; window++) {
    rmSync(many.index, { recursive: true, force: true });
    await editor.load();
    await editor.openFile('large.baton.yaml');
    await editor.page.locator('.statusbar-item').filter({ hasText: 'Baton Workflow' }).waitFor();
    const counted = await activation();
    const own = ownTimes(join(inject('place'), 'user-bench'));
    keep('activation, as the editor counts it', counted);
    keep('of it ours: our code and its calls of the editor', own.activated, 50);
    keep("of it the editor's: to find, read and compile a file", Math.max(0, counted - own.activated));
    keep('loading the rest after it', own.loaded);
    await editor.showRuns();
    const rows = editor.page.locator('.part.sidebar .monaco-list-row');
    await rows.filter({ hasText: '10000 rollouts' }).waitFor();
    keep(
      'first rows of 10,000 rollouts, index not there yet',
      await shown(editor.page, 'mouseup', '.part.sidebar .monaco-list-row', 'task-00000', () =>
        rows.filter({ hasText: '10000 rollouts' }).click(),
      ),
      200,
    );
    await rows.filter({ hasText: '10000 rollouts' }).click();
    await rows.filter({ hasText: /large.*1 rollout/ }).click();
    await rows.filter({ hasText: /^long/ }).click({ button: 'right' });
    const open = editor.page.getByRole('menuitem', { name: 'Open Trajectory' }).first();
    await open.waitFor();
    // A menu takes no click in the moment in which it opens.
    await open.hover();
    keep(
      'opening a rollout of 100 MB',
      await shown(editor.page, 'mouseup', '.view-line', '# long-0', () => open.click()),
      1000,
    );
    if (window === WINDOWS - 1)
      keep('extension host after', extensionHostMemory(server.child.pid!), null, 'MB');
    await editor.command('View: Close All Editors');
  }
});

test('diagnostics after a key stroke in a file of 1,000 lines', async () => {
  await editor.openFile('large.baton.yaml');
  const lines = large(1000).split('\n');
  const at = lines.findIndex((line) => line.includes('consumes: [part_3]'));
  await editor.goto(at + 1, lines[at]!.length);
  const mark = editor.page.locator('.squiggly-error');
  for (let key = 0; key < KEYS; key++) {
    keep(
      'a mark after a key stroke in 1,000 lines, drawn',
      await shown(editor.page, 'keydown', '.squiggly-error', '', () => editor.page.keyboard.press('z')),
    );
    await editor.page.keyboard.press('Backspace');
    await mark.first().waitFor({ state: 'detached' });
  }
  expect(times['a mark after a key stroke in 1,000 lines, drawn']?.values).toHaveLength(KEYS);
});
