// One sandboxed Python action against its floor: the same interpreter under a bare bubblewrap call. Run with
// `node scripts/bench.mjs sandbox`. Both are measured in turns, so that what else the machine does hits both alike.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openSandbox } from '../../src/sandbox/index.js';
import { quantile, spread } from './quantiles.js';

const rounds = Number(process.argv[2] ?? 60);
const most = 1.3;
const program = 'import csv\nprint(sum(range(1000)))\n';

const folder = mkdtempSync(join(tmpdir(), 'baton-bench-'));
const workspace = join(folder, 'work');
mkdirSync(workspace);
writeFileSync(join(workspace, 'program.py'), program);

const opened = await openSandbox({ level: 'bubblewrap' });
if (!opened.ok) throw new Error(JSON.stringify(opened.report, null, 1));
const { sandbox } = opened;
const executable = (
  await promisify(execFile)('python3', ['-c', 'import os, sys; print(os.path.realpath(sys.executable))'])
).stdout.trim();
const prefix = (
  await promisify(execFile)('python3', ['-c', 'import sys; print(sys.base_prefix)'])
).stdout.trim();
const links = ['lib', 'lib64', 'bin'].flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]);
const bare = [
  '--unshare-all',
  '--die-with-parent',
  ...['--ro-bind', '/usr', '/usr', ...links],
  ...(prefix.startsWith('/usr') ? [] : ['--ro-bind', prefix, prefix]),
  ...[
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--tmpfs',
    '/tmp',
    '--bind',
    workspace,
    '/work',
    '--chdir',
    '/work',
  ],
  executable,
];

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

// With -I the interpreter also scans for installed packages; -S leaves that out, as our launcher does.
const floors = { '-I': [] as number[], '-I -S -B': [] as number[] };
const ours: number[] = [];
const limits = { seconds: 10, memoryMb: 512, processes: 16, diskMb: 32, outputKb: 32 };
for (let at = -5; at < rounds; at++) {
  const one = await timed(() => promisify(execFile)('bwrap', [...bare, '-I', 'program.py']));
  const lean = await timed(() => promisify(execFile)('bwrap', [...bare, '-I', '-S', '-B', 'program.py']));
  const two = await timed(async () => {
    const finished = await sandbox.run({ workspace, run: { python: program }, limits });
    if (finished.outcome !== 'ok') throw new Error(JSON.stringify(finished));
  });
  // The first calls warm the file cache and the compiled modules.
  if (at < 0) continue;
  floors['-I'].push(one);
  floors['-I -S -B'].push(lean);
  ours.push(two);
}
await sandbox.close();
rmSync(folder, { recursive: true });

const show = (values: number[]) => spread(values, 1);
console.log(sandbox.describe());
console.log(`one sandboxed action: ${show(ours)}`);
for (const [flags, values] of Object.entries(floors)) {
  const ratio = quantile(ours, 0.5) / quantile(values, 0.5);
  // The lean call is printed for comparison: it cannot import installed packages, ours can.
  const judged = flags === '-I';
  console.log(
    `bare bubblewrap + python ${flags}: ${show(values)}; ratio ${ratio.toFixed(2)}${judged ? `, at most ${most}` : ''}`,
  );
  if (judged && ratio > most) process.exitCode = 1;
}
