import { Command, InvalidArgumentError } from 'commander';

/** The command line of a program of this repository: `--help` tells what it takes, a mistake ends with a sentence. */
export function program(name: string, description: string): Command {
  return new Command(`npm run ${name} --`).description(description).showHelpAfterError('--help tells more.');
}

/** An option's value that has to be a number, 0 or more. */
export function amount(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('It has to be a number, 0 or more.');
  return value;
}

/** An option's value that has to be a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It has to be a number above 0.');
  return value;
}

/** As `positive`, and whole. */
export function count(text: string): number {
  if (!Number.isInteger(positive(text))) throw new InvalidArgumentError('It has to be a whole number.');
  return Number(text);
}

/** Words or numbers with commas between them, each one of those known. */
export function among(known: readonly (string | number)[]): (text: string) => string[] {
  return (text) => {
    const parts = text.split(',');
    const strange = parts.find((part) => !known.map(String).includes(part));
    if (strange !== undefined)
      throw new InvalidArgumentError(
        `"${strange}" is none of ${known.join(', ')}, with commas between them.`,
      );
    return parts;
  };
}
