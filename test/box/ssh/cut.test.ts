// A link to a real sshd that is cut while a job is sent: what the command line does then, and what it leaves there.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ran, startCli } from '../../integration/cli/command.js';
import { type Sshd, startSshd } from './sshd.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '1', '--select-tasks', '1'];
const train = ['train', ...sizes, '--backend', 'wasm', '--target', 'box', '--detach', '--json'];
let sshd: Sshd;
let folder: string;
/** Programs that a session there finds before all others. */
let first: string;

/** A tar there that takes some of the archive and then ends the session of which it is a part, where `when` holds. */
const cutting = (when: string): string => `#!/bin/sh
if ${when}; then
  dd bs=1024 count=8 of=/dev/null 2>/dev/null
  at=$PPID
  while read -r _ name < "/proc/$at/stat"; case "$name" in "(sshd"*) false;; esac; do
    at=$(cut -d' ' -f4 "/proc/$at/stat")
  done
  kill -9 "$at"
  exit 1
fi
exec /usr/bin/tar "$@"
`;
const cutWhere = (when: string): void => writeFileSync(join(first, 'tar'), cutting(when), { mode: 0o755 });

/** Runs the command line, and ends it where it does not end by itself. */
async function ends(args: string[], limit = 60_000): Promise<Ran> {
  const { child, ended } = startCli(folder, args);
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  return ended.finally(() => clearTimeout(timer));
}

beforeAll(async () => {
  first = mkdtempSync(join(tmpdir(), 'baton-first-'));
  sshd = await startSshd(`${first}:${process.env.PATH}`);
  folder = mkdtempSync(join(tmpdir(), 'baton-cut-'));
  cpSync(template, folder, { recursive: true });
  const { host, config, node, folder: there } = sshd.target;
  mkdirSync(join(folder, '.config/baton'), { recursive: true });
  writeFileSync(
    join(folder, '.config/baton/targets.yaml'),
    `targets:\n  box: {kind: ssh, host: ${host}, config: ${config}, folder: ${there}, node: ${node}}\n`,
  );
});
afterAll(() => {
  sshd?.stop();
  for (const each of [folder, first]) rmSync(each, { recursive: true, force: true });
});

const name = (): string => readdirSync(join(folder, '.baton/jobs')).at(-1)!.replace('.json', '');
const forget = (): void => rmSync(join(folder, '.baton'), { recursive: true, force: true });

it('a training whose upload is cut says so and ends, and resume sends it all', async () => {
  cutWhere('[ "$1" = -xf ]');
  const { code, stderr } = await ends(train);
  expect(stderr).toContain('the connection failed or was cut');
  expect(stderr).toContain(`start it: baton jobs resume ${name()}`);
  expect(code).toBe(3);
  cutWhere('false');
  const resumed = await ends(['jobs', 'resume', name()], 300_000);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stderr).toContain('it starts there from its beginning');
  forget();
});

it('a job that was sent in part is told as that, and can be started or removed', async () => {
  // The program is there; the second upload is the workflow's.
  const cutWork = 'case "$1 $PWD" in "-xf "*/work) true;; *) false;; esac';
  cutWhere(cutWork);
  expect((await ends(train)).code).toBe(3);
  const first = name();
  const attached = await ends(['jobs', 'attach', first]);
  expect(attached.code).toBe(3);
  expect(attached.stderr).toContain(
    `it was never started. Send what is missing and start it with: baton jobs resume ${first}`,
  );
  expect((await ends(['jobs', 'list', 'box'])).stdout).toContain(`${first}: files of it are there`);
  expect((await ends(['jobs', 'cancel', first])).stdout).toContain('it was never started');
  cutWhere('false');
  const resumed = await ends(['jobs', 'resume', first, '--minutes', '60'], 300_000);
  expect(`${resumed.code} ${resumed.code === 0 ? '' : resumed.stderr}`).toBe('0 ');
  expect(resumed.stdout).toContain(`${first} ended with 0`);
  forget();

  cutWhere(cutWork);
  expect((await ends(train)).code).toBe(3);
  const second = name();
  const removed = await ends(['jobs', 'remove', second]);
  expect(`${removed.code} ${removed.stdout}`).toContain(`0 ${second} is removed from box`);
  expect(existsSync(join(sshd.target.folder, 'jobs', second))).toBe(false);
  const gone = await ends(['jobs', 'resume', second, '--target', 'box']);
  expect(`${gone.code} ${gone.stderr}`).toContain(`2 baton: There is no job ${second} there.`);
});
