import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { made } from '../../../scripts/docs/main.js';
import { entriesOf, type Schema } from '../../../scripts/docs/schema.js';
import { artifactKinds, factMeaning, factTypes, jsonSchema } from '../../../src/workflow/index.js';

test('docs/reference.md is what the schema and the manifest say; where not: npm run docs', () => {
  const written = readFileSync(join(import.meta.dirname, '../../../docs/reference.md'), 'utf8');
  expect(written).toBe(made());
});

test('every key of a workflow says what it is', () => {
  const entries = entriesOf(jsonSchema() as Schema);
  expect(entries.filter(({ says }) => says === '').map(({ path }) => path)).toEqual([]);
  expect(entries.map(({ path }) => path)).toContain('flow[].repeat.until');
});

test('every fact says what it is', () => {
  const facts = artifactKinds.flatMap((kind) => Object.keys(factTypes(kind)));
  expect(facts.filter((fact) => factMeaning(fact) === '')).toEqual([]);
});

test('keys are listed with what they take and what holds without them', () => {
  const schema = {
    type: 'object',
    required: ['a'],
    properties: {
      a: { type: 'object', additionalProperties: { type: 'object', properties: { b: { type: 'string' } } } },
      c: {
        anyOf: [
          { const: 'auto' },
          {
            type: 'array',
            items: { type: 'object', properties: { d: { type: 'integer', minimum: 1, default: 2 } } },
          },
        ],
      },
    },
  };
  expect(entriesOf(schema).map(({ path, takes, otherwise }) => [path, takes, otherwise])).toEqual([
    ['a', 'mapping by name', 'required'],
    ['a.NAME.b', 'string', ''],
    ['c', '"auto" or list of mapping', ''],
    ['c[].d', 'integer from 1', '2'],
  ]);
});
