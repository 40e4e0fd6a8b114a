import * as l10n from '@vscode/l10n';
import { type KeyboardEvent, useRef } from 'react';
import type { Graph, ShownArtifact, ShownGroup, ShownRole } from '../../src/editor/protocol/designer.js';
import { counted } from './problems.js';
import type { Selection } from './selection.js';

interface Props {
  graph: Graph;
  selection: Selection | null;
  select: (selection: Selection) => void;
  reveal: (selection: Selection) => void;
  remove: (selection: Selection) => void;
}

/** The same graph as a tree: for screen readers, and for whoever prefers the keyboard. */
export function Twin({ graph, selection, select, reveal, remove }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const key = (event: KeyboardEvent, row: Selection) => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [])];
    const at = rows.indexOf(event.currentTarget as HTMLElement);
    const go = (to: number) => rows[Math.min(rows.length - 1, Math.max(0, to))]?.focus();
    switch (event.key) {
      case 'ArrowDown':
        go(at + 1);
        break;
      case 'ArrowUp':
        go(at - 1);
        break;
      case 'Home':
        go(0);
        break;
      case 'End':
        go(rows.length - 1);
        break;
      case 'Enter':
        reveal(row);
        break;
      case ' ':
        select(row);
        break;
      case 'Delete':
        remove(row);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const all = rowsOf(graph);
  const same = (item: Selection) => selection?.kind === item.kind && selection.name === item.name;
  // One row is in the way of the Tab key, the others are reached from it.
  const stop = all.find(({ item }) => same(item)) ?? all[0];
  return (
    // A tree is what this is; HTML has no element for one.
    // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: see above
    <ul ref={list} role="tree" aria-label={l10n.t('Roles and what they hand over')} className="twin">
      {all.map((row) => {
        const { item, text, level, problems } = row;
        const on = same(item);
        return (
          <li
            key={`${item.kind}:${item.name}:${level}`}
            role="treeitem"
            aria-level={level}
            aria-selected={on}
            tabIndex={row === stop ? 0 : -1}
            className={`${on ? 'selected' : ''} level-${level}`}
            onFocus={() => select(item)}
            onClick={() => select(item)}
            onDoubleClick={() => reveal(item)}
            onKeyDown={(event) => key(event, item)}
          >
            {text}
            {problems > 0 && <span className="problem"> {counted(problems)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

interface Row {
  item: Selection;
  text: string;
  level: number;
  problems: number;
}

/** Each role with what it makes below it, and then what nobody makes. */
function rowsOf(graph: Graph): Row[] {
  const within = new Map(graph.groups.flatMap((group) => partsOf(group)));
  const made = (artifact: ShownArtifact, level: number, text: string): Row => ({
    item: { kind: 'artifact', name: artifact.name },
    ...{ text, level, problems: artifact.problems.length },
  });
  return [
    ...graph.roles.flatMap((role): Row[] => [
      {
        item: { kind: 'role', name: role.name },
        text: factsOf(role, within.get(role.name) ?? []).join(', '),
        ...{ level: 1, problems: role.problems.length },
      },
      ...graph.artifacts
        .filter(({ producer }) => producer === role.name)
        .map((artifact) =>
          made(artifact, 2, `${artifact.name} \u2192 ${artifact.consumers.join(', ') || l10n.t('result')}`),
        ),
    ]),
    ...graph.artifacts
      .filter(({ producer }) => producer === null)
      .map((artifact) => made(artifact, 1, l10n.t('{0}: nobody makes it', artifact.name))),
  ];
}

/** A role in a row: its name, its mean score, whether it acts just now, and in which parts of the flow it stands. */
function factsOf({ name, score, acting }: ShownRole, within: readonly string[]): string[] {
  return [name, ...(score ? [score.mean.toFixed(1)] : []), ...(acting ? [l10n.t('acting')] : []), ...within];
}

/** Each role of a part of the flow, with the parts that it stands in, the innermost first. */
function partsOf({ label, roles, groups }: ShownGroup): [string, string[]][] {
  const inner = groups.flatMap((group) => partsOf(group));
  return [
    ...roles.map((role): [string, string[]] => [role, [label]]),
    ...inner.map(([role, within]): [string, string[]] => [role, [...within, label]]),
  ];
}
