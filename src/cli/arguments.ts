import { InvalidArgumentError, Option } from 'commander';

/** A number on the command line; anything else is a usage error. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Names joined by commas. */
export const list = (text: string): string[] => text.split(',').filter((part) => part !== '');

/** How a run is told that an editor serves the models with `provider: editor`. */
export function editorFlag(): Option {
  return new Option('--editor', 'wait for an editor that serves its models (provider: editor)');
}
