import type { Run } from '../runs/run.js';
import { underWay } from '../runs/under-way.js';
import type { Scores } from '../scores/book.js';
import { bandOf } from '../scores/stats.js';
import type { Live } from './graph.js';

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
  return { scores: found, acting: new Set(goes ? underWay(run).flatMap(({ acting }) => acting) : []) };
}
