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
