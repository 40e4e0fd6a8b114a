import * as l10n from '@vscode/l10n';
import type { RawSplit } from '../schema-tasks.js';
import { randomFrom, shuffled } from './random.js';
import type { DraftTask, Split, Task } from './task.js';

const splits = ['train', 'select', 'test'] as const;

/**
 * Give every task its stratum, group and split. Tasks of one group (a table) always stay together; groups are
 * dealt by stratum, so that each split sees every stratum in its share.
 */
export function splitTasks(
  drafts: DraftTask[],
  stratumField: string | null,
  split: RawSplit | undefined,
): { tasks: Task[]; overlaps: string[]; problems: string[] } {
  const problems: string[] = [];
  const overlaps: string[] = [];
  const stratumOf = (task: DraftTask) =>
    stratumField === null ? 'all' : String(task.fields[stratumField] ?? 'none');
  const groupOf = (task: DraftTask) =>
    split?.by === undefined ? task.id : String(task.fields[split.by] ?? task.id);
  const groups = new Map<string, DraftTask[]>();
  for (const task of drafts) groups.set(groupOf(task), [...(groups.get(groupOf(task)) ?? []), task]);
  const chosen = new Map<string, Split>();
  for (const [group, tasks] of groups) {
    const named = new Set(tasks.flatMap((task) => (task.split ? [task.split] : [])));
    for (const name of splits)
      if (Array.isArray(split?.[name]) && split[name].map(String).includes(group)) named.add(name);
    if (named.size > 1)
      overlaps.push(
        l10n.t(
          '"{0}" is in {1}; a model would be tested on what it was trained on.',
          group,
          [...named].join(l10n.t(' and ')),
        ),
      );
    const [only] = named;
    if (only) chosen.set(group, only);
  }
  dealRest(groups, chosen, stratumOf, split);
  const ids = new Set<string>();
  const tasks = drafts.map((draft): Task => {
    if (ids.has(draft.id))
      problems.push(l10n.t('Two tasks are called "{0}"; give each its own id.', draft.id));
    ids.add(draft.id);
    const group = groupOf(draft);
    const { id, prompt, files, hidden, expect } = draft;
    return {
      id,
      prompt,
      files,
      hidden,
      expect,
      fields: draft.fields,
      stratum: stratumOf(draft),
      group,
      split: chosen.get(group)!,
    };
  });
  return { tasks, overlaps, problems };
}

function dealRest(
  groups: Map<string, DraftTask[]>,
  chosen: Map<string, Split>,
  stratumOf: (task: DraftTask) => string,
  split: RawSplit | undefined,
): void {
  const open = [...groups.keys()].filter((group) => !chosen.has(group));
  // Without a split every task is for everything that does not train: tests are what people run.
  if (split === undefined) {
    for (const group of open) chosen.set(group, 'test');
    return;
  }
  const byStratum = new Map<string, string[]>();
  for (const group of open) {
    const stratum = stratumOf(groups.get(group)![0]!);
    byStratum.set(stratum, [...(byStratum.get(stratum) ?? []), group]);
  }
  const share = (name: Split) => (Array.isArray(split[name]) ? 0 : Number(split[name]));
  const total = splits.reduce((sum, name) => sum + share(name), 0) || 1;
  for (const [stratum, names] of byStratum) {
    const order = shuffled(names.sort(), randomFrom(`split/${stratum}`));
    const test = Math.round((order.length * share('test')) / total);
    const select = Math.round((order.length * share('select')) / total);
    for (const [at, group] of order.entries())
      chosen.set(group, at < test ? 'test' : at < test + select ? 'select' : 'train');
  }
}
