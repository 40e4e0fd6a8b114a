import * as l10n from '@vscode/l10n';
import { parseDocument } from 'yaml';
import { targetsSchema } from '../../target/index.js';
import { type Completions, keySuggestions, siblings } from './complete.js';
import { contextAt } from './context.js';
import { type HoverText, schemaHover } from './hover.js';
import { SchemaReader } from './schema.js';

const readers = {
  ssh: new SchemaReader(() => targetsSchema('ssh')),
  ray: new SchemaReader(() => targetsSchema('ray')),
  either: new SchemaReader(() => targetsSchema()),
};

/** The reader for a place in the text: that of the target's kind, where it is written already. */
function readerAt(text: string, path: readonly string[]): SchemaReader {
  const kind: unknown = path.length > 1 ? parseDocument(text).getIn([...path.slice(0, 2), 'kind']) : null;
  return kind === 'ssh' || kind === 'ray' ? readers[kind] : readers.either;
}

/** What can be typed at an offset of targets.yaml. `hosts`: those of the ssh configuration. */
export function completeTargets(text: string, offset: number, hosts: readonly string[]): Completions {
  const context = contextAt(text, offset);
  const at = { start: context.start, end: offset };
  if (context.typing === 'comment') return { start: offset, end: offset, suggestions: [] };
  const reader = readerAt(text, context.path);
  if (context.typing === 'key')
    return { ...at, suggestions: keySuggestions(reader, context, siblings(text, context)) };
  if (context.path.at(-1) === 'host')
    return {
      ...at,
      suggestions: hosts.map((label) => ({
        label,
        kind: 'value',
        detail: l10n.t('of your ssh configuration'),
      })),
    };
  return { ...at, suggestions: reader.valuesAt(context.path).map((label) => ({ label, kind: 'value' })) };
}

/** What is known of the key at an offset of targets.yaml. */
export function hoverTargets(text: string, offset: number): HoverText | null {
  const end = offset + (/^\w*/.exec(text.slice(offset))?.[0].length ?? 0);
  const start = end - (/\w*$/.exec(text.slice(0, end))?.[0].length ?? 0);
  return start === end ? null : schemaHover(readerAt(text, contextAt(text, start).path), text, start, end);
}
