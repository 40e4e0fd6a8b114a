// The message that tells the launcher what to run, and the lines it sends back. Both ends of descriptor 3.

import type { Interpreter } from './interpreter.js';
import type { Command } from './types.js';

/** Encodes `pairs` as `<bytes>\n` and NUL-terminated names and values. @throws Error for a NUL in a value. */
export function encodeJob(pairs: readonly (readonly [string, string])[]): Buffer {
  for (const [name, value] of pairs)
    if (name.includes('\0') || value.includes('\0'))
      throw new Error(`The ${name} holds a NUL character, which no program or path may; remove it.`);
  const body = Buffer.from(pairs.flat().join('\0'), 'utf8');
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

/** What came back. The program shares the descriptor, so this is a report to weigh, bounded and never trusted. */
export interface Heard {
  /** The launcher confined itself; what fails after this is the program's doing, before it ours. */
  started: boolean;
  ended: boolean;
  cpuSeconds: number | null;
  reads: string[] | 'unknown';
}

const maxReads = 2000;
const maxLine = 8192;

export function listen(): { add(chunk: Buffer): void; heard(): Heard } {
  let rest = '';
  let started = false;
  let ended = false;
  let blind = false;
  let cpuSeconds: number | null = null;
  const reads = new Set<string>();
  const decoder = new TextDecoder();

  const line = (text: string): void => {
    if (text === 's') started = true;
    else if (text === 'u') blind = true;
    else if (text.startsWith('r ') && /^\/(work|inputs)\//.test(text.slice(2))) {
      if (reads.size < maxReads) reads.add(text.slice(2));
      else blind = true;
    } else if (/^e \d+\.\d+$/.test(text)) {
      ended = true;
      cpuSeconds = Number(text.slice(2));
    } else blind = true;
  };

  return {
    add(chunk) {
      rest += decoder.decode(chunk, { stream: true });
      for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
        line(rest.slice(0, at));
        rest = rest.slice(at + 1);
      }
      if (rest.length > maxLine) {
        blind = true;
        rest = '';
      }
    },
    heard: () => ({ started, ended, cpuSeconds, reads: blind || !ended ? 'unknown' : [...reads].sort() }),
  };
}

/** The pairs that the launcher understands; see its own description. */
export function job(
  command: Command,
  interpreter: Interpreter,
  more: Record<string, string>,
  modules: string[],
  shown: { work: string; inputs?: string | undefined } = { work: '/work', inputs: '/inputs' },
): Buffer {
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: '/tmp',
    USER: 'agent',
    LOGNAME: 'agent',
    LANG: 'C.UTF-8',
    ...command.env,
  };
  const pairs: [string, string][] = [
    ['file_bytes', String(command.limits.diskMb * 1024 * 1024)],
    ['processes', String(command.limits.processes)],
    ...Object.entries(env).map(([name, value]): [string, string] => [`env ${name}`, value]),
    // Last, so that a file of the agent's never shadows a library.
    ...[...interpreter.path, ...modules, shown.work].map((path): [string, string] => ['path', path]),
    ['root', `${shown.work}/=/work/`],
    ...(shown.inputs === undefined ? [] : [['root', `${shown.inputs}/=/inputs/`] as [string, string]]),
    ...Object.entries(more),
  ];
  if ('python' in command.run) pairs.push(['program', command.run.python]);
  else pairs.push(...command.run.argv.map((value): [string, string] => ['arg', value]));
  return encodeJob(pairs);
}
