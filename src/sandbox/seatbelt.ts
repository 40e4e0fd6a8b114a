// macOS: a profile for `sandbox-exec`. Apple calls the tool deprecated, yet browsers and package managers rely on it.
import { realpath } from 'node:fs/promises';
import { stopAll, withoutMounts } from './direct.js';
import type { Interpreter } from './interpreter.js';
import { launcherPath } from './private.js';
import type { Command, Sandbox } from './types.js';

/** A path as a string of the profile's Scheme. */
const quoted = (path: string): string => `"${path.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;

export interface Visible {
  workspace: string;
  readOnly?: true | undefined;
  inputs?: string | undefined;
  modules: string[];
  launcher: string;
}

/**
 * Everything is denied but reading the system's libraries, the interpreter and the inputs, and writing the workspace.
 * No network, no other process, no lookup of system services.
 */
export function seatbeltProfile(interpreter: Interpreter, visible: Visible): string {
  const readable = [
    '/usr/lib',
    '/usr/share',
    '/System',
    '/Library/Frameworks',
    '/bin',
    '/usr/bin',
    '/private/var/db/dyld',
  ];
  const own = [
    ...interpreter.folders,
    visible.launcher,
    visible.inputs ?? visible.launcher,
    ...visible.modules,
  ];
  return [
    '(version 1)',
    '(deny default)',
    '(allow process-fork)',
    '(allow process-exec)',
    '(allow signal (target same-sandbox))',
    '(allow sysctl-read)',
    '(allow file-read-metadata)',
    `(allow file-read* ${[...readable, ...own].map((path) => `(subpath ${quoted(path)})`).join(' ')})`,
    `(allow file-read* ${visible.readOnly ? '' : 'file-write* '}(subpath ${quoted(visible.workspace)}))`,
    '(allow file-read* (literal "/dev/urandom") (literal "/dev/random") (literal "/dev/zero"))',
    '(allow file-read* file-write* (literal "/dev/null"))',
    '(deny network*)',
  ].join('\n');
}

export function openSeatbelt(interpreter: Interpreter): Sandbox {
  const running = new Set<AbortController>();
  return {
    level: 'seatbelt',
    describe: () =>
      `macOS seatbelt profile, memory and processes watched from outside; Python ${interpreter.version}`,
    async run(command: Command) {
      // The kernel compares real paths: `/tmp` is `/private/tmp` to it.
      const real: Command = { ...command, workspace: await realpath(command.workspace) };
      if (command.inputs !== undefined) real.inputs = await realpath(command.inputs);
      if (command.modules !== undefined)
        real.modules = await Promise.all(command.modules.map((each) => realpath(each)));
      const profile = seatbeltProfile(interpreter, {
        workspace: real.workspace,
        readOnly: real.readOnly,
        inputs: real.inputs,
        modules: real.modules ?? [],
        launcher: await realpath(launcherPath()),
      });
      return withoutMounts(interpreter, real, running, (argv) => ({
        file: '/usr/bin/sandbox-exec',
        args: ['-p', profile, ...argv],
      }));
    },
    close: () => stopAll(running),
  };
}
