// Records the run that ships with the extension (media/sample): a few held-out tables through the example team, in a
// real sandbox, kept where at least one role broke the work. `node scripts/record-sample.mjs`
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT = 1024 * 1024;
const NAME = '20260101-090000-run-sample';
process.chdir(join(import.meta.dirname, '..'));
const cli = join(process.cwd(), 'dist', 'cli.mjs');
const folder = mkdtempSync(join(tmpdir(), 'baton-sample-'));
const baton = (...args) => {
  const done = spawnSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.status !== 0) throw new Error(`baton ${args.join(' ')} ended with ${done.status}`);
  return done.stdout;
};
baton('init', '--template', 'table-team');
baton('run', '--split', 'test', '--limit', '16', '--seed', '1', '--concurrency', '2', '--json');
const runs = join(folder, '.baton', 'runs');
const from = join(runs, readdirSync(runs)[0]);
const to = join('media', 'sample', 'runs', NAME);
rmSync(join('media', 'sample'), { recursive: true, force: true });
mkdirSync(to, { recursive: true });
for (const part of ['rollouts', 'blobs', 'reviews'])
  cpSync(join(from, part), join(to, part), { recursive: true });
// Who recorded it, and where, is nobody's business; no check sum covers run.json, and run.jsonl is written anew.
const info = JSON.parse(readFileSync(join(from, 'run.json'), 'utf8'));
writeFileSync(
  join(to, 'run.json'),
  `${JSON.stringify({ ...info, run: NAME, file: '/sample/table-team.baton.yaml', engine: { ...info.engine, reasons: [] }, git: { commit: null, dirty: false } }, null, 2)}\n`,
);
const { encodeLine } = await bundledLine();
let prev = '0'.repeat(16);
const lines = readFileSync(join(from, 'run.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const written = lines.map((event, seq) => {
  const data = event.type === 'run.started' ? { ...event.data, pid: 1, host: 'sample' } : event.data;
  const { line, sum } = encodeLine({ type: event.type, data }, seq, event.at, prev);
  prev = sum;
  return line;
});
writeFileSync(join(to, 'run.jsonl'), `${written.join('\n')}\n`);
rmSync(folder, { recursive: true, force: true });
const size = sizeOf('media/sample');
const failed = lines.filter(
  ({ type, data }) => type === 'rollout.ended' && data.outcome?.success !== true,
).length;
console.log(`media/sample: ${(size / 1024).toFixed(0)} KB, ${failed} rollouts failed`);
if (size > LIMIT || failed === 0) process.exitCode = 1;

async function bundledLine() {
  const { build } = await import('esbuild');
  const outfile = join(tmpdir(), `baton-line-${process.pid}.mjs`);
  await build({
    entryPoints: ['src/trace/line.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const module = await import(outfile);
  rmSync(outfile);
  return module;
}

function sizeOf(path) {
  const stat = statSync(path);
  return stat.isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : stat.size;
}
