/** How files of people are read: the first line names the columns. */
export const csvOfPeople = { bom: true, columns: true, skip_empty_lines: true } as const;

/** Rows to CSV text; a cell is quoted only where it must be (RFC 4180). */
export function stringify(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return `${rows.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}
