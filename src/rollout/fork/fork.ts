import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  agentOf,
  type EventData,
  endingOf,
  type Happening,
  isForkName,
  type LogEvent,
  LogWriter,
  type RunFolder,
  readLog,
  staysInside,
} from '../../trace/index.js';
import type { Task, Workflow } from '../../workflow/index.js';
import type { RolloutSpec } from '../carry.js';
import { rolloutId, seedFrom } from '../ids.js';
import type { Repeated } from '../place.js';
import { type ForkChange, readChange } from './change.js';

/** Where to fork: before this action of this rollout. */
export interface ForkAt {
  rollout: string;
  action: string;
  change: ForkChange;
}

const COPIED = new Set([
  'action.started',
  'model.called',
  'tool.ran',
  'artifact.checked',
  'action.finished',
  'workspace.edited',
  'arm.joined',
]);

/**
 * Begin a new branch of a rollout: its log starts with everything that happened before the action, and carrying the
 * returned spec goes on from there with the change. The parent's log is only read. `held`: the action is held before
 * it begins, so that its log does not have it yet. Throws where there is no such rollout or action, or where nobody
 * could act as the change says.
 */
export async function beginFork(
  folder: RunFolder,
  { rollout, action, change }: ForkAt,
  { workflow, tasks }: { workflow: Workflow; tasks: readonly Task[] },
  runSeed: number,
  held = false,
): Promise<RolloutSpec> {
  for (const path of Object.keys(change.files ?? {}))
    if (!staysInside(path))
      throw new Error(`The fork names the file "${path}", which is outside the workspace.`);
  const { events } = readLog(folder.rollout(rollout));
  const first = events.find((event) => event.type === 'rollout.started');
  if (first?.type !== 'rollout.started')
    throw new Error(`There is no rollout "${rollout}" in ${folder.path}.`);
  const begun = events.findIndex((event) => event.type === 'action.started' && event.data.action === action);
  const at = begun < 0 && held ? events.length : begun;
  if (at < 0) {
    const known = events.flatMap((event) => (event.type === 'action.started' ? [event.data.action] : []));
    throw new Error(`${rollout} has no action "${action}"; it has ${known.join(', ') || 'none yet'}.`);
  }
  if (change.policy !== undefined) mustAct(workflow, agentOf(action), change.policy);
  const { task, sample, step, stratum } = first.data;
  const whole =
    first.data.parent?.action === action ? onTop(readChange(first.data.parent.change), change) : change;
  const policies = actingIn(events, first.data, action);
  const branch = freeBranch(folder, { step, task, sample });
  const seed = seedFrom(runSeed, step, task, sample, branch);
  const parent = { rollout, action, change: JSON.stringify(whole) };
  const id = rolloutId({ step, task, sample, branch });
  const { log } = await LogWriter.open(folder.rollout(id));
  log.append({
    type: 'rollout.started',
    data: { rollout: id, task, stratum, sample, step, branch, seed, policies, parent },
  });
  const done = new Set(
    events.slice(0, at).flatMap((event) => (event.type === 'action.finished' ? [event.data.action] : [])),
  );
  for (const event of events.slice(0, at)) {
    if (!COPIED.has(event.type)) continue;
    if ('action' in event.data && !done.has(event.data.action ?? '')) continue;
    const happening = { type: event.type, data: event.data } as Happening;
    log.append(
      happening.type === 'model.called'
        ? { type: 'model.called', data: { ...happening.data, copied: true } }
        : happening,
    );
  }
  await log.close();
  const edit = { action, change: whole };
  const repeated = repeatedIn(events, action);
  return { step, task, sample, branch, of: taskOf(tasks, task), policies, parent, edit, repeated };
}

/** Throws where a role has no such policy: no model of the workflow, and no weights that an engine would know. */
function mustAct({ agents, models }: Workflow, role: string, policy: string): void {
  const own = models[agents[role]?.model ?? ''];
  if (Object.hasOwn(models, policy)) return;
  if (own?.provider === 'embedded' && /^[\w-]+@[\w.-]+$/.test(policy)) return;
  const trained = own?.provider === 'embedded' ? `, or what it was trained to: ${role}@VERSION` : '';
  throw new Error(
    `"${policy}" cannot act as ${role}: name a model of the workflow (${Object.keys(models).join(', ')})${trained}.`,
  );
}

/** A change of an action that the parent had changed too: what it does not name stays, but for an answer of before. */
function onTop(before: ForkChange, { files, ...change }: ForkChange): ForkChange {
  const { reply: _, files: kept, ...stays } = before;
  const all = { ...kept, ...files };
  return { ...stays, ...change, ...(Object.keys(all).length > 0 ? { files: all } : {}) };
}

/** Who acts for each role from an action of a rollout on; in a fork, also whom that put there before. */
function actingIn(
  events: readonly LogEvent[],
  { policies, parent }: EventData<'rollout.started'>,
  action: string,
): Record<string, string> {
  const { policy } = parent ? readChange(parent.change) : {};
  if (!parent || policy === undefined) return policies;
  const begun = (of: string) =>
    events.findIndex((event) => event.type === 'action.started' && event.data.action === of);
  const role = agentOf(parent.action);
  const earlier = role === agentOf(action) && begun(action) >= 0 && begun(action) < begun(parent.action);
  return earlier ? policies : { ...policies, [role]: policy };
}

/** What roles said again in a rollout, as they do in its fork; whose action is changed acts anew from there on. */
function repeatedIn(events: readonly LogEvent[], action: string): Repeated {
  return new Map(
    events.flatMap(({ type, data }) =>
      type === 'model.called' && data.policy === 'repeated' && agentOf(data.action) !== agentOf(action)
        ? [[data.action, { reply: data.reply, finish: data.finish }] as const]
        : [],
    ),
  );
}

/** Forks that were begun and not finished, or are to be carried `again`: a resumed run carries them on. */
export function openForks(
  folder: RunFolder,
  tasks: readonly Task[],
  again: ReadonlySet<string> = new Set(),
): RolloutSpec[] {
  const logs = dirname(folder.rollout('any'));
  if (!existsSync(logs)) return [];
  const names = readdirSync(logs).flatMap((name) => /^(.*)\.jsonl$/.exec(name)?.[1] ?? []);
  return names.filter(isForkName).flatMap((name): RolloutSpec[] => {
    const { events } = readLog(folder.rollout(name));
    const first = events[0];
    if (first?.type !== 'rollout.started' || first.data.parent === null) return [];
    if (endingOf(events) && !again.has(first.data.rollout)) return [];
    const { task, sample, step, branch, policies, parent } = first.data;
    const edit = { action: parent.action, change: readChange(parent.change) };
    const repeated = repeatedIn(readLog(folder.rollout(parent.rollout)).events, parent.action);
    return [{ step, task, sample, branch, of: taskOf(tasks, task), policies, parent, edit, repeated }];
  });
}

function taskOf(tasks: readonly Task[], id: string): Task {
  const found = tasks.find((task) => task.id === id);
  if (!found)
    throw new Error(`The workflow no longer has the task "${id}", so its rollouts cannot be forked.`);
  return found;
}

function freeBranch(folder: RunFolder, name: { step: string; task: string; sample: number }): string {
  for (let at = 1; ; at++)
    if (!existsSync(folder.rollout(rolloutId({ ...name, branch: `fork-${at}` })))) return `fork-${at}`;
}
