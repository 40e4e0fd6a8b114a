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
