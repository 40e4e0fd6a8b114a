import { isUtf8 } from 'node:buffer';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
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
        message: l10n.t("{0} is outside the workflow's folder; copy it beside the workflow.", path),
      };
    let real: string;
    try {
      real = realpathSync(wanted);
    } catch {
      return { refused: 'missing', message: l10n.t('There is no {0} in {1}.', path, root) };
    }
    if (!under(root, real))
      return {
        refused: 'outside',
        message: l10n.t("{0} is a link that leads outside the workflow's folder.", path),
      };
    return { path: real };
  };
  return {
    folder: root,
    resolve: find,
    read(path) {
      const found = find(path);
      if ('refused' in found) return found;
      try {
        const kind = statSync(found.path);
        // A pipe would be waited for, for ever.
        if (!kind.isFile())
          return {
            refused: 'unreadable',
            message: l10n.t('{0} is no file that can be read to its end.', path),
          };
        if (kind.size > MAX_BYTES)
          return {
            refused: 'too-large',
            message: l10n.t('{0} has {1} bytes; {2} is the most.', path, kind.size, MAX_BYTES),
          };
        return { text: readText(found.path) };
      } catch (error) {
        return {
          refused: 'unreadable',
          message: l10n.t('{0} cannot be read: {1}', path, (error as Error).message),
        };
      }
    },
    list(pattern) {
      if (isAbsolute(pattern) || pattern.split('/').includes('..')) return [];
      return listFiles(root, pattern);
    },
  };
}

/** The same files; `path` is told of each path that is asked for and what was found there, `pattern` of each pattern. */
export function noting(
  files: WorkflowFiles,
  note: {
    path(path: string, found: ReturnType<WorkflowFiles['resolve']>): void;
    pattern?(pattern: string): void;
  },
): WorkflowFiles {
  const resolve = (path: string) => {
    const found = files.resolve(path);
    note.path(path, found);
    return found;
  };
  return {
    folder: files.folder,
    resolve,
    read(path) {
      resolve(path);
      return files.read(path);
    },
    list(pattern) {
      note.pattern?.(pattern);
      return files.list(pattern);
    },
  };
}

/**
 * A file's text as an editor has it: a byte order mark is none of it, so that places in it mean the same to both.
 * Throws where it is not UTF-8: what stands for letters that were lost would go into prompts.
 */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  if (!isUtf8(bytes)) throw new Error(l10n.t('it is not UTF-8; save it as that'));
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function listFiles(root: string, pattern: string): string[] {
  if (!/[*?[{]/.test(pattern)) return [pattern];
  // A link is read like a file. Through folders of any depth it could lead around in circles, and far outside.
  return globSync(pattern, { cwd: root, followSymbolicLinks: !pattern.includes('**') }).sort();
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
