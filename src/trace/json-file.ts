import { readFileSync } from 'node:fs';
import * as z from 'zod';

/** A file that is not what it has to be. The message says which, why, and what to do. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

/** What a JSON file holds. Throws a FileProblem where that is no JSON, or something else. `what`: what it should be. */
export function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  what: string,
): z.output<Schema> {
  const parsed = schema.safeParse(parse(path, what));
  if (!parsed.success) throw new FileProblem(`${path} is not ${what}: ${firstOf(parsed.error)}`);
  return parsed.data;
}

function parse(path: string, what: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FileProblem(`${path} is not ${what}: ${(error as Error).message.replace(/\s+/g, ' ')}`);
  }
}

/** The first thing that is wrong, on a line. */
export function firstOf(error: z.ZodError): string {
  return z.prettifyError(error).replace('✖ ', '').replace(/\s+/g, ' ').split(' ✖ ')[0]!;
}
