import * as l10n from '@vscode/l10n';
import { suggestion } from './source/nearest.js';

/** The closed list of failure codes, each with what it means. A workflow adds its own as `x.<name>`. */
export const failureCodes = {
  'artifact.missing': 'an artifact that the role owed was not written',
  'artifact.unreadable': 'an artifact is there and cannot be read as its kind',
  'artifact.unsafe': 'an artifact is a link, a device or something else that is not plain data',
  'artifact.overwritten': 'the role changed an artifact that another role owns',
  'artifact.unread': 'the role never read an artifact it was handed',
  'contract.broken': 'a check of the contract does not hold',
  'schema.mismatch': 'a JSON artifact does not match its schema',
  'columns.mismatch': 'the columns differ from what was agreed',
  'columns.dropped': 'columns that were asked for are not there',
  'rows.mismatch': 'the number of rows differs from what was agreed',
  'values.missing': 'there are missing values where none may be',
  'values.constant': 'the predictions are all the same',
  'target.leaked': 'the target is among the features',
  'id.leaked': 'the id column is among the features',
  'encoder.refit': 'an encoder was fitted on test data',
  'model.wrong-kind': 'the model does not fit the kind of task',
  'model.unfitted': 'the model was saved before it was fitted',
  'model.replaced': 'the predictions are not those of the model that was handed over',
  'program.failed': 'the program ended with an error',
  'program.timeout': 'the program ran out of time',
  'program.memory': 'the program ran out of memory',
  'program.limit': 'the program went over another of its limits',
  'program.none': 'the reply holds no program where one was owed',
  'reply.truncated': 'the reply was cut at its longest',
  'reply.filtered': "a content filter of the model's server stopped the reply",
  'quality.low': 'the work is valid and its result is poor',
  'answer.wrong': 'the answer is wrong',
  'outcome.missed': 'the work keeps its contract, and the outcome that was asked for is not reached',
  'judged.low': 'a person found it wrong where no coach did',
  blocked: 'another role left it nothing to work with',
} as const satisfies Record<string, string>;

export type FailureCode = keyof typeof failureCodes | `x.${string}`;

export function knownFailure(code: string): code is FailureCode {
  return Object.hasOwn(failureCodes, code) || /^x\.[\w.-]+$/.test(code);
}

export function failureHint(code: string): string {
  const own = l10n.t('Your own codes start with "x.".');
  return `${suggestion(code, Object.keys(failureCodes))} ${own}`.trim();
}
