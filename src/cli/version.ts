import { readFileSync } from 'node:fs';
import { shipped } from './places.js';

let known: string | undefined;

/** The one version of the extension and the command line. */
export function version(): string {
  known ??= (JSON.parse(readFileSync(shipped('package.json'), 'utf8')) as { version: string }).version;
  return known;
}
