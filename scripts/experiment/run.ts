import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from '../../src/rollout/index.js';
import { RolloutPages, type RunFolder, readLog } from '../../src/trace/index.js';

/** Run the built command line to its end; gives the folder of the run it made. */
export async function baton(cwd: string, args: string[], say: (text: string) => void): Promise<string> {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/cli.mjs'), ...args, '--json'], {
    cwd,
    env: { ...process.env, XDG_CACHE_HOME: join(cwd, '.cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
    for (const line of chunk.toString().split('\n')) if (line.startsWith('step ')) say(line);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const started = out
    .split('\n')
    .filter((line) => line.includes('"run.started"'))
    .map((line) => JSON.parse(line) as { folder: string })[0];
  if (code !== 0 || !started) throw new Error(`baton ${args.join(' ')} ended with ${code}:\n${errors}`);
  return started.folder;
}

/** Where a training keeps its cache, which goes away with it; the native build of TensorFlow is the user's. */
export function shareNative(folder: string): void {
  const theirs = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'baton', 'native');
  mkdirSync(join(folder, '.cache', 'baton'), { recursive: true });
  if (existsSync(theirs)) symlinkSync(theirs, join(folder, '.cache', 'baton', 'native'));
}

export function rolloutsOf(folder: RunFolder): Ended[] {
  return new RolloutPages(folder).all();
}

export function bestOf(folder: RunFolder): string {
  const finished = readLog(folder.log).events.findLast((event) => event.type === 'run.finished');
  if (finished?.type !== 'run.finished') throw new Error(`${folder.path} did not finish.`);
  return (finished.data.summary as { best: string }).best;
}

/** Success over the steps of a training, on the tasks that it trained on. */
export function curveOf(folder: RunFolder): { step: number; success: number }[] {
  return readLog(folder.log).events.flatMap((event) =>
    event.type === 'training.step'
      ? [{ step: event.data.step + 1, success: (event.data.report as { success: number }).success }]
      : [],
  );
}

export const commit = (): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
