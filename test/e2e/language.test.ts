import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';

const workflow = `baton: 1
models:
  local: {provider: openai, base_url: "http://127.0.0.1:11434/v1", model: m}
tasks:
  - {prompt: Go.}
artifacts:
  facts: {path: facts.json, kind: json}
  report: {path: report.md, kind: text, checks: [words < 300]}
agents:
  reader:
    role: Read the notes.
    produces: [facts]
  writer:
    role: Write the report.
    instructions: {file: writer.md}
    consumes: [facts]
    produces: [report]
`;
let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open({
    'team.baton.yaml': workflow,
    'writer.md': 'Keep to {{facts.exists}} and nothing else.\n',
    'plain.yaml': workflow,
    'empty.baton.yaml': '',
    'notes.txt': 'It rained for 3 days.\n',
  });
  await editor.openFile('team.baton.yaml');
});
afterAll(() => editor?.close());

/** The text as the editor has it, saved and read from disk. */
async function saved(path: string, until: (text: string) => boolean): Promise<string> {
  await editor.page.keyboard.press('Control+S');
  await editor.page.locator('.tab.active:not(.dirty)').waitFor();
  return expect
    .poll(() => readFileSync(join(editor.folder, path), 'utf8'), { timeout: 20_000 })
    .toSatisfy(until) as never;
}

test('a mistake is marked while it is typed, and a quick fix mends it', async () => {
  await editor.goto(16, 21);
  await editor.page.keyboard.type('z');
  const squiggle = editor.page.locator('.squiggly-error').first();
  await squiggle.waitFor();
  await editor.quickFix('Replace with "facts"');
  await editor.shoot('problem');
  await editor.page.keyboard.press('Enter');
  await squiggle.waitFor({ state: 'hidden' });
  await saved('team.baton.yaml', (text) => text === workflow);
});

test('completion knows the artifacts of the team', async () => {
  await editor.goto(16, 21);
  await editor.page.keyboard.type(', ');
  await editor.page.keyboard.press('Control+Space');
  const suggestion = editor.page.locator('.suggest-widget .monaco-list-row');
  await suggestion
    .filter({ hasText: 'report' })
    .first()
    .waitFor()
    .catch(() => undefined);
  const labels = await suggestion.allInnerTexts();
  expect(labels.join(' ')).not.toContain('reader');
  await editor.page.keyboard.press('Escape');
  await editor.page.keyboard.press('Control+Z');
  await editor.page.keyboard.press('Control+Z');
  await saved('team.baton.yaml', (text) => text === workflow);
});

test('a hover says who hands what to whom', async () => {
  await editor.line('writer:').locator('span', { hasText: 'writer' }).last().hover();
  const hover = editor.page.locator('.monaco-hover:visible').filter({ hasText: 'is handed facts by reader' });
  await hover.waitFor();
  await editor.shoot('hover', themes);
  await editor.page.keyboard.press('Escape');
});

test('a hover over a model says what answers on this machine', async () => {
  const ollama = createServer((request, response) => {
    response.writeHead(request.url === '/v1/models' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data: [{ id: 'qwen3:4b' }] }));
  });
  await new Promise<void>((resolve, reject) => {
    ollama.once('error', reject).listen(11434, '127.0.0.1', resolve);
  });
  try {
    await editor.line('local:').locator('span', { hasText: 'local' }).last().hover();
    const hover = editor.page.locator('.monaco-hover:visible');
    const found = hover.getByRole('listitem').filter({ hasText: 'Ollama with qwen3:4b' });
    await found.waitFor();
    expect(await found.getByRole('link').textContent()).toBe('http://127.0.0.1:11434/v1');
    const items = await hover.getByRole('listitem').allTextContents();
    expect(items.map((text) => text.replace(/\s/g, ' ').trim())).toContain('used by reader, writer');
    await editor.photograph('model-hover');
    await editor.page.keyboard.press('Escape');
  } finally {
    ollama.close();
  }
});

test('it is commented out and folded as YAML is', async () => {
  await editor.goto(10);
  await editor.page.keyboard.press('Control+/');
  await editor.line('# reader:').waitFor();
  await editor.page.keyboard.press('Control+/');
  await editor.line('# reader:').waitFor({ state: 'hidden' });
  await editor.command('Fold All');
  await editor.line('Read the notes.').waitFor({ state: 'hidden' });
  await editor.command('Unfold All');
  await editor.line('Read the notes.').waitFor();
  await saved('team.baton.yaml', (text) => text === workflow);
});

test('an empty file becomes a workflow without a mistake with a snippet', async () => {
  await editor.openFile('empty.baton.yaml');
  await editor.page.locator('.view-lines').last().click();
  await editor.page.keyboard.type('baton');
  await editor.page.keyboard.press('Control+Space');
  const workflowSnippet = editor.page
    .locator('.suggest-widget .monaco-list-row')
    .filter({ hasText: 'Workflow' })
    .first();
  await workflowSnippet.click();
  await editor.line('agents:').waitFor();
  await editor.page.keyboard.press('Escape');
  await saved('empty.baton.yaml', (text) => text.includes('produces: [report]'));
  const checked = await runCli(editor.folder, ['check', 'empty.baton.yaml']);
  expect(`${checked.code} ${checked.stdout}`).toMatch(/^0 /);
  await editor.page.locator('.squiggly-error').first().waitFor({ state: 'hidden' });
  await editor.openFile('team.baton.yaml');
});

test('a rename goes through roles, contracts and prompt files', async () => {
  await editor.goto(7, 4);
  await editor.page.keyboard.press('F2');
  const input = editor.page.locator('.rename-box input, input.rename-input').first();
  await input.waitFor();
  await input.fill('figures');
  await editor.page.keyboard.press('Enter');
  await editor.line('consumes: [figures]').waitFor();
  await editor.command('File: Save All');
  await expect
    .poll(() => readFileSync(join(editor.folder, 'writer.md'), 'utf8'))
    .toContain('{{figures.exists}}');
  await expect
    .poll(() => readFileSync(join(editor.folder, 'team.baton.yaml'), 'utf8'))
    .toContain('produces: [figures]');
});

test('a prompt file knows the team: a hover, what can be typed, and a rename over text that is not saved', async () => {
  await editor.openFile('writer.md');
  await editor.goto(1, 12);
  await editor.command('Show or Focus Hover');
  await editor.page.locator('.monaco-hover').filter({ hasText: 'made by reader' }).first().waitFor();
  await editor.goto(1, 1);
  await editor.page.keyboard.type('# What to write');
  await editor.page.keyboard.press('Enter');
  await editor.page.keyboard.press('Enter');
  await editor.goto(3, 8);
  await editor.page.keyboard.type('{{fig');
  await editor.page.keyboard.press('Control+Space');
  await editor.page
    .locator('.suggest-widget .monaco-list-row')
    .filter({ hasText: 'figures' })
    .first()
    .waitFor();
  await editor.page.keyboard.press('Escape');
  for (let typed = 0; typed < 5; typed++) await editor.page.keyboard.press('Backspace');
  await editor.goto(3, 13);
  await editor.page.keyboard.press('F2');
  const input = editor.page.locator('.rename-box input, input.rename-input').first();
  await input.fill('numbers');
  await editor.page.keyboard.press('Enter');
  await editor.line('{{numbers.exists}} and nothing else.').waitFor();
  await editor.command('File: Save All');
  await expect
    .poll(() => readFileSync(join(editor.folder, 'team.baton.yaml'), 'utf8'), { timeout: 20_000 })
    .toContain('produces: [numbers]');
  await expect
    .poll(() => readFileSync(join(editor.folder, 'writer.md'), 'utf8'))
    .toBe('# What to write\n\nKeep to {{numbers.exists}} and nothing else.\n');
});

test('definition, outline, links and formatting work as in other languages', async () => {
  await editor.openFile('writer.md');
  await editor.goto(3, 13);
  await editor.page.keyboard.press('F12');
  await editor.page.locator('.tab.active').filter({ hasText: 'team.baton.yaml' }).waitFor();
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Ln 7' }).waitFor();
  await editor.page.keyboard.press('Control+Shift+O');
  const outline = editor.page.locator('.quick-input-list .monaco-list-row');
  await outline.filter({ hasText: 'writer' }).first().waitFor();
  await outline.filter({ hasText: 'report' }).first().waitFor();
  await editor.page.keyboard.press('Escape');
  await editor.page.locator('.detected-link').filter({ hasText: 'writer.md' }).first().waitFor();
  await editor.goto(1, 9);
  await editor.page.keyboard.type('     # the version');
  await editor.page.keyboard.press('Enter');
  await editor.command('Format Document');
  await editor.line('baton: 1 # the version').waitFor();
  await editor.page.keyboard.press('Control+Z');
  await editor.page.keyboard.press('Control+Z');
  await editor.command('File: Revert File');
});

test('a prompt file that is missing is marked until it is made', async () => {
  await editor.openFile('team.baton.yaml');
  rmSync(join(editor.folder, 'writer.md'));
  const mark = editor.page.locator('.squiggly-error').first();
  await mark.waitFor();
  writeFileSync(join(editor.folder, 'writer.md'), 'Keep to {{numbers.exists}}.\n');
  await mark.waitFor({ state: 'hidden' });
});

test('one click makes a YAML file a workflow', async () => {
  await editor.openFile('plain.yaml');
  const button = editor.page
    .locator('.editor-actions')
    .getByRole('button', { name: /^Treat This YAML File/ });
  await button.click();
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Baton Workflow' }).waitFor();
  // The editor would forget it when the file is closed.
  await editor.page.getByRole('button', { name: 'Always', exact: true }).click();
  const settings = () => readFileSync(join(editor.folder, '.vscode/settings.json'), 'utf8');
  await expect.poll(settings).toMatch(/"files\.associations": \{\s*"\*\*\/folder-\w+\/plain\.yaml": "baton"/);
  await editor.command('View: Close Editor');
  await editor.openFile('plain.yaml');
  await editor.page.locator('.statusbar-item').filter({ hasText: 'Baton Workflow' }).waitFor();
});
