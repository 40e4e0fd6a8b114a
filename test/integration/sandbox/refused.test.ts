// A host that lets an ordinary user make no namespaces: the kernel itself says no.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cli, folderWith } from '../cli/command.js';

const run = promisify(execFile);
/** As root of a user namespace in which no further one can be made. */
const refusing = (args: string[]) =>
  run(
    'unshare',
    [
      '-Ur',
      'sh',
      '-c',
      'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"',
      process.execPath,
      cli,
      ...args,
    ],
    {
      cwd: folderWith({}),
    },
  ).catch((error: { stdout: string; stderr: string; code: number }) => error);

test('refused namespaces: a container, the very setting, and the opt-out that is logged, in this order', async () => {
  const { stdout } = await refusing(['doctor', '--json']);
  const { ok, findings } = JSON.parse(stdout) as {
    ok: boolean;
    findings: { what: string; works: boolean; why: string; todo: string[] }[];
  };
  expect(ok).toBe(false);
  const found = findings.find(({ what }) => what === 'sandbox: bubblewrap')!;
  expect(found.works).toBe(false);
  expect(found.why).toContain('does not let an ordinary user make namespaces');
  expect(found.todo).toEqual([
    expect.stringMatching(/^Docker.*docker pull python:3.12-slim$/),
    expect.stringContaining('sudo sysctl user.max_user_namespaces='),
    expect.stringContaining('--sandbox none'),
  ]);
});
