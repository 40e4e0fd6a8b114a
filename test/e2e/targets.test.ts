import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Sshd, startSshd } from '../box/ssh/sshd.js';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded, repliesFile } from './workflows.js';

const place = join(inject('place'), 'config/baton');
const targets = join(place, 'targets.yaml');
let editor: Editor;
let sshd: Sshd | undefined;
beforeAll(async () => {
  rmSync(targets, { force: true });
  editor = await Editor.open({
    'team.baton.yaml': messageTeam(recorded, ['{id: sea, prompt: the sea}']),
    'replies.jsonl': repliesFile([{ reply: 'short' }]),
  });
  await editor.openFile('team.baton.yaml');
});
afterAll(async () => {
  // The other tours share this user's settings.
  rmSync(targets, { force: true });
  await editor?.close();
  sshd?.stop();
});

test('a target is added from the palette, and one that cannot be reached says why', async () => {
  await editor.showRuns();
  await editor.command('Baton: Add Target');
  await editor.pick('A machine over ssh');
  const input = editor.page.locator('.quick-input-widget input[type=text]');
  const title = editor.page.locator('.quick-input-titlebar');
  await input.fill('-oProxyCommand=x');
  await editor.page.keyboard.press('Enter');
  await title.getByText('does not begin with a dash').waitFor();
  await input.fill('me@nowhere.invalid');
  await editor.pick('me@nowhere.invalid');
  await editor.answer('Add target (3 of 3)', 'gpu-box');
  expect(readFileSync(targets, 'utf8')).toContain('me@nowhere.invalid');
  await editor.row('Targets').waitFor();
  await editor.row(/^gpu-box/).waitFor();
  await editor
    .row(/nowhere\.invalid.*(resolve|not known|reach)|(resolve|not known|reach).*nowhere/i)
    .waitFor();
  await editor.shoot('target-away', ['light']);
});

test.skipIf(!existsSync('/usr/sbin/sshd'))(
  'it is told what a machine has, and a shell opens there',
  async () => {
    sshd = await startSshd();
    const { folder, config, host, node } = sshd.target;
    mkdirSync(place, { recursive: true });
    writeFileSync(
      targets,
      JSON.stringify({ targets: { 'gpu-box': { kind: 'ssh', host, config, folder, node } } }),
    );
    await editor.row(/gpu-box.*ssh box/).waitFor();
    await editor.expand(/gpu-box/);
    await editor.row(/^node.*v?\d+\./).waitFor();
    await editor.row(/^git/).waitFor();
    await editor.shoot('targets', themes);
    const row = editor.row(/gpu-box/);
    await row.hover();
    await row.getByRole('button', { name: 'See What It Has' }).click();
    await editor.row(/^git/).waitFor();
    await row.hover();
    await row.getByRole('button', { name: 'Open a Shell There' }).click();
    const terminal = editor.page.locator('.terminal-wrapper.active');
    await terminal.waitFor();
    await terminal.click();
    await editor.page.keyboard.type(`echo "$SSH_CONNECTION" > ${join(editor.folder, 'there')}`);
    await editor.page.keyboard.press('Enter');
    await expect
      .poll(
        () => existsSync(join(editor.folder, 'there')) && readFileSync(join(editor.folder, 'there'), 'utf8'),
        {
          timeout: 20_000,
        },
      )
      .toMatch(/^127\.0\.0\.1 /);
    await editor.command('Terminal: Kill All Terminals');
  },
);

test('targets.yaml is checked and completed as one types', async () => {
  writeFileSync(targets, 'targets:\n  box:\n    kind: ssh\n    host: -x\n    \n');
  await editor.choose('Targets', 'Edit in targets.yaml');
  await editor.page.locator('.tab.active').filter({ hasText: 'targets.yaml' }).waitFor();
  await editor.page.locator('.editor-group-container.active .squiggly-error').first().waitFor();
  await editor.goto(5, 5);
  await editor.page.keyboard.type('pla');
  const suggestion = editor.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'placement' });
  for (let tries = 0; tries < 5 && !(await suggestion.isVisible()); tries++) {
    await editor.page.keyboard.press('Control+Space');
    await suggestion.waitFor({ timeout: 5000 }).catch(() => undefined);
  }
  await suggestion.click();
  await editor.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'here' }).first().waitFor();
  await editor.photograph('targets-yaml');
  await editor.page.keyboard.type('here');
  await editor.line('placement: here').waitFor();
});
