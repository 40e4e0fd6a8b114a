// What a killed process left on the host goes when the next sandbox is opened; what a living one uses stays.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openSandbox } from '../../../src/sandbox/index.js';

const temporary = mkdtempSync(join(tmpdir(), 'baton-swept-'));
// Within the package, where it finds the launcher.
const program = join(import.meta.dirname, '../../../dist', `left-running-${process.pid}.mjs`);
const before = process.env.TMPDIR;

beforeAll(async () => {
  process.env.TMPDIR = temporary;
  await build({
    entryPoints: [join(import.meta.dirname, 'left-running.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: program,
    logLevel: 'error',
  });
});
afterAll(() => {
  rmSync(program, { force: true });
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

/** Folders and cgroups whose names say that this process made them. */
function left(pid: number): string[] {
  const roots = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids'];
  const groups = roots.flatMap((root) => deep(root, 3)).filter((name) => name.includes(`/baton-${pid}-`));
  const folders = readdirSync(temporary).filter((name) => name.startsWith(`baton-sandbox-${pid}-`));
  return [...new Set(groups), ...folders];
}

function deep(folder: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...deep(join(folder, entry.name), depth - 1)]);
}

async function running(): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await new Promise<void>((done, failed) => {
    child.stdout.once('data', () => done());
    child.once('exit', () => failed(new Error('it ended')));
  });
  return child as ChildProcess & { pid: number };
}

const ended = (child: ChildProcess) => new Promise<void>((done) => child.once('exit', () => done()));

test('the folder and cgroups of a killed run are swept, those of a running one and of others are not', async () => {
  const [killed, alive] = await Promise.all([running(), running()]);
  const gone = ended(killed);
  killed.kill('SIGKILL');
  await gone;
  expect(left(killed.pid)).not.toEqual([]);
  const kept = left(alive.pid);
  expect(kept).not.toEqual([]);
  const space = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];
  // Of another namespace, whose processes are not seen from here.
  const foreign = join(temporary, `baton-sandbox-4194304-1-${Number(space) + 1}-abcdef`);
  // Of a process whose number was given to another since: this one has not started then.
  const reused = join(temporary, `baton-sandbox-${process.pid}-1-${space}-abcdef`);
  for (const each of [foreign, reused]) mkdirSync(each);

  // The programs of the killed one die with it, a moment later.
  await vi.waitFor(async () => {
    const opened = await openSandbox({ level: 'bubblewrap' });
    if (!opened.ok) throw new Error(JSON.stringify(opened.report));
    await opened.sandbox.close();
    expect(left(killed.pid)).toEqual([]);
  }, 10_000);
  expect(left(alive.pid)).toEqual(kept);
  expect([statSync(foreign).isDirectory(), existsSync(reused)]).toEqual([true, false]);
}, 60_000);
