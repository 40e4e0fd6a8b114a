/**
 * The words of the editor's language for a page, as data that no browser runs; empty where the editor speaks English.
 * No text can end the element, since `<` is written as JSON's escape. Read by `webview/ui/l10n.ts`.
 */
export function words(bundle: Readonly<Record<string, string>> | undefined): string {
  if (!bundle) return '';
  return `<script type="application/json" id="l10n">${JSON.stringify(bundle).replaceAll('<', '\\u003c')}</script>\n`;
}

/** A text inside markup, or inside an attribute between double quotes. */
export function asText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** A text that no console obeys: nothing in it but what can be read, lines and tabs. */
export function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}
