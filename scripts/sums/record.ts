import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';

/** Success of each held-out task (0 or 1), and each role's mean verdict. */
const evaluation = z.object({
  tasks: z.record(z.string(), z.number()),
  roles: z.record(z.string(), z.number()),
});

const record = z.object({
  seed: z.number(),
  steps: z.number(),
  rollouts: z.number(),
  model: z.string(),
  base: z.string(),
  best: z.string(),
  hardware: z.string(),
  commit: z.string(),
  minutes: z.number(),
  before: evaluation,
  after: evaluation,
  curve: z.array(z.object({ step: z.number(), success: z.number() })),
});

export type Evaluation = z.infer<typeof evaluation>;
export type Trained = z.infer<typeof record>;

export const keyOf = ({ seed, steps, rollouts, model }: Wanted): string =>
  `${model}/${rollouts}/${steps}/${seed}`;

/** A training that is asked for. */
export type Wanted = Pick<Trained, 'seed' | 'steps' | 'rollouts' | 'model'>;

export function readRecords(path: string): Trained[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => record.parse(JSON.parse(line)));
}

export function addRecord(path: string, trained: Trained): void {
  appendFileSync(path, `${JSON.stringify(trained)}\n`);
}
