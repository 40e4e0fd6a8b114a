import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogWriter } from '../../src/trace/index.js';
import { type Ran, startCli } from '../integration/cli/command.js';
import { Editor, themes } from './editor.js';
import { messageTeam, recorded } from './workflows.js';

let editor: Editor;
let training: { ended: Promise<Ran> } | undefined;
beforeAll(async () => {
  const other = messageTeam(recorded, ['{id: sea, prompt: the sea}']);
  editor = await Editor.open({ 'other/other.baton.yaml': other }, 'table-team');
});
afterAll(async () => {
  await editor?.close();
  await training?.ended;
});
const page = () => editor.frame();
const SLOW = 240_000;
const state = (name: string) => page().locator(`.state.${name}`).waitFor({ timeout: SLOW });
/** Press a button until it is gone: a page that is laid out anew in that moment does not get the click. */
async function press(name: string): Promise<void> {
  const button = page().getByRole('button', { name, exact: true });
  await button.waitFor({ timeout: SLOW });
  for (let tries = 0; tries < 6 && (await button.isVisible()); tries++) {
    await button.click({ timeout: 5000 }).catch(() => undefined);
    await button.waitFor({ state: 'hidden', timeout: 20_000 }).catch(() => undefined);
  }
}
const log = () => {
  const runs = join(editor.folder, '.baton/runs');
  return readFileSync(join(runs, readdirSync(runs)[0]!, 'run.jsonl'), 'utf8');
};

test('before anything was trained, the dashboard says what to do', async () => {
  await editor.command('Baton: Open Training Dashboard');
  await page().getByText('No role has been trained in the open folders yet.').waitFor();
  await editor.shoot('dashboard-empty', themes);
});

test('from there a team is trained: which one is asked where there are several, and the last one comes first', async () => {
  const asked = (title: string) => editor.page.locator('.quick-input-widget').filter({ hasText: title });
  const first = editor.page.locator('.quick-input-list .monaco-list-row').first();
  const button = page().getByRole('button', { name: 'Train a team' });
  await button.click();
  await asked('Train which team?').waitFor();
  expect(await first.textContent()).toContain('other.baton.yaml');
  await editor.pick('table-team.baton.yaml');
  await asked('Train which roles?').waitFor();
  await editor.page.keyboard.press('Escape');
  await button.click();
  await asked('Train which team?').waitFor();
  expect(await first.textContent()).toContain('table-team.baton.yaml');
  await editor.page.keyboard.press('Escape');
});

test('it becomes the page of a job that a terminal starts, which is paused, goes on, is cancelled and resumed', async () => {
  training = startCli(editor.folder, ['train', '--steps', '2', '--concurrency', '2']);
  await state('running');
  const places: unknown[] = [];
  const place = async () =>
    places.push(await page().getByRole('button', { name: 'Cancel', exact: true }).boundingBox());
  await place();
  await press('Pause');
  await state('paused');
  await place();
  await press('Continue');
  await state('running');
  await place();
  // Whatever the page says meanwhile, the button stays under the pointer.
  expect(places).toEqual([places[0], places[0], places[0]]);
  await editor.shoot('dashboard-running', themes);
  await press('Cancel');
  await state('cancelled');
  expect((await training.ended).code).toBe(130);
  await press('Resume');
  await state('running');
  await expect.poll(log, { timeout: SLOW }).toContain('"type":"run.resumed"');
  await press('Cancel');
  await state('cancelled');
}, 600_000);

test('an alarm that the log raises is shown on the page, without anything being asked', async () => {
  const [name] = readdirSync(join(editor.folder, '.baton/runs'));
  const { log } = await LogWriter.open(join(editor.folder, '.baton/runs', name!, 'run.jsonl'));
  const message = 'classification rises while regression falls';
  log.append({ type: 'alarm', data: { code: 'strata.diverge', message } });
  await log.close();
  const alarms = page().getByRole('region', { name: 'Alarms' });
  await alarms.getByText(message).waitFor();
  await alarms.getByText('strata.diverge').waitFor();
  await editor.photograph('alarm');
});

test('nothing on its page is refused by the policy it has', () => {
  expect(editor.refused).toEqual([]);
});
