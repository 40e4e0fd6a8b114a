import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCodes } from '../../../src/cli/error-codes.js';

const root = join(import.meta.dirname, '../../../src');

test('every error code is one that something can fail with', () => {
  const places = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(ts|py)$/.test(path) && !path.endsWith('error-codes.ts'),
  );
  const text = places.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  // Those of targets are put together from the word after the dot.
  const unused = Object.keys(errorCodes).filter(
    (code) => !new RegExp(`['"](${code}|${code.replace(/^target\./, '')})['"]`).test(text),
  );
  expect(unused).toEqual([]);
});
