import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { type LogEvent, RunFolder, readLog } from '../../../src/trace/index.js';
import { randomFrom } from '../../../src/workflow/index.js';
import { startCli } from './command.js';

const template = join(import.meta.dirname, '../../../media/templates/table-team');
const STEPS = 2;
const ARGS = ['--steps', String(STEPS), '--rollouts', '6', '--eval-tasks', '2', '--select-tasks', '2'];
const KILLS = Number(process.env.BATON_TEST_KILLS ?? 4);

function team(): string {
  const folder = mkdtempSync(join(tmpdir(), 'baton-train-'));
  cpSync(template, folder, { recursive: true });
  return folder;
}

const train = (folder: string) =>
  startCli(folder, ['train', ...ARGS, '--deterministic', '--backend', 'wasm']);

function runOf(folder: string): RunFolder {
  const runs = join(folder, '.baton/runs');
  return new RunFolder(join(runs, readdirSync(runs)[0]!));
}

const begun = (folder: string) =>
  existsSync(join(folder, '.baton/runs')) && readLog(runOf(folder).log).events.length > 0;

const finished = (events: LogEvent[]) =>
  events.findLast((event) => event.type === 'run.finished')?.data.summary as {
    best: string;
    policies: Record<string, string>;
  };
const hashes = (events: LogEvent[]) =>
  events.flatMap((event) => (event.type === 'checkpoint.saved' ? [event.data.hashes] : []));

/** Every version that the engine keeps, by its hash. */
function versions(folder: string, run: RunFolder): Record<string, string> {
  const policies = join(folder, '.cache/baton/engines', run.name, 'policies');
  return Object.fromEntries(
    readdirSync(policies).flatMap((role) =>
      readdirSync(join(policies, role)).map((version) => [
        `${role}@${version}`,
        JSON.parse(readFileSync(join(policies, role, version, 'made.json'), 'utf8')).hash as string,
      ]),
    ),
  );
}

let whole: { events: LogEvent[]; versions: Record<string, string>; milliseconds: number };
beforeAll(async () => {
  const folder = team();
  const ended = await train(folder).ended;
  expect(ended.code, ended.stderr).toBe(0);
  const { events } = readLog(runOf(folder).log);
  const milliseconds = events.at(-1)!.at - events[0]!.at;
  whole = { events, versions: versions(folder, runOf(folder)), milliseconds };
}, 240_000);

/** Train with a `kill -9` at random moments, at most `most`; returns how often it was killed before it was through. */
async function killed(most: number, random: () => number): Promise<number> {
  const folder = team();
  let going = train(folder);
  // Before there is a run there is nothing to go on with.
  await vi.waitUntil(() => begun(folder), { timeout: 60_000 });
  let kills = 0;
  let seen = 0;
  for (;;) {
    const pause = whole.milliseconds * (0.25 + 0.6 * random());
    const ended = await Promise.race([
      going.ended,
      new Promise<undefined>((later) => {
        setTimeout(() => later(undefined), kills < most ? pause : 1e9).unref();
      }),
    ]);
    if (ended) {
      expect(ended.code, ended.stderr).toBe(0);
      break;
    }
    going.child.kill('SIGKILL');
    await going.ended;
    kills += 1;
    const { events, damage } = readLog(runOf(folder).log);
    expect(damage).toEqual([]);
    // No event that was on disk is ever lost.
    expect(events.length).toBeGreaterThanOrEqual(seen);
    seen = events.length;
    going = startCli(folder, ['resume']);
  }
  const run = runOf(folder);
  const { events } = readLog(run.log);
  const updates = events.flatMap((event) =>
    event.type === 'training.update' ? [`${event.data.step}/${event.data.role}`] : [],
  );
  expect(new Set(updates).size).toBe(updates.length);
  expect(updates.length).toBe(STEPS * 3);
  expect(versions(folder, run)).toEqual(whole.versions);
  expect(hashes(events)).toEqual(hashes(whole.events));
  expect(finished(events).policies).toEqual(finished(whole.events).policies);
  return kills;
}

test(`kill -9 ${KILLS} times at random moments of a training: it goes on, and its weights are those of a run that was never stopped`, {
  timeout: 240_000 + KILLS * 60_000,
}, async () => {
  const random = randomFrom('kills of a training');
  // A training that is through before it was killed often enough is followed by another one.
  for (let left = KILLS; left > 0; ) {
    const kills = await killed(left, random);
    expect(kills).toBeGreaterThan(0);
    left -= kills;
  }
});
