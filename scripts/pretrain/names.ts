// Random column names: never those of real tables, so that a held-out table stays held out.
import type { Chance } from './chance.js';
import { words } from './words.js';

const consonants = [
  'b',
  'c',
  'd',
  'f',
  'g',
  'h',
  'j',
  'k',
  'l',
  'm',
  'n',
  'p',
  'r',
  's',
  't',
  'v',
  'w',
  'x',
  'z',
  'th',
  'sh',
  'ch',
  'st',
  'br',
  'tr',
  'gl',
  'qu',
];
const vowels = ['a', 'e', 'i', 'o', 'u', 'y', 'ai', 'ea', 'io', 'ou'];
const letters = 'abcdefghijklmnopqrstuvwxyz';
const odd = [
  '%',
  '#',
  '/',
  '(',
  ')',
  '+',
  '$',
  '&',
  ':',
  '@',
  '!',
  '?',
  '*',
  "'",
  '=',
  '<',
  '>',
  '~',
  'é',
  'ü',
  'ß',
  'ñ',
  '中',
  'д',
  '°',
  '²',
  '€',
];

function titled(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Joins parts in one of the spellings that tables use. */
function joined(c: Chance, parts: string[]): string {
  const style = c.int(0, 8);
  if (style <= 2) return parts.join('_');
  if (style === 3) return parts.map(titled).join(' ');
  if (style === 4) return parts.map(titled).join('.');
  if (style === 5) return parts.map((p, i) => (i === 0 ? p : titled(p))).join('');
  if (style === 6) return parts.map(titled).join('_');
  if (style === 7) return parts.map((p) => p.toUpperCase()).join(c.pick(['_', ' ', '']));
  return parts.join(c.pick(['-', ' ', '.']));
}

function syllables(c: Chance): string {
  return (
    Array.from({ length: c.int(1, 3) }, () => c.pick(consonants) + c.pick(vowels)).join('') +
    (c.flip(0.4) ? c.pick(consonants) : '')
  );
}

/** Letters, digits and marks in no order: the hardest to copy. */
function pieces(c: Chance): string {
  const out: string[] = [];
  for (let i = c.int(1, 4); i > 0; i--) {
    const kind = c.uniform();
    if (kind < 0.55) out.push(Array.from({ length: c.int(1, 5) }, () => c.pick([...letters])).join(''));
    else if (kind < 0.65)
      out.push(Array.from({ length: c.int(1, 4) }, () => c.pick([...letters.toUpperCase()])).join(''));
    else if (kind < 0.85) out.push(String(c.int(0, 999)));
    else out.push(c.pick(odd));
  }
  return out.join(c.pick(['', '', '_', '.', ' ', '-']));
}

function simple(c: Chance): string {
  const kind = c.uniform();
  if (kind < 0.4) return pieces(c);
  const make = kind < 0.7 ? () => syllables(c) : () => c.pick(words);
  const name = joined(c, Array.from({ length: c.pick([1, 1, 2, 2, 3]) }, make));
  if (c.flip(0.08)) return `${name} (${c.pick(['m', 'kg', '%', 'cm', 'EUR', 'h'])})`;
  return c.flip(0.12) ? name + c.pick(['_', ' ', '']) + c.int(0, 99) : name;
}

/** Random names, all different, without quotes, backslashes or blanks at their ends. */
export function columnNames(c: Chance, count: number, taken: readonly string[] = []): string[] {
  const out = new Set<string>();
  while (out.size < count) {
    const name = simple(c).trim();
    if (name.length > 0 && name.length <= 28 && !taken.includes(name)) out.add(name);
  }
  return [...out];
}
