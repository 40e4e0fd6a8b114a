import { config } from '@vscode/l10n';

/** Where the page carries the words of the editor's language; made by `src/editor/page.ts`, absent in English. */
const PLACE = 'l10n';

/** Take the words of the editor's language in; called once, before anything is drawn. */
export function localise(): void {
  const handed = document.getElementById(PLACE)?.textContent;
  if (handed) config({ contents: handed });
}
