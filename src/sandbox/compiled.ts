// Compiled copies of the importable modules. Those folders are read-only to programs, so without this every action
// would compile its library again. Compiling happens in the sandbox, since a folder may come from a stranger.
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compiledFolder, moduleFolder } from './mounts.js';
import type { Private } from './private.js';
import type { Command, Finished } from './types.js';

export interface CompiledModules {
  /** Host folder to bind read-only; holds a folder of compiled modules per source folder. */
  folder: string;
  /** On the host: a compiled module of a source folder, where it could be compiled. */
  at(source: string, module: string): string;
  /** Compiles what changed since the last call. */
  ready(modules: string[]): Promise<void>;
}

/** Inside: where the compiled modules of one source folder lie, to be searched before it. */
export const compiledAt = (source: string): string => `${compiledFolder}/${basename(moduleFolder(source))}`;

const program = `
import os, py_compile, sys
at = os.environ["AT"]
for name in sorted(os.listdir("/inputs")):
    if name.endswith(".py") and os.path.isfile("/inputs/" + name):
        target = "/work/" + os.path.basename(at) + "/" + name + "c"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            py_compile.compile("/inputs/" + name, target, at + "/" + name, doraise=True,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except py_compile.PyCompileError:
            pass  # The program that imports it gets the error.
`;

export function compiledModules(
  folder: Private,
  run: (command: Command) => Promise<Finished>,
): CompiledModules {
  const target = join(folder.path, 'compiled');
  mkdirSync(target, { recursive: true });
  const done = new Map<string, { stamp: string; work: Promise<unknown> }>();

  const compile = (source: string): Promise<unknown> =>
    run({
      workspace: target,
      inputs: source,
      run: { python: program },
      env: { AT: moduleFolder(source) },
      limits: { seconds: 20, memoryMb: 512, processes: 8, diskMb: 32, outputKb: 16 },
    });

  return {
    folder: target,
    at: (source, module) => join(target, basename(moduleFolder(source)), `${module}.pyc`),
    async ready(modules) {
      for (const source of modules) {
        const stamp = `${source} ${fingerprint(source)}`;
        if (done.get(source)?.stamp !== stamp) done.set(source, { stamp, work: compile(source) });
        await done.get(source)?.work;
      }
    },
  };
}

function fingerprint(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .map((name) => {
      const { size, mtimeMs, ino } = statSync(join(folder, name));
      return `${name}:${size}:${mtimeMs}:${ino}`;
    })
    .join(' ');
}
