import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { TypeName, Value } from './expression/index.js';
import type { ArtifactKind } from './schema.js';

/**
 * What is known of one artifact at one moment: taken inside the sandbox (or of a message, from its text). A fact
 * that its kind can have and that is not known is null.
 */
export interface Facts {
  exists: boolean;
  [fact: string]: Value | undefined;
}

/** Bytes of a JSON file up to which its value is a fact; `VALUE_LIMIT` of media/python/baton_facts.py. */
export const JSON_LIMIT = 32_768;

export const factsSchema: z.ZodType<Facts> = z.object({ exists: z.boolean() }).catchall(z.json());

const everywhere: Record<string, TypeName> = {
  exists: 'yes-no',
  valid: 'yes-no',
  bytes: 'number',
  sha256: 'text',
};

const byKind: Record<ArtifactKind, Record<string, TypeName>> = {
  table: {
    rows: 'number',
    columns: 'list',
    missing: 'number',
    constant: 'list',
    numeric: 'list',
    covers: 'list',
    agreement: 'number',
    fitted_on: 'text',
    encoding_consistent: 'yes-no',
  },
  column: { rows: 'number', missing: 'number', distinct: 'number', name: 'text', equals: 'list' },
  model: { estimator: 'text', predicts: 'text', features: 'list', fitted: 'yes-no', rows_fitted: 'number' },
  json: { value: 'anything' },
  text: { lines: 'number', words: 'number' },
  message: { lines: 'number', words: 'number', text: 'text', boxed: 'text', number: 'number' },
  file: {},
  folder: { files: 'list' },
};

const types = Object.fromEntries(
  Object.entries(byKind).map(([kind, own]) => [kind, { ...everywhere, ...own }]),
) as Record<ArtifactKind, Record<string, TypeName>>;

/** The facts that an artifact of a kind can have, with their types. */
export function factTypes(kind: ArtifactKind): Readonly<Record<string, TypeName>> {
  return types[kind];
}

/** What each fact says. A name means the same whichever kind of artifact has it. */
const meanings: Readonly<Record<string, () => string>> = {
  exists: () => l10n.t('it is there'),
  valid: () => l10n.t('it is there and all its checks hold'),
  bytes: () => l10n.t('its size'),
  sha256: () => l10n.t('the hash of its content'),
  rows: () => l10n.t('how many rows or values it has'),
  columns: () => l10n.t('the names of its columns, in order'),
  missing: () => l10n.t('how many cells are empty'),
  constant: () => l10n.t('columns that hold one value only'),
  numeric: () => l10n.t('columns that hold numbers only'),
  covers: () => l10n.t('columns of the input file that its columns were made of (with encoded_from)'),
  agreement: () =>
    l10n.t('the share of rows, 0 to 1, that say what the model predicts for them (with predicted_by)'),
  fitted_on: () =>
    l10n.t(
      '"train", "test", "both" or "unknown": whose rows its scales were learned from (with encoded_from)',
    ),
  encoding_consistent: () => l10n.t('it was encoded as the training table beside it was (with encoded_from)'),
  distinct: () => l10n.t('how many different values it has'),
  name: () => l10n.t('the name that the column has'),
  equals: () => l10n.t('columns of the input file that hold just these values (with encoded_from)'),
  estimator: () => l10n.t('the class of the model'),
  predicts: () => l10n.t('"classification" or "regression"'),
  features: () => l10n.t('the columns that it was fitted on'),
  fitted: () => l10n.t('it was fitted'),
  rows_fitted: () => l10n.t('how many rows it was fitted on, where the model keeps that'),
  value: () =>
    l10n.t('what the file holds; of more than 32 KB it is not known, and a check that asks for it fails'),
  lines: () => l10n.t('how many lines it has'),
  words: () => l10n.t('how many words it has'),
  text: () => l10n.t('its beginning'),
  boxed: () => l10n.t('what stands in its last \\boxed{…} that is closed, with the braces in it'),
  number: () =>
    l10n.t(
      'the last number in it: 7, -7, 1,234.5, .5 or 6e-3. Commas count between groups of three digits only; a minus right after a digit is no sign',
    ),
  files: () => l10n.t('the names in the folder'),
};

/** What a fact says, in a few words. */
export function factMeaning(fact: string): string {
  return meanings[fact]?.() ?? '';
}
