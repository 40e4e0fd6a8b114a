import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LogEvent, LogTail } from '../../trace/index.js';
import type { Run } from '../runs/run.js';
import type { Scores } from '../scores/book.js';
import { bandOf } from '../scores/stats.js';
import type { Live } from './graph.js';

const RECENT_MS = 120_000;
const LOOKED_AT = 12;

/** What a run says of the roles: their scores, and who is acting where it goes on. */
export function liveOf(run: Run | undefined, scores: Scores): Live {
  if (!run) return { scores: new Map(), acting: new Set() };
  const found: Live['scores'] = new Map(
    [...scores.of(run).roles].flatMap(([name, { mean, known }]) => {
      const band = bandOf(mean);
      return mean === null || band === 'none' ? [] : [[name, { mean, known, band }] as const];
    }),
  );
  const goes = run.state() === 'running';
  return { scores: found, acting: goes ? actingIn(run) : new Set() };
}

/** What is open in a rollout's log: action to agent; the log is read on from where it was. */
interface Followed {
  tail: LogTail;
  open: Map<string, string>;
}

const followed = new WeakMap<Run, Map<string, Followed>>();

/** Roles whose action has begun and not ended, in the rollouts that were written to last. */
function actingIn(run: Run): Set<string> {
  const folder = dirname(run.folder.rollout('any'));
  if (!existsSync(folder)) return new Set();
  const now = Date.now();
  const recent = readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => ({ path: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .filter(({ at }) => now - at < RECENT_MS)
    .sort((a, b) => b.at - a.at)
    .slice(0, LOOKED_AT);
  const before = followed.get(run);
  const known = new Map(
    recent.map(({ path }) => [path, before?.get(path) ?? { tail: new LogTail(path), open: new Map() }]),
  );
  followed.set(run, known);
  const acting = new Set<string>();
  for (const { tail, open } of known.values()) {
    for (let found = tail.read(); found; found = tail.read())
      for (const { event } of found) follow(open, event);
    for (const agent of open.values()) acting.add(agent);
  }
  return acting;
}

function follow(open: Map<string, string>, event: LogEvent): void {
  if (event.type === 'action.started') open.set(event.data.action, event.data.agent);
  if (event.type === 'action.finished') open.delete(event.data.action);
  if (event.type === 'rollout.finished') open.clear();
}
