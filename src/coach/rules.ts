import type { FailureCode } from '../workflow/index.js';

/** Scores by failure, after the bands of MAPPA: 0-1 useless, 2-3 flawed or causing a downstream failure, 4-5 errors. */
export const failureScores: Partial<Record<FailureCode, number>> = {
  'program.none': 0,
  'artifact.missing': 1,
  'artifact.unreadable': 1,
  'artifact.unsafe': 0,
  'artifact.overwritten': 1,
  'program.failed': 1,
  'program.timeout': 1,
  'program.memory': 1,
  'program.limit': 1,
  'model.unfitted': 1,
  'model.wrong-kind': 1,
  'target.leaked': 1,
};
export const OTHER_FAILURE = 2;
/** A broken first turn that its agent repaired afterwards. */
export const REPAIRED = 3;

/** Which breach is named where an action has several: the earlier one explains the later ones. */
export const causes: FailureCode[] = [
  'artifact.overwritten',
  'artifact.unsafe',
  'target.leaked',
  'id.leaked',
  'encoder.refit',
  'model.wrong-kind',
  'model.unfitted',
  'artifact.missing',
  'artifact.unreadable',
  'columns.dropped',
  'rows.mismatch',
  'columns.mismatch',
  'values.missing',
  'model.replaced',
];

export const advice: Partial<Record<FailureCode, string>> = {
  'artifact.missing': 'Write every artifact you owe before the program ends.',
  'artifact.unread': 'Read what you were handed and work from it.',
  'artifact.overwritten': 'Leave the artifacts of other roles as they are.',
  'target.leaked': 'Take the target out of the features before encoding.',
  'id.leaked': 'An id says nothing about a new row: leave it out of the features.',
  'encoder.refit': 'Fit the encoder on the training rows only, and use that one encoder for both tables.',
  'columns.mismatch':
    'Give both tables the same columns in the same order, and use the header that was asked for.',
  'columns.dropped': 'Keep every feature that the task lists.',
  'rows.mismatch': 'Keep every row exactly once.',
  'values.missing': 'Fill missing values from the training rows.',
  'model.wrong-kind': 'A classification task needs a classifier, a regression task a regressor.',
  'model.unfitted': 'Fit the model before you save it.',
  'model.replaced': 'Predict with the model you were handed, exactly as it is.',
  'program.failed': 'Read the last line of the error and mend that line of the program.',
  'program.none': 'Reply with one fenced python program.',
  'reply.truncated': 'Write a shorter program.',
  'reply.filtered': 'Say it in other words, or let another model act.',
};

/**
 * Score of an action that broke nothing. `above` is what the rollout reached over its fallback, as a share of what
 * there was to reach (at most 1, below 0 under the fallback; null: unknown). `makes` says whether this role's work
 * decides the result, which is then scored by it: 5, the band of errors, where it is no better than a failure is
 * charged. The others are capped by it.
 */
export function cleanScore(above: number | null, success: boolean | null, makes: boolean): number {
  if (above === null || success !== true) return 8;
  return makes ? 5 + 5 * Math.max(0, above) : above < 0 ? 8 : 9;
}
