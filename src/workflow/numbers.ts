/** So many digits are kept exactly. */
const EXACT = 15;

/**
 * The number that a cell of a table holds; null where it is text: an id of many digits, a code that begins with zeros,
 * `0x10`, a hash such as `123e45`. What it gives loses nothing of the cell but its way of writing.
 */
export function numberIn(cell: string): number | null {
  const text = cell.trim();
  const plain = /^[+-]?(0|[1-9]\d*)(\.\d+)?$/;
  const scientific = /^[+-]?\d(\.\d+)?[eE][+-]?\d{1,2}$/;
  if (!plain.test(text) && !scientific.test(text)) return null;
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  return digits.length > EXACT ? null : Number(text);
}
