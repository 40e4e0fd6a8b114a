import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const told = messageTeam(recorded, ['{id: sea, prompt: the sea}', '{id: sky, prompt: the sky}']);
const replies = [
  { reply: 'waves are water moving on', when: 'You are researcher' },
  { reply: 'far too long a summary of it', when: 'You are writer' },
];
let editor: Editor;
let run: string;
beforeAll(async () => {
  editor = await Editor.open({ 'told.baton.yaml': told, 'replies.jsonl': repliesFile(replies) });
  expect((await runCli(editor.folder, ['run', '--sandbox', 'none'])).code).toBe(0);
  run = join(editor.folder, '.baton/runs', readdirSync(join(editor.folder, '.baton/runs'))[0]!);
  mkdirSync(join(editor.folder, '.vscode'));
  inline('full');
  await editor.load();
  await editor.openFile('told.baton.yaml');
});
afterAll(() => editor?.close());

function inline(shows: string): void {
  writeFileSync(join(editor.folder, '.vscode/settings.json'), `{"baton.inline": "${shows}"}\n`);
}
const lens = (text: string) => editor.page.locator('.codelens-decoration').filter({ hasText: text }).first();
const lineNumber = (line: number) =>
  editor.page
    .locator('.statusbar-item')
    .filter({ hasText: `Ln ${line},` })
    .first();

test('baton.inline full: each role has its mean score, its count, and how often it succeeded', async () => {
  await lens('2 rollouts, 0 % succeeded').waitFor();
  await lens('2 rollouts, 100 % succeeded here').waitFor();
  await lens('2 rollouts, 0 % succeeded here').waitFor();
  await editor.shoot('full', themes);
});

test('off: nothing is beside the roles; quiet: marks and comments, and no numbers', async () => {
  const marks = editor.page.locator('.glyph-margin-widgets [class*="TextEditorDecorationType"]');
  await expect.poll(() => marks.count()).toBeGreaterThan(0);
  inline('off');
  await lens('2 rollouts').waitFor({ state: 'hidden' });
  await expect.poll(() => marks.count()).toBe(0);
  await editor.shoot('off');
  inline('quiet');
  await expect.poll(() => marks.count()).toBeGreaterThan(0);
  await lens('2 rollouts, 0 % succeeded').waitFor();
  await lens('succeeded here').waitFor({ state: 'hidden' });
  inline('full');
  await lens('2 rollouts, 0 % succeeded here').waitFor();
});

test('go to definition and references follow an artifact through the team', async () => {
  const consumes = told.split('\n').findIndex((line) => line.includes('consumes: [facts]')) + 1;
  const declared = told.split('\n').findIndex((line) => line.startsWith('  facts:')) + 1;
  await editor.goto(consumes, told.split('\n')[consumes - 1]!.indexOf('[facts]') + 3);
  await editor.page.keyboard.press('F12');
  await lineNumber(declared).waitFor();
  await editor.page.keyboard.press('Shift+F12');
  await editor.page.locator('.peekview-title').filter({ hasText: 'References (4)' }).waitFor();
  await editor.page.keyboard.press('Escape');
});

test('a verdict can be agreed with; the agreement is kept with its author', async () => {
  const thread = await editor.openComment('contracts on', 'contracts on');
  await thread
    .getByRole('button', { name: /^Agree/ })
    .first()
    .click();
  const reviews = join(run, 'reviews');
  // The file is there before its first line is.
  const last = () => {
    const [name] = existsSync(reviews) ? readdirSync(reviews) : [];
    const text = name === undefined ? '' : readFileSync(join(reviews, name), 'utf8');
    return text.endsWith('\n') ? (JSON.parse(text.trim().split('\n').at(-1)!) as unknown) : null;
  };
  await expect
    .poll(last, { timeout: 30_000 })
    .toMatchObject({ type: 'overrule', data: { reason: 'Agreed.' } });
});

test('two rollouts compare in the diff editor', async () => {
  await editor.showRuns();
  await editor.expand(/^told/);
  await editor.choose(/^sea/, 'Select for Compare');
  await editor.choose(/^sky/, 'Compare with Selected');
  await editor.page.locator('.monaco-diff-editor').first().waitFor();
  await editor.line('run.sky.0').waitFor();
  await editor.line('Agreed.').waitFor();
  await editor.shoot('compare');
});

test('scores of an older text say so, and open that text', async () => {
  await editor.openFile('told.baton.yaml');
  await editor.goto(1, 9);
  await editor.page.keyboard.type(' # newer');
  await lens('2 rollouts of an older text').waitFor();
  await lens('2 rollouts of an older text').locator('a').filter({ hasText: 'older text' }).click();
  await editor.line('baton: 1').first().waitFor();
  await editor.page.locator('.monaco-diff-editor').last().waitFor();
  await editor.shoot('stale');
});

test('a role runs alone: it acts anew, and the others say again what they wrote', async () => {
  // Asked anew, the researcher would break the work.
  writeFileSync(
    join(editor.folder, 'replies.jsonl'),
    repliesFile([
      { reply: 'no', when: 'You are researcher' },
      { reply: 'waves and wind', when: 'You are writer' },
    ]),
  );
  // The comparison before has the same name, and the same lenses.
  await editor.command('File: Save All');
  await editor.command('View: Close All Editors');
  await editor.openFile('told.baton.yaml');
  await lens('2 rollouts, 0 % succeeded here').locator('a').filter({ hasText: 'Run' }).click();
  await lens('2 rollouts, 100 % succeeded').waitFor();
  await editor.showRuns();
  const row = editor.row(/^told/).filter({ hasText: 'writer alone' });
  await row.waitFor();
  const compared = editor.page.getByText('there 0 % of 2 rollouts succeeded, and writer broke 2').first();
  // A row that is drawn anew loses its hover; a person points at it again.
  for (let tries = 0; tries < 5 && !(await compared.isVisible()); tries++) {
    await editor.page.mouse.move(700, 400);
    await row.hover();
    await compared.waitFor({ timeout: 10_000 }).catch(() => undefined);
  }
  await compared.waitFor();
  await editor.shoot('alone', themes);
});

test('a run that its budget stopped goes on with a higher limit, which is asked for', async () => {
  writeFileSync(join(editor.folder, 'poor.baton.yaml'), `${told}limits: {calls: 1}\n`);
  expect((await runCli(editor.folder, ['run', 'poor.baton.yaml', '--sandbox', 'none'])).code).toBe(4);
  await editor.showRuns();
  await editor.choose(/^poor/, 'Resume');
  await editor.page.getByText('limits.calls is 1, and that is spent.').waitFor();
  await editor.page.keyboard.type('1');
  await editor.page.getByText('A number above 1: so much is spent already.').waitFor();
  await editor.shoot('higher');
  await editor.page.keyboard.press('Control+A');
  await editor.page.keyboard.type('9');
  await editor.page.keyboard.press('Enter');
  await editor.row(/^poor/).filter({ hasText: '2 rollouts' }).waitFor();
});

test('keys are stored for one address, listed and deleted', async () => {
  await editor.command('Baton: Delete Key of a Model Server');
  await editor.page.locator('.notification-toast').filter({ hasText: 'No key is stored.' }).waitFor();
  await editor.command('Baton: Store Key of a Model Server');
  await editor.answer('Name of the key', 'JUDGE_KEY');
  await editor.answer('The address it may be sent to', 'https://models.example/v1');
  await editor.answer('The key', 'sk-canary-7');
  await editor.page
    .locator('.notification-toast')
    .filter({ hasText: 'JUDGE_KEY is kept for https://models.example' })
    .waitFor();
  await editor.command('Baton: Delete Key of a Model Server');
  await editor.pick('JUDGE_KEY');
  await editor.command('Notifications: Clear All Notifications');
  await editor.command('Baton: Delete Key of a Model Server');
  await editor.page.locator('.notification-toast').filter({ hasText: 'No key is stored.' }).waitFor();
});
