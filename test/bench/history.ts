// What it takes to keep the files that an action changed: our record of a workspace beside `git add` and `git commit` of
// the same files as processes. Run with `node scripts/bench.mjs history`. Both by turns, on the same disk. On ext4 all
// that makes files is several times slower where many were removed just before: it gives out no inode that it freed a
// short while ago, and looks at each of them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Blobs, GitObjects, WorkspaceHistory } from '../../src/trace/index.js';
import { quantile, spread } from './quantiles.js';

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
// In blocks, since what git syncs to the disk holds up whatever is written just after it.
for (let block = 0; block < 4; block++) {
  for (let at = 0; at < actions / 4; at++) {
    const name = `action ${kept.length}`;
    write(ours, kept.length);
    kept.push(timed(() => void history.record(name, Date.now())));
  }
  for (let at = 0; at < 10; at++) {
    write(theirs, committed.length);
    committed.push(
      timed(() => {
        run('add', '-A');
        run('commit', '-q', '-m', `action ${committed.length}`);
      }),
    );
  }
}
rmSync(home, { recursive: true, force: true });

const words = (values: number[]) => spread(values, 2);
const middle = (values: number[]) => quantile(values, 0.5);
const quarter = Math.floor(actions / 4);
const ratio = middle(kept) / middle(committed);
console.log(`history of an action that wrote three files: ${words(kept)}`);
console.log(
  `git add and git commit as processes: ${words(committed)}; ratio ${ratio.toFixed(2)}, at most ${most}`,
);
console.log(
  `the first ${quarter} actions ${middle(kept.slice(0, quarter)).toFixed(2)} ms, the last ${quarter} ${middle(kept.slice(-quarter)).toFixed(2)} ms`,
);
if (ratio > most) process.exitCode = 1;
