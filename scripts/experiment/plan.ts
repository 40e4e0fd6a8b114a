/** One training of the experiment. */
export interface Setting {
  reward: 'action' | 'outcome' | 'shuffled';
  /** Rollouts a step. */
  rollouts: number;
  steps: number;
  seed: number;
  /** Factor on how often the demonstrations of the base kept a wrong habit; 1 is the shipped base. */
  habits: number;
}

/** Rollouts that every training spends, so that curves end at the same place. */
const SPENT = 480;

/**
 * The trainings, the most telling first: with 48 rollouts a step each reward (its own scores, one broadcast outcome,
 * scores dealt out at random), then the first two with fewer rollouts a step, then all on bases whose wrong habits
 * are half and twice as frequent.
 */
export function plan(seeds: number): Setting[] {
  const of = (sizes: number[], rewards: Setting['reward'][], habits = 1) =>
    Array.from({ length: seeds }, (_, at) => at + 1).flatMap((seed) =>
      sizes.flatMap((rollouts) =>
        rewards.map((reward) => ({ reward, rollouts, steps: SPENT / rollouts, seed, habits })),
      ),
    );
  return [
    ...of([48], ['action', 'shuffled', 'outcome']),
    ...of([8, 16], ['action', 'outcome']),
    ...[2, 0.5].flatMap((habits) => of([48, 8, 16], ['action', 'outcome'], habits)),
  ];
}

export function keyOf({ reward, rollouts, steps, seed, habits }: Setting): string {
  return `${reward}/${rollouts}/${steps}/${seed}${habits === 1 ? '' : `/habits x${habits}`}`;
}
