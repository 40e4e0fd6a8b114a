/** One training of the experiment. */
export interface Setting {
  reward: 'action' | 'outcome' | 'shuffled';
  /** Rollouts a step. */
  rollouts: number;
  steps: number;
  seed: number;
  /** Factor on the odds of slips and wrong habits in the base's demonstrations; 1 is the shipped base. */
  wrong: number;
}

/** Rollouts that every training spends, so that curves end at the same place. */
const SPENT = 480;

/**
 * The trainings, the most telling first: with 48 rollouts a step each reward (its own scores, one broadcast outcome,
 * scores dealt out at random), then the first two with fewer rollouts a step, then on a base whose demonstrations were
 * wrong twice as often, and the first on one where they were half as often.
 */
export function plan(seeds: number): Setting[] {
  const of = (sizes: number[], rewards: Setting['reward'][], wrong = 1) =>
    Array.from({ length: seeds }, (_, at) => at + 1).flatMap((seed) =>
      sizes.flatMap((rollouts) =>
        rewards.map((reward) => ({ reward, rollouts, steps: SPENT / rollouts, seed, wrong })),
      ),
    );
  return [
    ...of([48], ['action', 'shuffled', 'outcome']),
    ...of([8, 16], ['action', 'outcome']),
    ...of([48, 8, 16], ['action', 'outcome'], 2),
    ...of([48], ['action'], 0.5),
  ];
}

export function keyOf({ reward, rollouts, steps, seed, wrong }: Setting): string {
  return `${reward}/${rollouts}/${steps}/${seed}${wrong === 1 ? '' : `/wrong x${wrong}`}`;
}
