import { stringify } from 'yaml';

const WIDTH = 100;

/** A value on one line, as it can stand after a key or inside brackets. `quote` keeps a scalar's quotes. */
export function inline(value: unknown, quote?: string): string {
  // On one line only quotes hold several.
  if (typeof value === 'string' && value.includes('\n')) return JSON.stringify(value);
  return stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    blockQuote: false,
    ...(quote
      ? { defaultStringType: quote === '"' ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE', defaultKeyType: 'PLAIN' }
      : {}),
  }).trimEnd();
}

/** `key: value` (or `- value`) in block style, its further lines indented by `indent` spaces; no end of line. */
export function block(key: string | undefined, value: unknown, indent: number): string {
  const lead = key === undefined ? '- ' : `${inline(key)}: `;
  const line = lead + inline(value);
  const scalar = typeof value !== 'object' || value === null;
  const flat = !scalar && Object.values(value).every(isShort);
  const lines = typeof value === 'string' && value.includes('\n');
  if ((scalar && !lines) || Array.isArray(value) || (flat && line.length + indent <= WIDTH)) return line;
  const body = stringify(key === undefined ? [value] : { [key]: value }, {
    lineWidth: WIDTH - indent,
    blockQuote: 'literal',
  }).trimEnd();
  return body.replaceAll('\n', `\n${' '.repeat(indent)}`);
}

/** A scalar, or a list of scalars. */
function isShort(value: unknown): boolean {
  const scalar = (part: unknown) => typeof part !== 'object' || part === null;
  return scalar(value) || (Array.isArray(value) && value.every(scalar));
}
