/** One training of the experiment. */
export interface Setting {
  reward: 'action' | 'outcome' | 'shuffled';
  /** Rollouts a step. */
  rollouts: number;
  steps: number;
  seed: number;
}

/** Rollouts that every training spends, so that curves end at the same place. */
const SPENT = 480;

/**
 * The trainings, the most telling first: with 48 rollouts a step each reward (its own scores, one broadcast outcome,
 * scores dealt out at random), then the first two with fewer rollouts a step.
 */
export function plan(seeds: number): Setting[] {
  const of = (rollouts: number, rewards: Setting['reward'][]) =>
    Array.from({ length: seeds }, (_, at) => at + 1).flatMap((seed) =>
      rewards.map((reward) => ({ reward, rollouts, steps: SPENT / rollouts, seed })),
    );
  return [
    ...of(48, ['action', 'shuffled', 'outcome']),
    ...of(8, ['action', 'outcome']),
    ...of(16, ['action', 'outcome']),
  ];
}

export function keyOf({ reward, rollouts, steps, seed }: Setting): string {
  return `${reward}/${rollouts}/${steps}/${seed}`;
}
