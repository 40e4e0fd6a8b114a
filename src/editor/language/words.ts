import * as l10n from '@vscode/l10n';

/**
 * A text of a catalogue (what the schema says of a key, what a failure code means) in the language of the editor.
 * `npm run l10n` takes the catalogues into the bundle; every other text is written where `l10n.t` is called.
 */
export function inWords(text: string): string {
  return l10n.t(text);
}
