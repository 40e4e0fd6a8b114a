import { join } from 'node:path';
import { configFolder, type HandedKeys, parseKeys, SecretFile, takeCarried } from '../policy/index.js';
import { exit, Failure } from './terminal.js';

/** Says that the keys of this run come as one line of JSON on stdin: an editor has them in its own storage. */
const HANDED = 'BATON_KEYS_ON_STDIN';
let handed: HandedKeys = {};

/** Take the keys that whoever started this process hands over. Neither arguments nor environment ever hold one. */
export async function takeHandedKeys(): Promise<void> {
  if (process.env[HANDED] !== '1') return;
  delete process.env[HANDED];
  const json = await readStdin();
  try {
    handed = parseKeys(json);
  } catch {
    throw new Failure('keys.unreadable', `${HANDED} is set, and stdin does not hold keys.`, exit.usage);
  }
}

/** All that comes on stdin. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The user's keys: those that were handed over, then those in the user's own file. */
export function userKeys(): SecretFile {
  handed = { ...takeCarried(process.env), ...handed };
  return new SecretFile(join(configFolder(), 'secrets.json'), handed);
}
