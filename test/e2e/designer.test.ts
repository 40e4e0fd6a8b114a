import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countingServer } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded, served } from './workflows.js';

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

/** Two critics at the same time, and a judge who sends the text back up to three times. */
const review = `baton: 1
models:
  m: ${recorded}
tasks:
  - {id: sea, prompt: the sea}
artifacts:
  draft: {kind: message, checks: [words > 2]}
  style: {kind: message}
  facts: {kind: message}
  verdict: {kind: message, checks: [words > 2]}
agents:
  writer: {role: Write., produces: [draft]}
  style_critic: {role: Read for style., consumes: [draft], produces: [style]}
  fact_critic: {role: Check the facts., consumes: [draft], produces: [facts]}
  judge: {role: Decide., consumes: [style, facts], produces: [verdict]}
flow:
  - writer
  - repeat: {do: [{parallel: [style_critic, fact_critic]}, judge], until: verdict.valid, max: 3}
outcome: {success: verdict.valid}
`;
type Box = { x: number; y: number; width: number; height: number };
const liesIn = (one: Box, other: Box) =>
  one.x >= other.x &&
  one.y >= other.y &&
  one.x + one.width <= other.x + other.width &&
  one.y + one.height <= other.y + other.height;

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

  test('what is typed for one role is its own, and is in the file when it is saved from the field', async () => {
    const before = text();
    const turns = view().locator('vscode-text-field', { hasText: 'Turns at most' });
    const inTree = (name: string) => view().getByRole('treeitem', { name: new RegExp(`^${name}`) });
    await inTree('modeler').click();
    await view().getByRole('region', { name: 'Role modeler' }).waitFor();
    await turns.click();
    await editor.page.keyboard.type('5');
    await inTree('analyst').click();
    await view().getByRole('region', { name: 'Role analyst' }).waitFor();
    expect(await turns.locator('input').inputValue()).toBe('');
    await turns.click();
    await editor.page.keyboard.type('6');
    // A click in the drawing is another way to leave the field.
    await view().locator('.role', { hasText: 'modeler' }).first().click();
    await view().getByRole('region', { name: 'Role modeler' }).waitFor();
    expect(await turns.locator('input').inputValue()).toBe('5');
    await turns.click();
    await editor.page.keyboard.press('End');
    await editor.page.keyboard.type('7');
    await editor.page.keyboard.press('Control+S');
    await expect.poll(text, { timeout: 30_000 }).toContain('max_turns: 57');
    // The last are the workflow's own.
    expect(text().match(/max_turns: \d+/g)).toEqual(['max_turns: 57', 'max_turns: 6', 'max_turns: 2']);
    for (const role of ['modeler', 'analyst']) {
      await inTree(role).click();
      await view()
        .getByRole('region', { name: `Role ${role}` })
        .waitFor();
      await turns.locator('input').fill('');
      await turns.locator('input').press('Enter');
    }
    await saved().toBe(before);
  });

  test('Delete removes a role where the drawing has the focus, not where its fields have', async () => {
    const before = text();
    const analyst = view().locator('.role', { hasText: 'analyst' });
    await analyst.first().click();
    for (const part of ['vscode-button:has-text("Show text")', 'vscode-dropdown[aria-label="Tools"]']) {
      await view().locator(part).focus();
      await editor.page.keyboard.press('Delete');
    }
    await saved().toBe(before);
    await analyst.first().click();
    await view().getByRole('region', { name: 'Role analyst' }).waitFor();
    await editor.page.keyboard.press('Delete');
    await analyst.waitFor({ state: 'detached' });
    await editor.page.locator('.monaco-editor .view-line').first().click();
    await editor.page.keyboard.press('Control+Z');
    await analyst.waitFor();
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

  test('what is taken back is not written, and a check that was added stands there once', async () => {
    const before = text();
    await view().getByRole('button', { name: 'Add role' }).click();
    await view().locator('.ask vscode-text-field').click();
    await editor.page.keyboard.type('nobody_wants_it');
    await view().locator('.ask').getByText('Cancel').click();
    await view().locator('.ask').waitFor({ state: 'detached' });
    await view().locator('.artifact', { hasText: 'X_train' }).click();
    const check = view().locator('vscode-text-field', { hasText: 'Add a check' });
    await check.click();
    await editor.page.keyboard.type('rows > 7');
    await editor.page.keyboard.press('Enter');
    await view().getByRole('heading', { name: 'Contract' }).click();
    await saved().toContain('rows > 7');
    expect(text().split('rows > 7')).toHaveLength(2);
    expect(text()).not.toContain('nobody_wants_it');
    expect(text().length).toBeLessThan(before.length + 40);
  });

  test('a line that is drawn hands over a new artifact', async () => {
    const end = (role: string, which: string) =>
      view().locator('.react-flow__node', { hasText: role }).locator(`.react-flow__handle.${which}`).first();
    await end('analyst', 'source').dragTo(end('critic', 'target'), { force: true });
    const name = view().locator('.ask vscode-text-field', { hasText: 'What analyst hands to critic' });
    await name.click();
    await editor.page.keyboard.type('remarks');
    await editor.page.keyboard.press('Enter');
    await view()
      .getByRole('region', { name: 'Artifact remarks' })
      .getByRole('button', { name: 'critic', exact: true })
      .waitFor();
    await saved().toMatch(/critic: .*consumes: \[ ?remarks ?\]/);
    expect(text()).toMatch(/produces: \[submission, remarks\]/);
  });

  test('a name that is refused leaves what is selected; one that is free is changed everywhere', async () => {
    const name = view()
      .getByRole('region', { name: 'Artifact remarks' })
      .locator('vscode-text-field')
      .first();
    const type = async (text: string) => {
      await name.locator('input').fill(text);
      await name.locator('input').press('Enter');
    };
    await type('X_train');
    await view().getByRole('alert').waitFor();
    await view().getByRole('region', { name: 'Artifact remarks' }).waitFor();
    await type('review');
    await view().getByRole('region', { name: 'Artifact review' }).waitFor();
    await saved().toMatch(/produces: \[submission, review\]/);
    await view()
      .getByRole('button', { name: 'Delete' })
      .or(view().getByText('Delete', { exact: true }))
      .first()
      .click();
    await saved().not.toContain('review');
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

test('while a run goes on, its roles show who is acting, and their scores when it has ended', async () => {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { url, server } = await countingServer(() => 'words enough of these', 0, until);
  const own = await Editor.open({
    'team.baton.yaml': messageTeam(served(url), ['{id: sea, prompt: Go.}']),
  });
  try {
    await own.openFile('team.baton.yaml');
    await own.command('Baton: Run Team');
    await own.openFile('team.baton.yaml');
    await own.command('Baton: Open Designer');
    const role = (name: string) => own.frame().locator('.role', { hasText: name });
    await role('researcher').getByText('acting').waitFor();
    expect(await role('writer').getByText('acting').count()).toBe(0);
    await own.shoot('designer-live', themes);
    release();
    await role('researcher').locator('.score').waitFor();
    await role('researcher').getByText('acting').waitFor({ state: 'detached' });
  } finally {
    await own.close();
    server.close();
  }
});

test('parallel and repeated parts of a flow are frames around their roles', async () => {
  const own = await Editor.open({ 'team.baton.yaml': review });
  try {
    await own.openFile('team.baton.yaml');
    await own.command('Baton: Open Designer');
    const frame = (label: string) => own.frame().locator('.frame', { hasText: label });
    await frame('repeat until verdict.valid, 3 times at most').waitFor();
    const outer = (await frame('repeat until').boundingBox())!;
    for (const name of ['style_critic', 'fact_critic', 'judge']) {
      const role = (await own.frame().locator('.role', { hasText: name }).boundingBox())!;
      expect(liesIn(role, outer), name).toBe(true);
    }
    const inner = (await frame('in parallel').boundingBox())!;
    const judge = (await own.frame().locator('.role', { hasText: 'judge' }).boundingBox())!;
    const writer = (await own.frame().locator('.role', { hasText: 'writer' }).boundingBox())!;
    expect([liesIn(inner, outer), liesIn(judge, inner), liesIn(writer, outer)]).toEqual([true, false, false]);
    const row = own.frame().getByRole('treeitem', { name: /^style_critic/ });
    expect(await row.textContent()).toMatch(/in parallel, repeat until verdict\.valid, 3 times at most$/);
    await own.shoot('designer-flow', themes);
  } finally {
    await own.close();
  }
});

test('nothing on its page is refused by the policy it has', () => {
  expect(editor.refused).toEqual([]);
});
