// Builds the tokenizer file: a fixed list of phrases, all bytes, and merges learnt from names and feedback.
import { chance } from './chance.js';
import { sample } from './samples.js';

export const special = ['<pad>', '<bos>', '<eos>', '<act>', '<fix>'] as const;

const calls = [
  'read',
  'fit_encoder',
  'encode',
  'column',
  'knn_classifier',
  'knn_regressor',
  'logistic',
  'ridge',
  'tree_classifier',
  'tree_regressor',
  'fit',
  'predict',
  'save',
  'load',
  'write_csv',
];
const files = [
  '/inputs/train.csv',
  '/inputs/test.csv',
  'X_train.pkl',
  'X_test.pkl',
  'y_train.pkl',
  'model.pkl',
  'submission.csv',
];

/** Spans that are one token each, longest first where one begins another. */
export const phrases: readonly string[] = [
  '```python\n',
  '```',
  'from tab import *\n',
  ...files.map((f) => `"${f}"`),
  ...calls.map((c) => `${c}(`),
  ...['k', 'steps', 'alpha', 'depth'].map((s) => `(${s}=`),
  'data_engineer',
  'modeler',
  'analyst',
  'copy',
  '"classification"',
  '"regression"',
  ' id="',
  '" target="',
  '" kind=',
  ' kind=',
  ' rows=',
  ' num=',
  ' cat=',
  ' header=',
  '"], ["',
  '", "',
  '","',
  '["',
  '"]',
  '[]',
  '", ',
  '")\n',
  '"))\n',
  ')\n',
  '))\n',
  '), ',
  '))',
  ' = ',
  ', ',
  '\n',
  'error: ',
  'broken: ',
  ' missing',
  'Error: ',
  ' not in columns',
  ' == ',
  'No such file or directory',
  'is not defined',
];

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('\n', '\\n');
}

/** The split pattern: phrases first, then runs of letters, single digits, and anything else alone. */
export const pattern: string = [
  ...[...phrases].sort((a, b) => b.length - a.length).map(escaped),
  '[A-Za-z]+',
  '[0-9]',
  '[\\s\\S]',
].join('|');

/** Text for learning merges: the spans of many samples that are not phrases, one a line. */
export function corpus(count: number, seed: number): string[] {
  const c = chance(seed);
  const split = new RegExp(pattern, 'gu');
  const known = new Set(phrases);
  const out: string[] = [];
  for (let i = 0; i < count; i++) {
    const { messages, reply } = sample(c, 0.3);
    for (const text of [...messages, reply]) {
      for (const span of text.match(split) ?? []) if (!known.has(span) && span.length > 1) out.push(span);
    }
  }
  return out;
}

const bytes = byteLetters();

/** GPT-2's table from byte to printable letter, which byte-level tokenizers use. */
function byteLetters(): string[] {
  const out: string[] = [];
  let next = 256;
  for (let b = 0; b < 256; b++) {
    const printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
    out.push(String.fromCodePoint(printable ? b : next++));
  }
  return out;
}

function lettered(text: string): string {
  return [...new TextEncoder().encode(text)].map((b) => bytes[b]!).join('');
}

/** A `tokenizer.json` of exactly `size` tokens from merges such as `["a", "b"]`, best first. */
export function tokenizerFile(merges: readonly (readonly [string, string])[], size: number): object {
  const vocabulary = new Map<string, number>();
  const add = (token: string): void => {
    if (!vocabulary.has(token)) vocabulary.set(token, vocabulary.size);
  };
  for (const token of [...special, ...bytes, ...phrases.map(lettered)]) add(token);
  const used: string[] = [];
  for (const [left, right] of merges) {
    if (vocabulary.size >= size) break;
    add(left + right);
    used.push(`${left} ${right}`);
  }
  if (vocabulary.size !== size) throw new RangeError(`too few merges: ${vocabulary.size} of ${size} tokens`);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: true,
      vocab: Object.fromEntries(vocabulary),
      merges: used,
    },
  };
}
