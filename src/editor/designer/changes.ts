import * as l10n from '@vscode/l10n';
import {
  applyEdits,
  type Change,
  changeText,
  intoFlow,
  parseSource,
  renameEdits,
  type TextEdit,
  type WorkflowFiles,
  withoutRole,
} from '../../workflow/index.js';
import type { DesignerEdit } from '../protocol/designer.js';

/** The workflow's new text, and edits of prompt files that name what was renamed; or why not. */
export type Changed = { text: string; others: TextEdit[] } | { refused: string };

type Raw = Record<'agents' | 'artifacts', Record<string, Record<string, unknown>>>;

/** What an edit in the designer makes of a workflow's text: as little as can be, comments kept. Pure but for `files`. */
export function changed(text: string, edit: DesignerEdit, files?: WorkflowFiles): Changed {
  const { source } = parseSource(text, 'workflow');
  if (!source) return { refused: l10n.t('The text is not valid YAML just now; mend it there first.') };
  const { value } = source;
  const raw = readable(value);
  if (edit.do === 'rename') {
    const found = renameEdits(source, edit.kind, edit.from, edit.to, files);
    if ('refused' in found) return found;
    const own = found.edits.filter((each) => each.file === null);
    return { text: applyEdits(text, own), others: found.edits.filter((each) => each.file !== null) };
  }
  const found = goneOf(raw, edit) ?? changesFor(raw, value, edit);
  return 'refused' in found ? found : { text: changeText(text, found.changes), others: [] };
}

/** Why an edit is too late: what it is about was renamed or deleted while it was typed. */
function goneOf(
  { agents, artifacts }: Raw,
  edit: Exclude<DesignerEdit, { do: 'rename' }>,
): { refused: string } | null {
  if (edit.do === 'add' || edit.do === 'delete') return null;
  if (edit.do === 'artifact' || edit.do === 'checks') {
    const used = Object.values(agents).some((agent) =>
      [...list(agent?.produces), ...list(agent?.consumes)].includes(edit.name),
    );
    if (used || Object.hasOwn(artifacts, edit.name)) return null;
    return { refused: l10n.t('There is no artifact "{0}" any more.', edit.name) };
  }
  const role = edit.do === 'role' ? edit.name : edit.role;
  if (role === null || Object.hasOwn(agents, role)) return null;
  return { refused: l10n.t('There is no role "{0}" any more.', role) };
}

function changesFor(
  raw: Raw,
  value: unknown,
  edit: Exclude<DesignerEdit, { do: 'rename' }>,
): { changes: Change[] } | { refused: string } {
  const { agents, artifacts } = raw;
  switch (edit.do) {
    case 'add':
      return add(raw, value, edit);
    case 'delete':
      return {
        changes:
          edit.kind === 'role'
            ? [{ do: 'remove', path: ['agents', edit.name] }, ...withoutRole(value, edit.name)]
            : removeArtifact(raw, edit.name),
      };
    case 'connect': {
      if (list(agents[edit.role]?.consumes).includes(edit.artifact)) return { changes: [] };
      if (list(agents[edit.role]?.produces).includes(edit.artifact))
        return { refused: l10n.t('{0} makes {1} itself.', edit.role, edit.artifact) };
      return { changes: [{ do: 'add', path: ['agents', edit.role, 'consumes'], value: edit.artifact }] };
    }
    case 'disconnect':
      return { changes: without(agents, edit.role, 'consumes', edit.artifact) };
    case 'produce': {
      const before = Object.keys(agents).flatMap((role) => without(agents, role, 'produces', edit.artifact));
      if (edit.role === null) return { changes: before };
      const own = list(agents[edit.role]?.produces).includes(edit.artifact);
      return {
        changes: own
          ? []
          : [
              ...before,
              ...without(agents, edit.role, 'consumes', edit.artifact),
              { do: 'add', path: ['agents', edit.role, 'produces'], value: edit.artifact },
            ],
      };
    }
    case 'role':
      return { changes: [put(['agents', edit.name, edit.field], edit.value)] };
    case 'artifact':
      return { changes: [put(['artifacts', edit.name, edit.field], edit.value)] };
    case 'checks': {
      const checks = artifacts[edit.name]?.checks;
      const path = ['artifacts', edit.name, 'checks'];
      const known = Array.isArray(checks) ? checks.length : 0;
      if (edit.value === null) return { changes: [{ do: 'remove', path: [...path, edit.at] }] };
      if (edit.at >= known) return { changes: [{ do: 'add', path, value: edit.value }] };
      const item: unknown = Array.isArray(checks) ? checks[edit.at] : undefined;
      const inner =
        typeof item === 'object' && item !== null ? [...path, edit.at, 'check'] : [...path, edit.at];
      return { changes: [{ do: 'set', path: inner, value: edit.value }] };
    }
  }
}

function add(
  { agents, artifacts }: Raw,
  workflow: unknown,
  edit: Extract<DesignerEdit, { do: 'add' }>,
): { changes: Change[] } | { refused: string } {
  const { kind, name, producer } = edit;
  if (!/^[A-Za-z_]\w{0,62}$/.test(name))
    return {
      refused: l10n.t('"{0}" cannot be a name: letters, digits and _, starting with a letter.', name),
    };
  if (Object.hasOwn(kind === 'role' ? agents : artifacts, name))
    return {
      refused:
        kind === 'role'
          ? l10n.t('There is already a role "{0}".', name)
          : l10n.t('There is already an artifact "{0}".', name),
    };
  if (kind === 'role')
    return {
      changes: [
        { do: 'set', path: ['agents', name], value: { role: l10n.t('Say what this role answers for.') } },
        ...intoFlow(workflow, name),
      ],
    };
  const changes: Change[] = [
    { do: 'set', path: ['artifacts', name], value: { path: `${name}.txt`, kind: 'text' } },
  ];
  if (producer !== undefined)
    changes.push({ do: 'add', path: ['agents', producer, 'produces'], value: name });
  return { changes };
}

/** An artifact goes from every list as well; expressions that name it become problems, which the person decides on. */
function removeArtifact({ agents }: Raw, name: string): Change[] {
  return [
    { do: 'remove', path: ['artifacts', name] },
    ...Object.keys(agents).flatMap((role) => [
      ...without(agents, role, 'consumes', name),
      ...without(agents, role, 'produces', name),
    ]),
  ];
}

function without(
  agents: Raw['agents'],
  role: string,
  field: 'consumes' | 'produces',
  name: string,
): Change[] {
  const at = list(agents[role]?.[field]).indexOf(name);
  return at < 0 ? [] : [{ do: 'remove', path: ['agents', role, field, at] }];
}

function put(path: string[], value: string | number | boolean | string[] | null): Change {
  return value === null || value === '' ? { do: 'remove', path } : { do: 'set', path, value };
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function readable(value: unknown): Raw {
  const section = (name: string) => {
    const found = (value as Record<string, unknown> | null)?.[name];
    return typeof found === 'object' && found !== null ? (found as Raw['agents']) : {};
  };
  return { agents: section('agents'), artifacts: section('artifacts') };
}
