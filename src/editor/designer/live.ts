import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readLog } from '../../trace/index.js';
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
  const acting = new Set<string>();
  for (const { path } of recent) {
    const open = new Map<string, string>();
    for (const event of readLog(path).events) {
      if (event.type === 'action.started') open.set(event.data.action, event.data.agent);
      if (event.type === 'action.finished') open.delete(event.data.action);
      if (event.type === 'rollout.finished') open.clear();
    }
    for (const agent of open.values()) acting.add(agent);
  }
  return acting;
}
