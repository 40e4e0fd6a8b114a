import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

const table = z.object({
  stratum: z.string(),
  success: z.number(),
  /** The fair score on 0..1. */
  score: z.number(),
  /** Mean raw score on 0..1 of rollouts with a valid result; null without one. */
  raw: z.number().nullable(),
});

const evaluation = z.object({
  /** Before training, or the checkpoint that was best on select. */
  which: z.enum(['before', 'after']),
  temperature: z.number(),
  tables: z.record(z.string(), table),
  roles: z.record(z.string(), z.number()),
  repaired: z.object({ failed: z.number(), repaired: z.number() }),
});

const record = z.object({
  reward: z.enum(['action', 'outcome', 'shuffled']),
  rollouts: z.number(),
  steps: z.number(),
  seed: z.number(),
  wrong: z.number(),
  backend: z.string(),
  commit: z.string(),
  base: z.string(),
  minutes: z.number(),
  evaluations: z.array(evaluation),
  /** Success of the rollouts of each step, which trained tables and temperature 1 gave. */
  curve: z.array(z.object({ step: z.number(), success: z.number() })),
});

export type Evaluation = z.infer<typeof evaluation>;
export type Trained = z.infer<typeof record>;

export function readRecords(path: string): Trained[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => record.parse(JSON.parse(line)));
}

export function addRecord(path: string, trained: Trained): void {
  appendFileSync(path, `${JSON.stringify(trained)}\n`);
}
