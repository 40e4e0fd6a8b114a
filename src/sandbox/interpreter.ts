// Which Python runs the programs, and which host folders it needs. Asked once, of the interpreter itself.
import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { promisify } from 'node:util';
import * as z from 'zod';

const answerSchema = z.object({
  executable: z.string().min(1),
  version: z.string(),
  prefixes: z.array(z.string()),
  path: z.array(z.string()),
});

export interface Interpreter {
  /** The real executable, never a version manager's shim. */
  executable: string;
  version: string;
  /** Host folders to bind read-only beside `/usr`. */
  folders: string[];
  /** The full module search path, installed packages included, so that `-S` can skip the site scan. */
  path: string[];
}

const question = `
import json, os, sys
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({"executable": os.path.realpath(base), "version": sys.version.split()[0],
  "prefixes": [sys.base_prefix, sys.base_exec_prefix, sys.prefix],
  "path": [p for p in sys.path if p]}))
`;

const inside = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Asks `python` (a name on PATH or an absolute path, from user scope only).
 * @throws Error with a sentence when it does not start, is older than 3.9 or lives where binding it would show the home.
 */
export async function findInterpreter(python = 'python3'): Promise<Interpreter> {
  const asked = await promisify(execFile)(python, ['-I', '-B', '-c', question], { timeout: 20_000 }).catch(
    (error: Error & { stderr?: string }) => {
      const why = error.stderr?.trim().split('\n').at(-1) || error.message.split('\n')[0];
      throw new Error(
        `${python} does not start (${why}). Install Python 3.9 or newer, or name another interpreter.`,
      );
    },
  );
  const answer = answerSchema.parse(JSON.parse(asked.stdout));
  const [major = 0, minor = 0] = answer.version.split('.').map(Number);
  if (major !== 3 || minor < 9)
    throw new Error(`${python} is ${answer.version}; Python 3.9 or newer is needed.`);
  const wanted = await Promise.all(
    [...answer.prefixes, ...answer.path].map((each) => realpath(each).catch(() => undefined)),
  );
  const folders: string[] = [];
  const home = await realpath(homedir()).catch(() => homedir());
  for (const folder of [...wanted].sort()) {
    if (folder === undefined || inside(folder, '/usr') || folders.some((each) => inside(folder, each)))
      continue;
    if (folder === '/' || inside(home, folder))
      throw new Error(
        `${python} lives in ${folder}, which holds the home folder; use an interpreter in a folder of its own.`,
      );
    if (process.platform === 'linux' && inside(folder, '/tmp'))
      throw new Error(
        `${python} lives in ${folder}, and programs get a /tmp of their own; install it elsewhere.`,
      );
    folders.push(inside(folder, '/nix/store') ? '/nix/store' : folder);
  }
  return {
    executable: answer.executable,
    version: answer.version,
    folders: [...new Set(folders)],
    path: answer.path,
  };
}
