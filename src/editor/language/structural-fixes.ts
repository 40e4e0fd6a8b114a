import * as l10n from '@vscode/l10n';
import {
  type Change,
  changeText,
  type Fix,
  intoFlow,
  mentions,
  metricNames,
  oneEdit,
  type Problem,
  type Source,
} from '../../workflow/index.js';
import type { Analysis } from './analyse.js';

type Path = readonly (string | number)[];

/** Models that are offered at most where a role names none. */
const MODELS = 4;

/** What mends a problem as a change of the tree: keys and items are put in or taken out, comments kept. */
export function structuralFixes(problem: Problem, analysis: Analysis, at: number): Fix[] {
  const { source, team } = analysis;
  if (!source) return [];
  const fix = (title: string, ...changes: Change[]) => changeFix(analysis, title, ...changes);
  const path = pathAt(source, at);
  const name = String(path.at(-1) ?? '');
  switch (problem.code) {
    case 'metric.no-fallback':
      return fix(l10n.t('Charge failures 0.5'), { do: 'set', path: [...path, 'fallback'], value: 0.5 });
    case 'metric.no-table':
      return [...team.artifacts].flatMap(([artifact, { kind }]) =>
        ['file', 'text'].includes(kind)
          ? fix(l10n.t('Measure "{0}"', artifact), {
              do: 'set',
              path: [...path, 'artifact'],
              value: artifact,
            })
          : [],
      );
    case 'schema.missing-key': {
      const { missing } = problem;
      const value = missing && placeholder(missing, analysis);
      if (!missing || value === undefined) return [];
      const title = l10n.t('Add "{0}"', String(missing.at(-1)));
      // The version stands first, where the top level is in block style at the margin.
      return missing.join() === 'baton' && /(^|\n)[A-Za-z]$/.test(analysis.text.slice(0, at + 1))
        ? [{ title, start: at, end: at, text: 'baton: 1\n' }]
        : fix(title, { do: 'set', path: missing, value });
    }
    case 'flow.agent-missing':
      return fix(l10n.t('Let "{0}" act last', name), ...intoFlow(source.value, name));
    case 'model.ambiguous':
      return [...team.models.keys()].slice(0, MODELS).flatMap((model) => [
        ...fix(l10n.t('"{0}" uses "{1}"', name, model), {
          do: 'set',
          path: [...path, 'model'],
          value: model,
        }),
        ...fix(l10n.t('Every role uses "{0}" unless it says otherwise', model), {
          ...{ do: 'set', path: ['defaults', 'model'], value: model },
        }),
      ]);
    case 'artifact.unused': {
      // One that something else names is missing there, not too many here.
      const named = mentions(source, analysis.files, true).some(
        (each) => each.kind === 'artifact' && each.name === name && each.is !== 'declaration',
      );
      return named ? [] : fix(l10n.t('Remove the artifact "{0}"', name), { do: 'remove', path });
    }
    default:
      return [];
  }
}

/** Changes of the tree as one replacement of text. */
export function changeFix({ text }: Analysis, title: string, ...changes: Change[]): Fix[] {
  const edit = oneEdit(text, changeText(text, changes));
  return edit ? [{ title, start: edit.start, end: edit.end, text: edit.text }] : [];
}

/** What a missing key gets to begin with; undefined where only the person can know. */
function placeholder(missing: Path, { team }: Analysis): unknown {
  const [section, name] = missing as [string, string | undefined];
  const key = missing.at(-1);
  const says = { role: l10n.t('Say what this role answers for.') };
  if (missing.length === 1)
    return {
      baton: 1,
      models: {
        local: { provider: 'openai', base_url: 'http://127.0.0.1:11434/v1', model: 'qwen3:4b' },
      },
      tasks: [{ prompt: l10n.t('Say what the team is asked.') }],
      agents: { worker: says },
    }[section];
  if (section === 'agents' && key === 'role') return says.role;
  if (section === 'flow' && key === 'max') return 3;
  if (section === 'coach' && key === 'model')
    return team.models.size === 1 ? [...team.models.keys()][0] : undefined;
  if (section === 'outcome' && name === 'metrics' && key === 'better') {
    const metric = String(missing.at(-2));
    return metricNames.includes(metric) ? (lowerIsBetter(metric) ? 'lower' : 'higher') : undefined;
  }
  return undefined;
}

/** Errors, not shares of what is right. */
function lowerIsBetter(metric: string): boolean {
  return ['rmse', 'mae'].includes(metric);
}

interface Node {
  items?: unknown[];
  range?: readonly [number, number, number];
}

/** The keys and indexes down to what stands at an offset; a key that it is in counts. */
function pathAt(source: Source, offset: number): Path {
  const holds = (from: Node | null, to = from): boolean =>
    from?.range !== undefined && from.range[0] <= offset && offset < (to?.range ?? from.range)[1];
  const below = (node: Node | null): Path => {
    for (const [at, item] of (node?.items ?? []).entries()) {
      const { key, value = null } = item as { key?: Node & { value: unknown }; value?: Node | null };
      const inner = key ? value : (item as Node);
      if (holds(key ?? inner, inner))
        return [key ? String(key.value) : at, ...(holds(inner) ? below(inner) : [])];
    }
    return [];
  };
  return below(source.doc.contents as Node | null);
}
