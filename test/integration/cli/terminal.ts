import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { cli } from './command.js';

/** What the keys of a terminal send. */
export const keys = { enter: '\r', up: '\u001b[A', down: '\u001b[B', ctrlC: '\u0003' } as const;

/**
 * Run the built command line on a terminal of its own, 100 columns wide. `steps`: once a text has been shown, keys are
 * typed. `shown`: all that the terminal got, without what only moves and colours.
 */
export function onTerminal(
  cwd: string,
  args: string[],
  steps: [text: string, keys: string][],
  env: Record<string, string> = {},
): Promise<{ code: number | null; shown: string }> {
  const own = { XDG_CACHE_HOME: join(cwd, '.cache'), XDG_CONFIG_HOME: join(cwd, '.config') };
  const program = join(import.meta.dirname, 'terminal.py');
  const child = spawn('python3', [program, JSON.stringify(steps), process.execPath, cli, ...args], {
    cwd,
    env: { ...process.env, TERM: 'xterm-256color', ...own, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let raw = '';
  child.stdout.on('data', (chunk: Buffer) => {
    raw += chunk.toString();
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what moves and colours on a terminal
  const plain = () => raw.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, shown: plain() })));
}
