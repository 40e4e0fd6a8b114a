import type { RawProblems } from '../schema-tasks.js';
import { between, randomFrom, shuffled } from './random.js';
import type { DraftTask } from './task.js';

const names = ['Tom', 'Mia', 'Ben', 'Ana', 'Leo', 'Eva', 'Max', 'Zoe', 'Sam', 'Ida'];
const things = ['apples', 'books', 'coins', 'pens', 'cards', 'shells', 'stamps', 'eggs'];

interface Kind {
  sign: string;
  run: (a: number, b: number) => number;
  says: (who: string, a: number, b: number, what: string) => string;
}

const kinds = {
  add: {
    sign: '+',
    run: (a, b) => a + b,
    says: (who, a, b, what) =>
      `${who} has ${a} ${what} and buys ${b} more. How many ${what} does ${who} have now?`,
  },
  subtract: {
    sign: '-',
    run: (a, b) => a - b,
    says: (who, a, b, what) =>
      `${who} has ${a} ${what} and gives ${b} away. How many ${what} does ${who} have left?`,
  },
  multiply: {
    sign: '*',
    run: (a, b) => a * b,
    says: (who, a, b, what) =>
      `${who} has ${a} boxes with ${b} ${what} each. How many ${what} does ${who} have?`,
  },
} as const satisfies Record<string, Kind>;

/** The fields that every task of a family of word problems has. */
export const problemFields = {
  kind: 'text',
  calculation: 'text',
  answer: 'number',
} as const;

/**
 * Arithmetic word problems with whole numbers from 2 to `largest` and an answer that is never negative, the kinds of
 * operation by turns. No two ask the same; there may be fewer than `count` where the numbers run out.
 */
export function wordProblems({ count, kinds: wanted, largest, seed }: RawProblems): DraftTask[] {
  const out: DraftTask[] = [];
  const asked = new Set<string>();
  // Each kind has (largest - 1)^2 pairs, half of them or more usable, told in 80 ways.
  for (let tries = 0; out.length < count && tries < 20 * count; tries++) {
    const kind = wanted[tries % wanted.length]!;
    const random = randomFrom(`${seed}/problems/${tries}`);
    const pair = [between(2, largest, random), between(2, largest, random)] as const;
    const [a, b] = kind === 'subtract' ? [Math.max(...pair), Math.min(...pair)] : pair;
    const { sign, run, says }: Kind = kinds[kind];
    const prompt = says(shuffled(names, random)[0]!, a, b, shuffled(things, random)[0]!);
    if (asked.has(prompt)) continue;
    asked.add(prompt);
    out.push({
      id: `${kind}-${out.length + 1}`,
      prompt,
      fields: { kind, calculation: `${a} ${sign} ${b}`, answer: run(a, b) },
      files: [],
      hidden: [],
      split: null,
      expect: null,
    });
  }
  return out;
}
