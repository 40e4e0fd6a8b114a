// Writes media/base/tokenizer.json: `npm run pretrain -- --vocabulary <python with tokenizers>`.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { corpus, tokenizerFile } from './tokens.js';

export const vocabularySize = 640;

/** Learns the merges with the given interpreter and writes the file. Throws with the interpreter's complaint. */
export function writeVocabulary(python: string, script: string, out: string): void {
  const lines = corpus(6000, 11).map((span) => JSON.stringify(span));
  const ran = spawnSync(python, [script, String(vocabularySize + 200)], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (ran.status !== 0) throw new Error(`${python} could not learn the vocabulary:\n${ran.stderr}`);
  const merges = JSON.parse(ran.stdout) as [string, string][];
  writeFileSync(out, `${JSON.stringify(tokenizerFile(merges, vocabularySize), null, 1)}\n`);
}
