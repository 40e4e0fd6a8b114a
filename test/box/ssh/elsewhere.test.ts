// A job that another machine sent: what can be done with it from here.
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../integration/cli/command.js';
import { machineOf } from './machine.js';
import { type Sshd, startSshd } from './sshd.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
let sshd: Sshd;
let sender: string;
let job: string;
const folders: string[] = [];

/** A folder of another machine, with a cache and the same target of its own. */
function machine(): string {
  const folder = machineOf(sshd);
  folders.push(folder);
  return folder;
}

beforeAll(async () => {
  sshd = await startSshd();
  sender = machine();
  cpSync(template, sender, { recursive: true });
  const { code, stderr } = await runCli(sender, ['train', ...sizes, '--backend', 'wasm', '--target', 'box']);
  expect(`${code} ${code === 0 ? '' : stderr}`).toBe('0 ');
  [job] = readdirSync(join(sender, '.baton/runs')) as [string];
});
afterAll(() => {
  sshd?.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

it('is gone on with in a folder that holds its workflow, and in no other', async () => {
  const resume = ['jobs', 'resume', job, '--target', 'box'];
  const empty = machine();
  mkdirSync(join(empty, 'a.baton.yaml'));
  const refused = await runCli(empty, resume);
  expect(`${refused.code} ${refused.stderr}`).toContain(
    `2 baton: ${job} is of the workflow table-team.baton.yaml, which is not in ${empty}. Its files are sent again`,
  );
  const other = machine();
  cpSync(template, other, { recursive: true });
  const resumed = await runCli(other, resume);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain(`${job} goes on there`);
  // An earlier version kept no record there.
  rmSync(join(sshd.target.folder, 'jobs', job, 'job.json'));
  const unknown = await runCli(other, resume);
  expect(`${unknown.code} ${unknown.stderr}`).toContain(
    `2 baton: ${job} was not sent from ${other}, and box does not say which workflow it is of. Resume it in the folder`,
  );
});

it('is not fetched over what went on here', async () => {
  const fetch = () => runCli(sender, ['jobs', 'fetch', job]);
  const log = join(sender, '.baton/runs', job, 'run.jsonl');
  // It went on there meanwhile.
  expect((await fetch()).code).toBe(0);
  appendFileSync(log, 'mine\n');
  const kept = await fetch();
  expect(`${kept.code} ${kept.stderr}`).toContain(
    '1 file changed here since, and not there; not written over',
  );
  appendFileSync(join(sshd.target.folder, 'jobs', job, 'work/.baton/runs', job, 'run.jsonl'), 'theirs\n');
  const refused = await fetch();
  expect(`${refused.code} ${refused.stderr}`).toContain('run.jsonl changed there, and here as well');
  expect(refused.code).toBe(3);
});

it('is followed, fetched and looked at from the folder above its workflow, with the words that are printed', async () => {
  const above = machine();
  cpSync(template, join(above, 'my team'), { recursive: true });
  const more = ['--backend', 'wasm', '--target', 'box', '--detach', '--json'];
  const started = await runCli(above, ['train', 'my team/table-team.baton.yaml', ...sizes, ...more]);
  expect(`${started.code} ${started.code === 0 ? '' : started.stderr}`).toBe('0 ');
  const [, name] = /jobs attach (\S+)/.exec(started.stderr)!;
  const attached = await runCli(above, ['jobs', 'attach', name!]);
  expect(`${attached.code} ${attached.code === 0 ? '' : attached.stderr}`).toBe('0 ');
  expect(readdirSync(above)).not.toContain('.baton');
  expect(readdirSync(join(above, 'my team/.baton/runs'))).toEqual([name]);
  const [, shown] = /Look at it with: baton show '(.*)'/.exec(attached.stdout)!;
  expect(await runCli(above, ['show', shown!])).toMatchObject({ code: 0, stderr: '' });
  expect((await runCli(above, ['jobs', 'fetch', name!])).stderr).toContain('fetched 0 files of the log');
  expect((await runCli(above, ['jobs', 'remove', name!])).code).toBe(0);
  expect(readdirSync(join(above, 'my team/.baton/jobs'))).toEqual([]);
  const gone = await runCli(above, ['jobs', 'attach', name!]);
  expect(gone).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`No job ${name} was sent from this folder`),
  });
});

it('that is not there is not fetched, removed, cancelled or followed', async () => {
  const folder = machine();
  for (const what of ['fetch', 'remove', 'cancel', 'attach']) {
    const ran = await runCli(folder, ['jobs', what, 'nosuch', '--target', 'box', '--json']);
    expect(`${what} ${ran.code} ${ran.stdout}`).toContain(`${what} 2 {"error":{"code":"job.unknown"`);
    expect(ran.stderr).toContain('There is no job nosuch on box. See those that are: baton jobs list TARGET');
  }
  expect(readdirSync(folder)).not.toContain('.baton');
  // What was noted here of one that somebody else removed can be forgotten.
  mkdirSync(join(folder, '.baton/jobs'), { recursive: true });
  const note = join(folder, '.baton/jobs/lost.json');
  writeFileSync(note, '{"target": "box", "workflow": "a.baton.yaml", "engine": []}');
  const removed = await runCli(folder, ['jobs', 'remove', 'lost']);
  expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing of lost is on box') });
  expect(existsSync(note)).toBe(false);
});
