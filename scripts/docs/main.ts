import { readFileSync, writeFileSync } from 'node:fs';
import { jsonSchema } from '../../src/workflow/index.js';
import { type Manifest, reference } from './reference.js';
import type { Schema } from './schema.js';

const json = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T;

/** The reference of what is checked out here. */
export function made(): string {
  return reference(
    jsonSchema() as Schema,
    json<Manifest>('package.json'),
    json<Record<string, string>>('package.nls.json'),
  );
}

if (process.argv[2] === 'write') writeFileSync('docs/reference.md', made());
