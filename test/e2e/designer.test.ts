import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded } from './workflows.js';

let editor: Editor;
beforeAll(async () => {
  // Another team beside it: it is not asked for while the designer shows one.
  const other = messageTeam(recorded, ['{id: sea, prompt: the sea}']);
  editor = await Editor.open({ 'other/other.baton.yaml': other }, 'table-team');
});
afterAll(() => editor?.close());

const view = () => editor.frame();
const text = () => readFileSync(join(editor.folder, 'table-team.baton.yaml'), 'utf8');
/** What lies on disk once everything is saved. */
const saved = () =>
  expect.poll(
    async () => {
      await editor.command('File: Save All');
      return text();
    },
    { timeout: 30_000, interval: 500 },
  );

describe('the designer', () => {
  test('draws the team beside its text', async () => {
    await editor.openFile('table-team.baton.yaml');
    await editor.command('Baton: Open Designer');
    await view().locator('.role').nth(2).waitFor();
    expect(await view().locator('.role strong').allInnerTexts()).toEqual([
      'data_engineer',
      'modeler',
      'analyst',
    ]);
    expect(await view().locator('.artifact').allInnerTexts()).toHaveLength(5);
    await view().locator('.artifact', { hasText: 'X_train' }).click();
    await view().getByRole('region', { name: 'Artifact X_train' }).waitFor();
    await editor.shoot('designer', themes);
  });

  test('its team is trained from the palette while it is in front', async () => {
    await view().locator('.role', { hasText: 'analyst' }).first().click();
    await editor.command('Baton: Train Team');
    const asked = editor.page.locator('.quick-input-widget').filter({ hasText: 'Train which roles?' });
    await asked.locator('.monaco-list-row').filter({ hasText: 'modeler' }).waitFor();
    await editor.page.keyboard.press('Escape');
    await asked.waitFor({ state: 'hidden' });
  });

  test('a property that is edited is an edit of the text, comments kept, and undone as text is', async () => {
    const before = text();
    await view().locator('.role', { hasText: 'analyst' }).first().click();
    const turns = view().locator('vscode-text-field', { hasText: 'Turns at most' });
    await turns.click();
    await editor.page.keyboard.type('4');
    await editor.page.keyboard.press('Enter');
    await saved().toContain('max_turns: 4');
    expect(text().match(/#.*$/gm)).toEqual(before.match(/#.*$/gm));
    expect(text().length - before.length).toBe('\n    max_turns: 4'.length);
    await editor.page.locator('.monaco-editor .view-line').first().click();
    await editor.page.keyboard.press('Control+Z');
    await saved().toBe(before);
  });

  test('a role and an artifact are added, a wrong name is refused with a reason', async () => {
    await view().getByRole('button', { name: 'Add role' }).click();
    const name = view().locator('.ask vscode-text-field');
    await name.click();
    await editor.page.keyboard.type('two words');
    await editor.page.keyboard.press('Enter');
    await view().getByRole('alert').filter({ hasText: 'cannot be a name' }).waitFor();
    await view().getByRole('button', { name: 'Add role' }).click();
    await view().locator('.ask vscode-text-field').click();
    await editor.page.keyboard.type('critic');
    await editor.page.keyboard.press('Enter');
    await view().locator('.role', { hasText: 'critic' }).waitFor();
    await saved().toContain('critic: {role:');
  });

  test('the tree says the same, and is worked with the keyboard', async () => {
    const tree = view().getByRole('tree');
    const items = tree.getByRole('treeitem');
    expect((await items.allInnerTexts()).map((each) => each.split(',')[0]?.split(' ')[0])).toContain(
      'critic',
    );
    await items.first().click();
    await editor.page.keyboard.press('ArrowDown');
    await view().getByRole('region', { name: 'Artifact X_train' }).waitFor();
    await editor.page.keyboard.press('End');
    await editor.page.keyboard.press('Delete');
    await view().locator('.role', { hasText: 'critic' }).waitFor({ state: 'detached' });
  });

  test('a problem in the text is shown at its role', async () => {
    await editor.page.locator('.tab', { hasText: 'table-team.baton.yaml' }).first().click();
    const at = text()
      .split('\n')
      .findIndex((line) => line.includes('consumes: [X_train, y_train]'));
    await editor.goto(at + 1, text().split('\n')[at]!.length);
    await editor.page.keyboard.type(', nothing');
    await view().locator('.role.error', { hasText: 'modeler' }).waitFor();
    await view().locator('.role.error').click();
    await view().locator('.problems .error').first().waitFor();
    await editor.shoot('designer-problem', themes);
  });
});
