import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  holderWords,
  keepOverrule,
  lockOwner,
  RunFolder,
  readReviews,
  takeLock,
} from '../../../src/trace/index.js';

const folder = mkdtempSync(join(tmpdir(), 'baton-lock-'));
const path = join(folder, 'run.lock');
const program = join(folder, 'take.mjs');

beforeAll(() =>
  build({
    stdin: {
      resolveDir: join(import.meta.dirname, '../../../src/trace'),
      contents: `import { takeLock } from './lock.js';
        while (Date.now() < Number(process.argv[3]));
        process.stdout.write('lock' in takeLock(process.argv[2]) ? 'has it' : 'has it not');
        process.stdin.resume().on('end', () => process.exit());`,
    },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** Have six processes take the lock in the same millisecond; gives how many have it, while all of them live. */
async function atOnce(): Promise<number> {
  const at = Date.now() + 1500;
  const all = Array.from({ length: 6 }, () => spawn(process.execPath, [program, path, String(at)]));
  const says = await Promise.all(
    all.map(({ stdout }) => new Promise((done) => stdout.once('data', (data) => done(String(data))))),
  );
  for (const { stdin } of all) stdin.end();
  await Promise.all(all.map((child) => new Promise((done) => child.once('exit', done))));
  return says.filter((word) => word === 'has it').length;
}

it('of many that take a lock at once, one has it, also where its owner was killed', async () => {
  for (let round = 0; round < 6; round++) {
    rmSync(path, { force: true });
    // No process has this id.
    if (round > 0) writeFileSync(path, JSON.stringify({ pid: 2 ** 30, started: '1', host: hostname() }));
    expect(await atOnce()).toBe(1);
  }
}, 60_000);

it('one that was killed while it took a lock keeps nobody from it', () => {
  writeFileSync(`${path}.taking`, '');
  const before = Date.now() / 1000 - 60;
  utimesSync(`${path}.taking`, before, before);
  const taken = takeLock(path);
  expect(lockOwner(path)?.pid).toBe(process.pid);
  expect(takeLock(path)).toMatchObject({ heldBy: { pid: process.pid } });
  expect(existsSync(`${path}.taking`)).toBe(false);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ host: hostname() });
  if ('lock' in taken) taken.lock.release();
  expect(lockOwner(path)).toBeUndefined();
});

it.each([
  ['a link to nothing', () => symlinkSync('/nowhere', `${path}.taking`)],
  ['a folder', () => mkdirSync(`${path}.taking`)],
  [
    'a time to come',
    () => {
      writeFileSync(`${path}.taking`, '');
      utimesSync(`${path}.taking`, Date.now() / 1000 + 9999, Date.now() / 1000 + 9999);
    },
  ],
])('%s in a folder that came from elsewhere keeps nobody waiting', (_, lay) => {
  lay();
  const taken = takeLock(path);
  expect(lockOwner(path)?.pid).toBe(process.pid);
  if ('lock' in taken) taken.lock.release();
});

describe.runIf(process.platform === 'linux')('a lock under another name of the host', () => {
  /** A lock of this process, with what differs. */
  const leave = (more: object): Record<string, unknown> => {
    const taken = takeLock(path);
    const own = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if ('lock' in taken) taken.lock.release();
    const left = { ...own, host: 'an-earlier-name', ...more };
    writeFileSync(path, JSON.stringify(left));
    return left;
  };
  const here = (): string[] => (leave({}).place as string).split(' ');

  it('is held as long as its process lives', () => {
    leave({});
    expect(lockOwner(path)?.pid).toBe(process.pid);
    leave({ started: '1' });
    expect(lockOwner(path)).toBeUndefined();
  });

  it('is held by nobody once this machine was started anew', () => {
    const [machine, , processes] = here();
    leave({ place: `${machine} another-boot ${processes}` });
    expect(lockOwner(path) === undefined).toBe(machine !== '');
  });

  it('of another machine is held, and what to do where that is gone is said', () => {
    const [machine, boot] = here();
    for (const place of ['another 1 pid:[1]', ' 1 pid:[1]', `${machine} ${boot} pid:[1]`, undefined]) {
      leave({ place, started: '1' });
      const taken = takeLock(path);
      expect(taken).toMatchObject({ heldBy: { host: 'an-earlier-name' } });
      if ('heldBy' in taken)
        expect(holderWords(taken.heldBy, path)).toBe(
          `process ${process.pid} on an-earlier-name (where that machine is gone for good, remove ${path})`,
        );
    }
    rmSync(path);
  });
});

it('what a person says of several actions at once is all kept', async () => {
  const run = new RunFolder(join(folder, 'run'));
  const said = Array.from({ length: 8 }, (_, at) => ({
    rollout: 'r',
    action: `a.0.${at}`,
    score: at,
    reason: 'as I see it',
    author: 'ann',
  }));
  await Promise.all(said.map((each) => keepOverrule(run, each)));
  const kept = readReviews(run).get('r')!;
  expect(kept.map(({ data }) => (data as { score: number }).score).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
