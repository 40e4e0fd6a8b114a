import { parse as parseCsv } from 'csv-parse/sync';
import { isMap, isScalar, isSeq } from 'yaml';
import { parseSource } from '../source/source.js';
import { csvOfPeople } from '../tasks/csv.js';
import { type Place, wordIn, wordInScalar } from './words.js';

/** What a task of a file expects, and where each word of it is written there. */
export interface Expected {
  expression: string;
  place(offset: number): Place | undefined;
}

/** What the tasks of a YAML, JSONL or CSV file expect; nothing of what cannot be read. */
export function expectedIn(path: string, text: string): Expected[] {
  // Nothing is parsed that expects nothing: there may be many files.
  if (!/\bexpect\b/.test(text)) return [];
  if (path.endsWith('.csv')) return inCells(text);
  if (!path.endsWith('.jsonl')) return inYaml(path, text, 0);
  let at = 0;
  return text.split('\n').flatMap((line) => {
    const start = at;
    at += line.length + 1;
    // JSON is YAML.
    return line.includes('"expect"') ? inYaml(path, line, start) : [];
  });
}

function inYaml(path: string, text: string, start: number): Expected[] {
  const contents = parseSource(text, path).source?.doc.contents;
  return (isSeq(contents) ? contents.items : [contents]).flatMap((task) => {
    const node = isMap(task) ? task.get('expect', true) : undefined;
    if (!isScalar(node) || typeof node.value !== 'string') return [];
    const place = (offset: number) => {
      const found = wordInScalar(node, text, offset);
      return found && { start: found.start + start, end: found.end + start };
    };
    return [{ expression: node.value, place }];
  });
}

function inCells(text: string): Expected[] {
  const found: Expected[] = [];
  const bytes = Buffer.from(text);
  /** How far cells were found: the parser counts bytes, and places are of UTF-16 units. */
  const at = { bytes: 0, length: 0 };
  try {
    parseCsv(text, {
      ...csvOfPeople,
      cast: (cell, { column, header, bytes: end, quoting }) => {
        if (header || column !== 'expect' || cell === '') return cell;
        const written = quoting ? `"${cell.replaceAll('"', '""')}"` : cell;
        at.length += bytes.toString('utf8', at.bytes, end).length;
        at.bytes = end;
        const start = at.length - written.length;
        found.push({ expression: cell, place: (offset) => wordIn(written, start, cell, offset) });
        return cell;
      },
    });
  } catch {
    // Where tasks are read it is said why they cannot be.
    return [];
  }
  return found;
}
