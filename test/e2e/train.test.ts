import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({}, 'table-team');
  // Two steps of half the size, and a third of the tasks to measure on: it is shown, not how well it learns.
  const file = join(editor.folder, 'table-team.baton.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('rollouts: 48', 'rollouts: 24').replace('per_table: 12', 'per_table: 4'));
  const ran = await runCli(editor.folder, ['run', '--split', 'train', '--limit', '12', '--concurrency', '2']);
  expect(ran.code).toBe(0);
  await editor.openFile('table-team.baton.yaml');
});
afterAll(() => editor?.close());

const page = () => editor.frame();
const runs = () => join(editor.folder, '.baton/runs');
/** The log of the training run. */
const log = () => {
  const name = readdirSync(runs()).find((each) => each.includes('-train-'))!;
  return readFileSync(join(runs(), name, 'run.jsonl'), 'utf8');
};
const LONG = 240_000;

test('training starts from the palette after a preview of what the recorded scores would teach', async () => {
  await editor.command('Baton: Train Team');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Train which roles?' }).waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.pick('2 steps');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'At most how much?' }).waitFor();
  await editor.photograph('train-limit');
  await editor.pick('60 minutes');
  await editor.page.locator('.tab.active').filter({ hasText: 'reward-preview.md' }).waitFor();
  await editor.page.getByText('Reward preview from 12 recorded rollouts').first().waitFor();
  await editor.line('return-to-go').waitFor();
  await editor.line('Cost: none').waitFor();
  await editor.line('of sampling and').filter({ hasText: 'for 2 steps' }).waitFor();
  await editor.shoot('preview');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Start training?' }).waitFor();
  await editor.pick('Train');
});

test('its page opens by itself, and it can be paused and go on', async () => {
  await page()
    .getByRole('status')
    .filter({ hasText: 'Measuring the untrained team' })
    .waitFor({ timeout: 90_000 });
  await page().getByText('Waits for the first whole step.').first().waitFor();
  await page().getByRole('button', { name: 'Pause' }).click();
  await page().locator('.state.paused').waitFor({ timeout: LONG });
  expect(log()).toContain('"type":"run.paused"');
  // The page is drawn anew as the log grows, and a click may be lost then; a person clicks again.
  const running = page().locator('.state.running');
  for (let tries = 0; tries === 0 || (tries < 4 && !(await running.isVisible())); tries++) {
    await page()
      .getByRole('button', { name: 'Continue' })
      .click({ timeout: 10_000 })
      .catch(() => undefined);
    await running.waitFor({ timeout: 15_000 }).catch(() => undefined);
  }
  await running.waitFor();
});

test('curves, checkpoints and their best appear as it learns, also after the window was reloaded', async () => {
  await editor.load();
  await page().locator('.state.running').waitFor();
  await page()
    .getByRole('slider', { name: /^Success in training/ })
    .waitFor({ timeout: LONG });
  await page()
    .getByRole('row', { name: /^step-2/ })
    .waitFor({ timeout: LONG });
  await page().locator('.badge').filter({ hasText: 'best' }).first().waitFor();
  await editor.shoot('training', themes);
}, 600_000);

test('the values of a step are read with the keyboard, and as a table', async () => {
  const chart = page().getByRole('slider', { name: /^Success in training/ });
  await chart.focus();
  await editor.page.keyboard.press('ArrowLeft');
  await expect.poll(() => chart.getAttribute('aria-valuetext')).toMatch(/^step [12]: all \d+ %/);
  await page().getByRole('button', { name: 'Success in training as a table' }).click();
  await page().locator('.scroll td').first().waitFor();
});

test('the coach is shown by role, stratum and length', async () => {
  await page().getByRole('tab', { name: 'Coach' }).click();
  await page().getByRole('region', { name: 'Scores by role' }).getByRole('img').nth(2).waitFor();
  await page().getByText('Nobody has agreed or overruled yet').waitFor();
  await editor.shoot('coach', themes);
  await page().getByRole('tab', { name: 'Curves' }).click();
});

test('a checkpoint is promoted for every role after a question, and rolled back from the Policies view', async () => {
  await page()
    .getByRole('button', { name: /^Promote step-2/ })
    .click();
  await editor.confirm('Promote');
  await page().getByRole('alert').filter({ hasText: 'step-2' }).waitFor({ timeout: 90_000 });
  const current = () => {
    const path = join(editor.folder, '.baton/policies/current.json');
    return existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, { version: string | null }>)
      : {};
  };
  expect(Object.values(current()).map(({ version }) => version)).toEqual(['p1', 'p1', 'p1']);
  await editor.command('Baton: Focus on Policies View');
  await editor.row(/^modeler\s*acts with step-2/).hover();
  await editor.shoot('policies', themes);
  await editor.row(/^modeler/).hover();
  await editor
    .row(/^modeler/)
    .getByRole('button', { name: 'Roll Back' })
    .click();
  await editor.confirm('Roll Back');
  await expect.poll(() => current().modeler?.version, { timeout: 60_000 }).toBeNull();
  await editor.row(/^modeler\s*acts with its base/).waitFor();
}, 400_000);

test('a checkpoint is promoted for one role alone, from the page', async () => {
  await editor.command('Baton: Open Training Dashboard');
  await page().getByLabel('Promote for').click();
  await page().getByRole('option', { name: 'analyst' }).click();
  await page()
    .getByRole('button', { name: /^Promote step-2 for analyst/ })
    .click();
  await editor.confirm('Promote');
  await page().getByRole('alert').filter({ hasText: 'acts now for analyst' }).waitFor({ timeout: 90_000 });
  const path = join(editor.folder, '.baton/policies/current.json');
  const versions = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { version: string | null }>;
  expect(Object.entries(versions).map(([role, { version }]) => [role, version])).toEqual(
    expect.arrayContaining([
      ['analyst', 'p2'],
      ['data_engineer', 'p1'],
      ['modeler', null],
    ]),
  );
}, 400_000);

test('asked again, what was chosen the last time comes first, and updates are counted as they were', async () => {
  const asked = (title: string) => editor.page.locator('.quick-input-widget').filter({ hasText: title });
  const first = (text: string) =>
    editor.page.locator('.quick-input-list .monaco-list-row[data-index="0"]').filter({ hasText: text });
  // The page of the training is in front: no text editor is, and the folder has one workflow.
  await editor.command('Baton: Train Team');
  await asked('Train which roles?').waitFor();
  await editor.page.keyboard.press('Enter');
  await asked('For how long?').waitFor();
  await first('2 steps').waitFor();
  await editor.page.keyboard.press('Enter');
  await asked('At most how much?').waitFor();
  await first('60 minutes').waitFor();
  await editor.page.keyboard.press('Enter');
  await asked('Start training?').waitFor();
  await editor.line('Updates are counted as the last training of this team took them').waitFor();
  await editor.photograph('train-again');
  await editor.page.keyboard.press('Escape');
});

test('a version is evaluated on held-out tasks, as a run of its own', async () => {
  const version = editor.row(/^data_engineer@v\d+\s*step-2/);
  await version.hover();
  await version.getByRole('button', { name: 'Evaluate' }).click();
  await editor.confirm('Evaluate');
  await editor.command('Baton: Focus on Runs View');
  await editor.row(/eval/).waitFor({ timeout: 120_000 });
  await editor.row(/eval/).hover();
  await editor.row(/eval/).getByRole('button', { name: 'Cancel Run' }).click();
  await editor
    .row(/eval/)
    .getByRole('button', { name: 'Cancel Run' })
    .waitFor({ state: 'detached', timeout: 120_000 });
}, 400_000);
