// The pseudo language: every text of ours stands in brackets, so what stands outside of them was never translated.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A bundle, such as a translator would make of ours, in the pseudo language. */
export function pseudoOf(bundle: object): Record<string, string> {
  return Object.fromEntries(Object.keys(bundle).map((text) => [text, `[${text}]`]));
}

export function pseudo(): Record<string, string> {
  const path = join(import.meta.dirname, '../media/l10n/bundle.l10n.json');
  return pseudoOf(JSON.parse(readFileSync(path, 'utf8')) as object);
}

/** A text without what stands in brackets, which may stand in brackets. */
export function outside(text: string): string {
  const rest = text.replace(/\[[^[\]]*\]/g, '');
  return rest === text ? rest : outside(rest);
}

export const wordsIn = (text: string): string[] => text.match(/\p{L}\w+/gu) ?? [];

/** Texts with words outside of brackets, but for the words of `known`: names, and what somebody wrote. */
export function untranslatedIn(texts: readonly string[], known: string): string[] {
  const names = new Set(wordsIn(known));
  return texts.filter((text) => wordsIn(outside(text)).some((word) => !names.has(word)));
}
