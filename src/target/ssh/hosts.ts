// Names that the user's ssh configuration gives to machines, to choose one from.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { hostName } from './host.js';

/** The hosts of an ssh configuration and of what it includes, patterns left out. None where there is no file. */
export function sshHosts(config = join(homedir(), '.ssh', 'config')): string[] {
  const found = new Set<string>();
  collect(config, dirname(config), found, 0);
  return [...found].filter((host) => hostName.safeParse(host).success);
}

/** ssh itself stops at 16 levels. */
const DEEPEST = 16;

function collect(path: string, folder: string, found: Set<string>, depth: number): void {
  if (depth > DEEPEST || !existsSync(path)) return;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, key = '', rest = ''] = /^\s*(\w+)(?:\s+|\s*=\s*)(.*?)\s*$/.exec(line) ?? [];
    const words = (rest.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
    if (/^host$/i.test(key)) for (const word of words) if (!/[*?!]/.test(word)) found.add(word);
    if (/^include$/i.test(key))
      for (const word of words)
        for (const each of matching(word, folder)) collect(each, folder, found, depth + 1);
  }
}

/** Files that an Include names, relative to the configuration's folder; wildcards in the last part only. */
function matching(word: string, folder: string): string[] {
  const path = word.replace(/^~(?=\/)/, homedir());
  const full = isAbsolute(path) ? path : join(folder, path);
  const name = basename(full);
  if (!/[*?]/.test(name)) return [full];
  const pattern = new RegExp(
    `^${name
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  if (!existsSync(dirname(full))) return [];
  return readdirSync(dirname(full))
    .filter((each) => pattern.test(each))
    .sort()
    .map((each) => join(dirname(full), each));
}
