// What it takes to keep the files that an action changed: our record of a workspace beside `git add` and `git commit` of
// the same files as processes. Run with `node scripts/bench.mjs history`. Both in turns, on the same disk.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Blobs, GitObjects, WorkspaceHistory } from '../../src/trace/index.js';

const actions = Number(process.argv[2] ?? 600);
/** Of the time that git's processes take. */
const most = 0.5;

const home = mkdtempSync(join(tmpdir(), 'baton-bench-'));
const [ours, theirs] = ['ours', 'theirs'].map((name) => {
  mkdirSync(join(home, name));
  return join(home, name);
}) as [string, string];
const git = new GitObjects(join(home, 'workspace.git'));
git.create();
const history = new WorkspaceHistory(ours, 'rollout/main', new Blobs(join(home, 'blobs')), git);
const run = (...args: string[]) => execFileSync('git', ['-C', theirs, ...args], { stdio: 'ignore' });
run('init', '-q');
run('config', 'user.email', 'bench@example.com');
run('config', 'user.name', 'bench');

/** Three files as a role of table-team writes them, other ones each time. */
function write(folder: string, at: number): void {
  for (const [name, bytes] of [
    ['X_train.pkl', 6000],
    ['X_test.pkl', 1500],
    ['y_train.pkl', 700],
  ] as const)
    writeFileSync(join(folder, name), `${at} `.repeat(bytes / 5));
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const kept: number[] = [];
const committed: number[] = [];
for (let at = 0; at < actions; at++) {
  write(ours, at);
  kept.push(timed(() => void history.record(`action ${at}`, Date.now())));
  if (at % Math.ceil(actions / 40) !== 0) continue;
  write(theirs, at);
  committed.push(
    timed(() => {
      run('add', '-A');
      run('commit', '-q', '-m', `action ${at}`);
    }),
  );
}
rmSync(home, { recursive: true, force: true });

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const at = (values: number[], share: number) => sorted(values)[Math.floor((values.length - 1) * share)]!;
const words = (values: number[]) =>
  `median ${at(values, 0.5).toFixed(2)} ms (${at(values, 0.1).toFixed(2)} to ${at(values, 0.9).toFixed(2)})`;
const quarter = Math.floor(actions / 4);
const ratio = at(kept, 0.5) / at(committed, 0.5);
console.log(`history of an action that wrote three files: ${words(kept)}`);
console.log(
  `git add and git commit as processes: ${words(committed)}; ratio ${ratio.toFixed(2)}, at most ${most}`,
);
console.log(
  `the first ${quarter} actions ${at(kept.slice(0, quarter), 0.5).toFixed(2)} ms, the last ${quarter} ${at(kept.slice(-quarter), 0.5).toFixed(2)} ms`,
);
if (ratio > most) process.exitCode = 1;
