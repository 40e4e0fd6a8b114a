import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { openSample } from './workflows.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open();
  await openSample(editor);
});
afterAll(() => editor?.close());

/** The reviews that the editor wrote into its copy of the sample run. */
function reviews(): string {
  const storage = join(inject('place'), 'user/User/globalStorage/baton.baton');
  const sample = readdirSync(storage).find((name) => name.startsWith('sample-'))!;
  const runs = join(storage, sample, '.baton/runs');
  const folder = join(runs, readdirSync(runs)[0]!, 'reviews');
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('');
}

test('a failed action has a comment with its evidence, and can be overruled with a reason', async () => {
  await editor.page
    .locator('.comment-range-glyph, .comment-thread-range, .comment-glyph')
    .first()
    .waitFor({ state: 'attached' });
  const thread = await editor.openComment('the header is not the one', 'columns.mismatch');
  await thread.getByText('The whole trajectory').waitFor();
  await editor.shoot('comment', themes);
  await thread
    .getByRole('button', { name: /^Overrule/ })
    .first()
    .click();
  await editor.pick(/^9/);
  await editor.answer('Why?', 'The task allowed any header.');
  await expect.poll(reviews).toContain('The task allowed any header.');
  const event = JSON.parse(reviews().trim().split('\n').at(-1)!) as {
    type: string;
    data: { score: number; author: string };
  };
  expect(event).toMatchObject({ type: 'overrule', data: { score: 9 } });
  expect(event.data.author).not.toBe('');
  // What was being read stays open, and shows the new word.
  await thread.getByText('The task allowed any header.').waitFor();
});

async function runsButton(name: string): Promise<void> {
  await editor.page.locator('.part.sidebar .pane-header').filter({ hasText: 'Runs' }).hover();
  await editor.page.getByRole('button', { name }).click();
}

async function showOnly(...picks: string[]): Promise<void> {
  await runsButton('Filter Rollouts');
  for (const pick of picks) await editor.pick(pick);
  await editor.page.keyboard.press('Enter');
  await editor.page.getByText(`Only: ${picks.join(', ')}`).waitFor();
}

async function clearFilter(): Promise<void> {
  await runsButton('Clear Filter');
  await editor.row('penguins-0').waitFor();
}

test('rollouts are filtered by who is blamed', async () => {
  await showOnly('Broken by analyst', 'Broken by modeler');
  await editor.row('penguins-0').waitFor({ state: 'hidden' });
  await editor.row('directors-0').waitFor();
  await editor.row('women-1').waitFor();
  await clearFilter();
});

test('and by outcome and stratum', async () => {
  await showOnly('Succeeded', 'Stratum regression');
  // Of five rollouts on regression the only one.
  await editor.row('infert-0').waitFor({ state: 'hidden' });
  const rollouts = editor.page.locator('.part.sidebar .monaco-list-row[aria-level="2"] .label-name');
  expect(await rollouts.allTextContents()).toEqual(['health-0']);
  await clearFilter();
});

test('two actions compare in the diff editor, and two artifacts', async () => {
  const shown = (text: string | RegExp) =>
    editor.page.locator('.monaco-diff-editor .view-line').filter({ hasText: text }).first().waitFor();
  await editor.expand('directors-0');
  await editor.choose(/^data_engineer/, 'Select for Compare');
  await editor.choose(/^analyst/, 'Compare with Selected');
  await shown('fit_encoder');
  await shown('write_csv');
  await editor.photograph('compare-actions');
  await editor.expand(/^analyst/);
  await editor.choose('submission.csv', 'Select for Compare');
  // Closed, so that there is one row of that name.
  await editor.row('directors-0').click();
  await editor.row('submission.csv').waitFor({ state: 'hidden' });
  await editor.expand('biopsy-1');
  await editor.expand(/^analyst/);
  await editor.choose('submission.csv', 'Compare with Selected');
  await editor.page
    .locator('.tab.active')
    .filter({ hasText: /submission\.csv.*↔/ })
    .waitFor();
  await shown('interlocks');
  await editor.photograph('compare-artifacts');
  await editor.row('biopsy-1').click();
});

test('a file of the workspace opens as it was at an action', async () => {
  await editor.expand('cars-1');
  await editor.row(/^analyst.*9 \(overruled\)/).waitFor();
  await editor.expand('directors-0');
  await editor.expand(/^analyst/);
  await editor.row('submission.csv').click();
  await editor.page.locator('.tab.active').filter({ hasText: 'submission.csv' }).waitFor();
});

test('comments and what was overruled come back after the window was reloaded', async () => {
  await editor.load();
  await openSample(editor);
  const thread = await editor.openComment('the header is not the one', 'The task allowed any header.');
  await thread.getByText('columns.mismatch').first().waitFor();
  // What the verdict rests on, as it was then.
  await thread
    .getByRole('link', { name: /submission\.csv/ })
    .first()
    .click();
  await editor.line('Miles_per_Gallon').waitFor();
});
