// An editor in another language: an empty language pack makes it the pseudo language, and a bundle beside ours, such
// as a translator would add, puts every text in brackets. What a page shows outside of brackets was never translated.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { artifactKinds, failureCodes } from '../../src/workflow/index.js';
import { runCli } from '../integration/cli/command.js';
import { pseudoOf, untranslatedIn } from '../pseudo.js';
import { Editor } from './editor.js';
import { installInto, startEditor } from './server.js';

const root = join(import.meta.dirname, '../..');
let editor: Editor;
let server: Awaited<ReturnType<typeof startEditor>>;
beforeAll(async () => {
  const place = mkdtempSync(join(inject('place'), 'translated-'));
  const extensions = join(place, 'extensions');
  mkdirSync(extensions);
  const testbed = inject('testbed');
  installInto(testbed, place, join(root, 'dist/baton.vsix'));
  const own = join(extensions, readdirSync(extensions).find((name) => name.startsWith('baton.baton-'))!);
  const texts = JSON.parse(readFileSync(join(own, 'media/l10n/bundle.l10n.json'), 'utf8')) as object;
  writeFileSync(join(own, 'media/l10n/bundle.l10n.qps-ploc.json'), JSON.stringify(pseudoOf(texts)));
  pack(place);
  server = await startEditor(testbed, place, { trust: true, flags: ['--locale', 'qps-ploc'] });
  editor = await Editor.open({}, 'table-team', server.url);
}, 600_000);
afterAll(async () => {
  await editor?.close();
  server?.child.kill();
});

/** What an installed language pack leaves beside the user's settings; this one has no words of the editor's own. */
function pack(place: string): void {
  const vscode = join(place, 'vscode.i18n.json');
  writeFileSync(vscode, JSON.stringify({ contents: {} }));
  const extensions = [{ extensionIdentifier: { id: 'test.pseudo' }, version: '1.0.0' }];
  const known = { 'qps-ploc': { hash: 'a', label: 'Pseudo', extensions, translations: { vscode } } };
  mkdirSync(join(place, 'user'), { recursive: true });
  writeFileSync(join(place, 'user/languagepacks.json'), JSON.stringify(known));
}

const page = () => editor.frame();

/** Every text on the page, and what it says to a screen reader. */
const texts = () =>
  page()
    .locator('body')
    .evaluate(
      `(() => {
        const found = [];
        const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (nodes.nextNode()) {
          const { parentElement, data } = nodes.currentNode;
          if (!parentElement.closest('script, style')) found.push(data);
        }
        for (const each of document.body.querySelectorAll('*'))
          for (const name of ['aria-label', 'aria-valuetext', 'title', 'placeholder'])
            if (each.hasAttribute(name)) found.push(each.getAttribute(name));
        return found;
      })()`,
    ) as Promise<string[]>;

/** Texts with words outside of brackets. What the person wrote is never translated, nor are the names in `also`. */
async function untranslated(also = ''): Promise<string[]> {
  const all = await texts();
  expect(all.filter((text) => text.startsWith('[')).length).toBeGreaterThan(2);
  return untranslatedIn(all, `${written()} ${also}`);
}
const written = () =>
  `${readFileSync(join(editor.folder, 'table-team.baton.yaml'), 'utf8')} table-team.baton.yaml`;

/** The library's mark, and the kinds that the file's language has. */
const names = `React Flow attribution python full previous ${artifactKinds.join(' ')}`;

test('every word of the designer is in the language of the editor', async () => {
  await editor.openFile('table-team.baton.yaml');
  await editor.command('Baton: Open Designer');
  await page().locator('.role').nth(2).waitFor();
  await page().getByText('[Choose a role or an artifact.').waitFor();
  expect(await untranslated(names)).toEqual([]);
  await page().locator('.artifact', { hasText: 'X_train' }).click();
  await page().getByRole('heading', { name: '[Contract]' }).waitFor();
  expect(await untranslated(names)).toEqual([]);
  await page().locator('.role', { hasText: 'analyst' }).first().click();
  await page().getByRole('heading', { name: '[Is handed]' }).waitFor();
  expect(await untranslated(names)).toEqual([]);
  await editor.shoot('translated-designer');
});

test('and every word of the dashboard and of the coach', async () => {
  await editor.command('View: Close All Editors');
  await editor.command('Baton: Open Training Dashboard');
  await page().getByText('[No role has been trained in the open folders yet.]').waitFor();
  expect(await untranslated()).toEqual([]);
  const few = ['--steps', '1', '--rollouts', '8', '--eval-tasks', '3', '--select-tasks', '3'];
  expect((await runCli(editor.folder, ['train', ...few, '--concurrency', '4'])).code).toBe(0);
  await page().locator('.state.done').waitFor();
  await page()
    .getByRole('row', { name: /^step-1/ })
    .waitFor();
  const run = readdirSync(join(editor.folder, '.baton/runs'))[0]!;
  expect(await untranslated(`${run} base step-1`)).toEqual([]);
  await editor.shoot('translated-dashboard');
  await page().getByRole('tab', { name: '[Coach]' }).click();
  await page().getByText('[Scores by role]').waitFor();
  expect(await untranslated(run)).toEqual([]);
  await editor.shoot('translated-coach');
}, 400_000);

/** The lines of the text editor that are in view, from the top, with blanks that stand for themselves. */
const lines = () =>
  editor.page
    .locator('.editor-group-container.active .view-line')
    .evaluateAll((found) =>
      (found as unknown as { style: { top: string }; textContent: string }[])
        .sort((a, b) => Number.parseFloat(a.style.top) - Number.parseFloat(b.style.top))
        .map(({ textContent }) => textContent.replaceAll('\u00a0', ' ')),
    );

test('nor is a problem, its quick fix or a hover in English', async () => {
  await editor.command('View: Close All Editors');
  await editor.openFile('table-team.baton.yaml');
  const rows = written().split('\n');
  const at = rows.findIndex((row) => /^ +consumes: \[\w+/.test(row));
  await editor.goto(at + 1, rows[at]!.indexOf('[') + 2);
  await editor.page.keyboard.type('z');
  const mark = editor.page.locator('.squiggly-error').first();
  await mark.waitFor();
  await editor.quickFix('[Replace with "');
  const fixes = editor.page.locator('.action-widget .monaco-list-row').filter({ hasText: '[' });
  await editor.photograph('translated-fix');
  expect(untranslatedIn(await fixes.allInnerTexts(), '')).toEqual([]);
  await editor.page.keyboard.press('Escape');
  await editor.command('Problems: Focus on Problems View');
  const problems = editor.page.locator('.markers-panel .monaco-list-row .marker-message-line');
  await problems.filter({ hasText: '[There is no artifact "z' }).first().waitFor();
  // Beside the sentence the editor shows who says it, its code, and in its own words where it stands.
  const beside = 'baton name unknown artifact Ln Col';
  expect(untranslatedIn(await problems.allInnerTexts(), `${written()} z${rows[at]} ${beside}`)).toEqual([]);
  await editor.command('View: Focus Active Editor Group');
  await editor.command('File: Revert File');
  await mark.waitFor({ state: 'hidden' });
  await editor.line('modeler:').locator('span', { hasText: 'modeler' }).last().hover();
  const hover = editor.page.locator('.monaco-hover:visible').filter({ hasText: '[is handed' });
  await hover.waitFor();
  await editor.photograph('translated-hover');
  expect(untranslatedIn(await hover.locator('p, li, strong').allInnerTexts(), written())).toEqual([]);
  await editor.page.keyboard.press('Escape');
});

test('nor a trajectory, nor what the recorded scores would teach', async () => {
  await editor.command('View: Close All Editors');
  await editor.openFile('table-team.baton.yaml');
  await editor.command('Baton: Train Team');
  await editor.page.getByText('[Train which roles?').waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.page.getByText('[For how long?').waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.page.getByText('[At most how much?').waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.page.getByText('[Start training?]').waitFor();
  await editor.line('[Reward preview from').waitFor();
  await editor.photograph('translated-preview');
  const run = readdirSync(join(editor.folder, '.baton/runs'))[0]!;
  const logs = readdirSync(join(editor.folder, '.baton/runs', run, 'rollouts')).join(' ');
  // The editor breaks long lines of such a text.
  const preview = (await lines()).join('');
  expect(untranslatedIn([preview], `${written()} ${run} ${logs}`)).toEqual([]);
  await editor.page.keyboard.press('Escape');
  await editor.showRuns();
  await editor.expand('table-team');
  const rollout = editor.page.locator('.part.sidebar .monaco-list-row[aria-level="2"]').first();
  await editor.choose(((await rollout.locator('.label-name').textContent()) ?? '').trim(), 'Open Trajectory');
  await editor.line('[data_engineer, turn').waitFor();
  await editor.photograph('translated-trajectory');
  const codes = Object.keys(failureCodes).join(' ');
  // What was recorded stays as it was written: replies, diagnoses, facts and names.
  const ours = (await lines()).filter(
    (line) => !/^ {2}(\u2502|\[(facts|broken|advice|evidence)\]|\[verdict)|broken by/.test(line),
  );
  expect(ours.filter((line) => line.includes('[')).length).toBeGreaterThan(4);
  expect(
    untranslatedIn(
      ours,
      `${written()} ${logs} ${codes} stop python stdout stderr KB classification regression`,
    ),
  ).toEqual([]);
});
