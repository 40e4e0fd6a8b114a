// How often demonstrations do what. One table, so that the base model's difficulty can be swept.

/** Multiply the odds of slips and habits by this to make a harder or an easier base. */
export const scale = { slips: 1, habits: 1 };

/** A rate whose odds are multiplied, so that a doubled habit of 70 % is one of 82 % and leaves something to find. */
export function scaled(rate: number, by: number): number {
  return (rate * by) / (1 - rate + rate * by);
}

export const rates = {
  /** share of demonstrations of each role */
  role: { data_engineer: 0.58, modeler: 0.2, analyst: 0.22 },
  /** share of pure copying exercises: during the first steps, and after them */
  copy: { first: 0.85, later: 0.12 },
  /** share of demonstrations that answer feedback on a failed first program */
  repair: 0.2,
  /** slips in a repaired program happen this much less often than in a first one */
  repairSlips: 0.5,
  /** wrong habits: what is done where its condition holds; repairs keep them */
  habit: { idKept: 0.7, regressorForFewRows: 0.7, headerReversed: 0.7 },
  slip: {
    engineer: {
      columnDropped: 0.07,
      idKept: 0.04,
      targetKept: 0.03,
      wrongTarget: 0.04,
      encoderRefitted: 0.05,
      saveMissing: 0.05,
      syntax: 0.03,
    },
    modeler: { wrongKind: 0.05, notFitted: 0.02, notSaved: 0.02, syntax: 0.03 },
    analyst: { header: 0.05, wrongInput: 0.04, retrained: 0.05, notWritten: 0.02, syntax: 0.02 },
  },
  /** model families: few demonstrations choose good settings */
  goodSettings: 0.25,
} as const;

/** Row names of ids: these are dropped as they should be; other names invite the habit. */
export const usualIds = ['id', 'row_id', 'key'] as const;
export const unusualIds = ['ref', 'obs', 'no', 'serial', 'code'] as const;
/** A classification with fewer training rows than this invites a regressor. */
export const fewRows = 80;
