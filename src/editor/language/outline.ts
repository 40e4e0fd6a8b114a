import { isMap, isScalar } from 'yaml';
import type { Analysis } from './analyse.js';

export interface OutlineItem {
  name: string;
  detail: string;
  kind: 'section' | 'role' | 'artifact' | 'model' | 'metric' | 'value';
  /** The whole item, and its name: offsets. */
  range: [number, number];
  nameRange: [number, number];
  children: OutlineItem[];
}

const kinds: Record<string, OutlineItem['kind']> = { agents: 'role', artifacts: 'artifact', models: 'model' };

/** Sections of the file with their roles, artifacts, models and metrics. */
export function outline(analysis: Analysis): OutlineItem[] {
  return children(analysis.source?.doc.contents, (name, value) => ({
    kind: 'section',
    detail: '',
    children: kinds[name]
      ? children(value, (each) => ({
          kind: kinds[name]!,
          detail: detailOf(analysis, kinds[name]!, each),
          children: [],
        }))
      : name === 'outcome'
        ? children(value, (each, inner) => ({
            kind: 'value',
            detail: '',
            children:
              each === 'metrics' ? children(inner, () => ({ kind: 'metric', detail: '', children: [] })) : [],
          }))
        : [],
  }));
}

function detailOf({ team }: Analysis, kind: OutlineItem['kind'], name: string): string {
  if (kind === 'role') return team.roles.get(name)?.produces.join(', ') ?? '';
  if (kind === 'artifact') return team.artifacts.get(name)?.kind ?? '';
  return team.models.get(name)?.provider ?? '';
}

type Rest = Pick<OutlineItem, 'kind' | 'detail' | 'children'>;

function children(node: unknown, rest: (name: string, value: unknown) => Rest): OutlineItem[] {
  if (!isMap(node)) return [];
  return node.items.flatMap((pair): OutlineItem[] => {
    if (!isScalar(pair.key) || !pair.key.range) return [];
    const name = String(pair.key.value);
    const [start, end] = pair.key.range;
    const value = pair.value as { range?: readonly number[] } | null;
    const last = Math.max(end, value?.range?.[1] ?? end);
    return [{ name, range: [start, last], nameRange: [start, end], ...rest(name, pair.value) }];
  });
}
