import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { globSync } from 'tinyglobby';

/** Why a file beside the workflow cannot be used. */
export interface Refused {
  refused: 'outside' | 'missing' | 'too-large' | 'unreadable';
  message: string;
}

/** The files beside a workflow: nothing outside the folder is ever read. */
export interface WorkflowFiles {
  folder: string;
  /** Text of a file, by a path relative to the folder. */
  read(path: string): { text: string } | Refused;
  /** The absolute path of an existing file or folder under the folder, after links are resolved. */
  resolve(path: string): { path: string } | Refused;
  /** Paths (relative, sorted) that match a pattern. */
  list(pattern: string): string[];
}

const MAX_BYTES = 20_000_000;

/** Files on disk. */
export function diskFiles(folder: string): WorkflowFiles {
  const root = safeRealpath(resolve(folder));
  const find = (path: string): { path: string } | Refused => {
    const wanted = resolve(root, path);
    if (isAbsolute(path) || !under(root, wanted))
      return {
        refused: 'outside',
        message: `${path} is outside the workflow's folder; copy it beside the workflow.`,
      };
    let real: string;
    try {
      real = realpathSync(wanted);
    } catch {
      return { refused: 'missing', message: `There is no ${path} in ${root}.` };
    }
    if (!under(root, real))
      return { refused: 'outside', message: `${path} is a link that leads outside the workflow's folder.` };
    return { path: real };
  };
  return {
    folder: root,
    resolve: find,
    read(path) {
      const found = find(path);
      if ('refused' in found) return found;
      try {
        const { size } = statSync(found.path);
        if (size > MAX_BYTES)
          return { refused: 'too-large', message: `${path} has ${size} bytes; ${MAX_BYTES} is the most.` };
        return { text: readFileSync(found.path, 'utf8') };
      } catch (error) {
        return { refused: 'unreadable', message: `${path} cannot be read: ${(error as Error).message}` };
      }
    },
    list(pattern) {
      if (isAbsolute(pattern) || pattern.split('/').includes('..')) return [];
      return listFiles(root, pattern);
    },
  };
}

function listFiles(root: string, pattern: string): string[] {
  if (!/[*?[{]/.test(pattern)) return [pattern];
  return globSync(pattern, { cwd: root, followSymbolicLinks: false }).sort();
}

function under(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

function safeRealpath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
