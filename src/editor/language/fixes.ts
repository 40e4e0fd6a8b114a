import * as l10n from '@vscode/l10n';
import {
  type Fix,
  failureCodes,
  knownFailure,
  metricNames,
  nearest,
  type Problem,
} from '../../workflow/index.js';
import type { Analysis } from './analyse.js';
import { workflowKeys } from './schema.js';
import { changeFix, structuralFixes } from './structural-fixes.js';

/** Text replacements that mend a problem: its own, or one that its code and place allow. Offsets are of the text. */
export function fixesFor(problem: Problem, analysis: Analysis): Fix[] {
  if (problem.fix) return [problem.fix];
  const [start, end] = [
    offsetOf(analysis.text, problem.line, problem.column),
    offsetOf(analysis.text, problem.endLine, problem.endColumn),
  ];
  const written = analysis.text.slice(start, end);
  const bare = written.replace(/^["']|["']$/g, '');
  const replace = (to: string | undefined): Fix[] =>
    to === undefined || to === bare
      ? []
      : [{ title: l10n.t('Replace with "{0}"', to), start, end, text: written.replace(bare, () => to) }];
  const { team } = analysis;
  switch (problem.code) {
    case 'name.unknown-artifact':
      return [
        ...replace(nearest(bare, team.artifacts.keys())),
        ...(/^[A-Za-z_]\w*$/.test(bare)
          ? changeFix(analysis, l10n.t('Declare the artifact "{0}"', bare), {
              ...{ do: 'set', path: ['artifacts', bare], value: { path: `${bare}.json`, kind: 'json' } },
            })
          : []),
      ];
    case 'name.unknown-model':
      return replace(
        nearest(bare, team.models.keys()) ??
          (team.models.size === 1 ? [...team.models.keys()][0] : undefined),
      );
    case 'name.unknown-agent':
      return replace(nearest(bare, team.roles.keys()));
    case 'metric.unknown':
      return replace(nearest(bare, metricNames));
    case 'schema.unknown-key':
      return [
        ...replace(
          nearest(
            bare,
            workflowKeys.keysAt(pathOf(problem, analysis)).map(({ key }) => key),
          ),
        ),
      ];
    case 'split.unknown':
    case 'expression.unknown-name': {
      const { instead } = problem;
      return instead ? replace(instead.meant + bare.slice(instead.written.length)) : [];
    }
    case 'failure.unknown':
      return [
        ...replace(nearest(bare, Object.keys(failureCodes))),
        ...(knownFailure(`x.${bare}`) ? replace(`x.${bare}`) : []),
      ];
    case 'secret.in-clear':
      return [{ title: l10n.t('Refer to a stored key'), start, end, text: '"${secret:MODEL_KEY}"' }];
    default:
      return structuralFixes(problem, analysis, start);
  }
}

/** UTF-16 offset of a line and a column, both from 1. */
export function offsetOf(text: string, line: number, column: number): number {
  let at = 0;
  for (let row = 1; row < line; row++) {
    const next = text.indexOf('\n', at);
    if (next < 0) return text.length;
    at = next + 1;
  }
  return Math.min(text.length, at + column - 1);
}

/** The keys above a problem's place. */
function pathOf(problem: Problem, analysis: Analysis): string[] {
  const at = offsetOf(analysis.text, problem.line, problem.column);
  const path: string[] = [];
  const walk = (node: unknown): void => {
    const items = (node as { items?: unknown[] } | null)?.items;
    for (const item of items ?? []) {
      const pair = item as {
        key?: { value?: unknown };
        value?: { range?: readonly number[] } | null;
        range?: readonly number[];
      };
      const isPair = pair.key !== undefined;
      const range = isPair ? pair.value?.range : pair.range;
      if (!range || at < range[0]! || at >= range[2]!) continue;
      path.push(isPair ? String(pair.key!.value) : '-');
      walk(isPair ? pair.value : pair);
      return;
    }
  };
  walk(analysis.source?.doc.contents);
  return path;
}
