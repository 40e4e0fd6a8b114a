import { expect, it } from 'vitest';
import { jsonFault, schemaFault } from '../../../src/workflow/json-schema.js';

it.each([
  ['draft 7, unnamed', undefined, 'items', 'additionalItems'],
  ['draft 7', 'http://json-schema.org/draft-07/schema#', 'items', 'additionalItems'],
  ['2019-09', 'https://json-schema.org/draft/2019-09/schema', 'items', 'additionalItems'],
  ['2020-12', 'https://json-schema.org/draft/2020-12/schema', 'prefixItems', 'items'],
])('a schema is read by the draft that it names: %s', (_, $schema, first, rest) => {
  const schema = {
    ...($schema ? { $schema } : {}),
    type: 'array',
    [first]: [{ type: 'string' }],
    [rest]: false,
  };
  expect(schemaFault(schema)).toBeUndefined();
  expect(jsonFault(schema, ['one'])).toBeUndefined();
  expect(jsonFault(schema, [1])).toContain('must be string');
  expect(jsonFault(schema, ['one', 'two'])).toContain('must NOT have more than 1 items');
});

it('a draft that is not known is a fault of the schema, with its name', () => {
  expect(schemaFault({ $schema: 'https://example.org/mine' })).toContain('https://example.org/mine');
});
