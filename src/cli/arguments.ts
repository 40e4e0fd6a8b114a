import { InvalidArgumentError } from 'commander';

/** A number on the command line; anything else is a usage error. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Names joined by commas. */
export const list = (text: string): string[] => text.split(',').filter((part) => part !== '');
