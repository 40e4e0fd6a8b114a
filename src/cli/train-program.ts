import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** `train`, `eval` and `compare`. */
export function trainingCommands(
  _root: Command,
  _terminal: () => Terminal,
  _done: (code: number) => void,
): void {}
