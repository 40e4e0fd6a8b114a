import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Sshd, startSshd } from '../box/ssh/sshd.js';
import { Editor, themes } from './editor.js';

const name = 'table-team.baton.yaml';
const place = join(inject('place'), 'config/baton');
const targets = join(place, 'targets.yaml');
let editor: Editor;
let sshd: Sshd | undefined;
beforeAll(async () => {
  editor = await Editor.open({}, 'table-team');
  const file = join(editor.folder, name);
  const text = readFileSync(file, 'utf8').replace('per_table: 12', 'per_table: 1');
  writeFileSync(file, text.replace('rollouts: 48', 'rollouts: 4').replace('steps: 10', 'steps: 1'));
  mkdirSync(place, { recursive: true });
  await editor.openFile(name);
});
afterAll(async () => {
  // The other tours share this user's settings.
  rmSync(targets, { force: true });
  await editor?.close();
  sshd?.stop();
});

async function trainOn(target: string, steps = 1): Promise<void> {
  await editor.command('Baton: Train Team');
  await editor.page
    .locator('.quick-input-widget')
    .filter({ hasText: 'Train which roles? (1 of 4)' })
    .waitFor();
  await editor.page.keyboard.press('Enter');
  await editor.pick(`${steps} steps`);
  await editor.pick('No limit');
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Where? (4 of 4)' }).waitFor();
  await editor.pick(target);
  await editor.page.locator('.quick-input-widget').filter({ hasText: 'Start training?' }).waitFor();
  await editor.pick('Train');
}

test('where to train is asked of those who have targets, in every theme', async () => {
  writeFileSync(targets, 'targets: {nowhere: {kind: ssh, host: nowhere.invalid}}\n');
  for (const theme of themes) {
    await editor.theme(theme);
    await editor.command('Baton: Train Team');
    await editor.page.locator('.quick-input-widget').filter({ hasText: 'Train which roles?' }).waitFor();
    await editor.page.keyboard.press('Enter');
    await editor.pick('1 steps');
    await editor.pick('No limit');
    await editor.page.locator('.quick-input-list').getByText('ssh nowhere.invalid').waitFor();
    await editor.photograph(`where-${theme}`);
    await editor.page.keyboard.press('Escape');
  }
});

test('a target that cannot be reached is told as it is, and nothing is started', async () => {
  writeFileSync(targets, 'targets: {nowhere: {kind: ssh, host: nowhere.invalid}}\n');
  await trainOn('nowhere');
  const toast = editor.page.locator('.notification-toast').filter({ hasText: `${name} on nowhere:` });
  await toast.first().waitFor();
  expect(existsSync(join(editor.folder, '.baton/runs'))).toBe(false);
  await editor.command('Notifications: Clear All Notifications');
});

test.skipIf(!existsSync('/usr/sbin/sshd'))(
  'a target is trained on, and its run comes back verified',
  async () => {
    sshd = await startSshd();
    const { folder, config, host, node } = sshd.target;
    writeFileSync(
      targets,
      JSON.stringify({ targets: { 'gpu-box': { kind: 'ssh', host, config, folder, node } } }),
    );
    await trainOn('gpu-box');
    await editor.page
      .locator('.notification-toast')
      .filter({ hasText: `${name} on gpu-box has ended` })
      .first()
      .waitFor({ timeout: 300_000 });
    const runs = readdirSync(join(editor.folder, '.baton/runs'));
    expect(runs).toHaveLength(1);
    await editor.showRuns();
    await editor.row(/^table-team/).waitFor();
    await editor.shoot('fetched');
    await editor.expand('Targets');
    await editor.expand(/^gpu-box/);
    const job = editor.row(/^Job, ended.*step 1 of 1/);
    await job.hover();
    await job.getByRole('button', { name: 'Attach' }).click();
    await editor.page
      .locator('.notification-toast')
      .filter({ hasText: /-train-\w+ on gpu-box has ended/ })
      .first()
      .waitFor({ timeout: 60_000 });
    expect(readdirSync(join(editor.folder, '.baton/runs'))).toHaveLength(1);
  },
  400_000,
);

const stops = async (how: string) => {
  const progress = editor.page.locator('.notification-toast').filter({ hasText: 'closing this window' });
  await progress.hover();
  await progress.getByRole('button', { name: 'Cancel' }).click();
  await editor.page.locator('.monaco-dialog-box').getByRole('button', { name: how }).click();
};
const toast = (says: RegExp) => editor.page.locator('.notification-toast').filter({ hasText: says }).first();

test.skipIf(!existsSync('/usr/sbin/sshd'))(
  'what trains on a target is left alone by who only stops watching, and then cancelled',
  async () => {
    await editor.command('Notifications: Clear All Notifications');
    const jobs = join(sshd!.target.folder, 'jobs');
    const before = readdirSync(jobs);
    const begun = () =>
      readdirSync(jobs).filter((name) => !before.includes(name) && existsSync(join(jobs, name, 'pid')));
    await trainOn('gpu-box', 30);
    await expect.poll(begun, { timeout: 120_000 }).toHaveLength(1);
    const [job] = begun();
    // The client has been told that the job is there once it shows what it says.
    await expect
      .poll(() => existsSync(join(jobs, job!, 'work/.baton/runs', job!, 'run.jsonl')), { timeout: 120_000 })
      .toBe(true);
    await stops('Stop Watching');
    await toast(/goes on on gpu-box/).waitFor();
    const pid = Number(readFileSync(join(jobs, job!, 'pid'), 'utf8').split(' ')[0]);
    process.kill(pid, 0);
    await editor.command('Notifications: Clear All Notifications');
    await editor.showRuns();
    await editor.row(/^gpu-box/).hover();
    await editor
      .row(/^gpu-box/)
      .getByRole('button', { name: 'See What It Has' })
      .click();
    const row = editor.row(/^Job, running/);
    await row.hover();
    await row.getByRole('button', { name: 'Attach' }).click();
    await stops('Cancel the Training');
    await toast(/was cancelled; what it has done is here/).waitFor({ timeout: 120_000 });
    expect(existsSync(join(jobs, job!, 'exit'))).toBe(true);
    await editor.command('Notifications: Clear All Notifications');
    // The next one is cancelled at its row, by somebody who does not watch it.
    before.push(job!);
    await trainOn('gpu-box', 30);
    await expect.poll(begun, { timeout: 120_000 }).toHaveLength(1);
    const [next] = begun();
    await stops('Stop Watching');
    await toast(/goes on on gpu-box/).waitFor();
    await editor.row(/^gpu-box/).hover();
    await editor
      .row(/^gpu-box/)
      .getByRole('button', { name: 'See What It Has' })
      .click();
    await row.hover();
    await row.getByRole('button', { name: 'Cancel Job' }).click();
    await expect.poll(() => existsSync(join(jobs, next!, 'exit')), { timeout: 60_000 }).toBe(true);
    await row.waitFor({ state: 'detached' });
  },
  400_000,
);
