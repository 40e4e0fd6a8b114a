import * as l10n from '@vscode/l10n';
import { factTypes } from '../facts.js';
import type { WorkflowFiles } from '../files.js';
import { mentions, type NameKind } from '../mentions/index.js';
import { artifactKinds } from '../schema.js';
import type { Source } from '../source/source.js';
import type { TextEdit } from './text-edit.js';

/** Words that mean something else where an artifact's name can stand. */
const TAKEN = new Set(['task', 'context', 'true', 'false', 'null', 'and', 'or', 'not', 'in']);

/**
 * Rename a role, an artifact or a model everywhere: in the file, in its expressions and in the prompts it names.
 * Gives the edits, or why not; the file on disk is not touched.
 */
export function renameEdits(
  source: Source,
  kind: NameKind,
  from: string,
  to: string,
  files?: WorkflowFiles,
): { edits: TextEdit[] } | { refused: string } {
  if (!/^[A-Za-z_]\w{0,62}$/.test(to))
    return {
      refused: l10n.t(
        '"{0}" cannot be a name: letters, digits and _, starting with a letter, 63 at most.',
        to,
      ),
    };
  const all = mentions(source, files, true).filter((mention) => mention.kind === kind);
  if (!all.some(({ name, is }) => name === from && is === 'declaration'))
    return { refused: noneHere[kind](from) };
  if (from === to) return { edits: [] };
  if (all.some(({ name, is }) => name === to && is === 'declaration')) return { refused: already[kind](to) };
  if (kind === 'artifact' && (TAKEN.has(to) || isFact(to)))
    return { refused: l10n.t('"{0}" already means something in expressions; choose another name.', to) };
  const edits = all
    .filter(({ name }) => name === from)
    .map(({ file, start, end }) => ({ file, start, end, text: to }));
  return { edits };
}

const noneHere = {
  role: (name: string) => l10n.t('There is no role "{0}" here.', name),
  artifact: (name: string) => l10n.t('There is no artifact "{0}" here.', name),
  model: (name: string) => l10n.t('There is no model "{0}" here.', name),
};

const already = {
  role: (name: string) => l10n.t('There is already a role "{0}".', name),
  artifact: (name: string) => l10n.t('There is already an artifact "{0}".', name),
  model: (name: string) => l10n.t('There is already a model "{0}".', name),
};

/** A contract's own facts go before artifacts, so that an artifact of that name could not be spoken of there. */
function isFact(name: string): boolean {
  return artifactKinds.some((kind) => Object.hasOwn(factTypes(kind), name));
}
