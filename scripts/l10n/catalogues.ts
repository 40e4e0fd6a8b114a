import { targetsSchema } from '../../src/target/index.js';
import { failureCodes, jsonSchema } from '../../src/workflow/index.js';

/** Texts that are data in the source and shown by `inWords`: what schemas say of keys, and what failures mean. */
export function catalogueTexts(): string[] {
  const schemas = [jsonSchema(), targetsSchema(), targetsSchema('ssh'), targetsSchema('ray')];
  return [...new Set([...schemas.flatMap(descriptions), ...Object.values(failureCodes)])];
}

function descriptions(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'description' && typeof value === 'string' ? [value] : descriptions(value),
  );
}
