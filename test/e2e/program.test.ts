import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { recorded, repliesFile } from './workflows.js';

const program = 'rows = [1, 2]\nprint(len(rows))\nraise ValueError("the third row is missing")\n';
const workflow = `baton: 1
models:
  m: ${recorded}
tasks: [{id: one, prompt: go}]
artifacts:
  note: {path: note.txt, kind: text, checks: [words > 0]}
agents:
  reader: {role: Read., max_turns: 1, produces: [note]}
`;
let editor: Editor;
beforeAll(async () => {
  const replies = repliesFile([{ reply: `Here it is.\n\`\`\`python\n${program}\`\`\`` }]);
  editor = await Editor.open({ 'a.baton.yaml': workflow, 'replies.jsonl': replies });
});
afterAll(() => editor?.close());

/** What the editor draws after the lines that a decoration is on. */
const drawn = () =>
  editor.page.evaluate<string>(
    `[...document.querySelectorAll('.editor-group-container.active .view-line *')]
      .map((each) => getComputedStyle(each, '::after').content).filter((text) => text !== 'none').join(' ')`,
  );

/** The comment on the action that failed, opened from the panel. It is there while its workflow is. */
const comment = () => editor.openComment('the third row is missing', 'The whole trajectory');

test('in the program that an agent wrote, the line that failed is marked and the verdict stands beside it', async () => {
  await editor.openFile('a.baton.yaml');
  await editor.page.locator('.codelens-decoration a').filter({ hasText: 'Run' }).first().click();
  await editor.page.locator('.codelens-decoration a').filter({ hasText: '1 rollout, 0 %' }).waitFor();
  const thread = await comment();
  await thread.getByText('Its program').click();
  await editor.page.locator('.tab.active').filter({ hasText: 'program-0.py' }).waitFor();
  await editor.line('raise ValueError').waitFor();
  await expect.poll(drawn, { timeout: 60_000 }).toContain('ValueError: the third row is missing');
  expect(await drawn()).toMatch(/\d · /);
  await editor.shoot('program', themes);
});

test('what a verdict rests on, and the whole trajectory, open from its comment', async () => {
  const opened = (name: string | RegExp) => editor.page.locator('.tab.active').filter({ hasText: name });
  await editor.openFile('a.baton.yaml');
  await (await comment()).locator('a').filter({ hasText: 'the program ended with an error' }).click();
  await opened('program-0.py').waitFor();
  await editor.openFile('a.baton.yaml');
  await (await comment()).locator('a').filter({ hasText: 'The whole trajectory' }).click();
  await opened('baton-trajectory').waitFor();
  await editor.line('verdict').waitFor();
});
