import * as l10n from '@vscode/l10n';
import type { ActionRecord } from '../../coach/index.js';
import type { Body, LogEvent, WorkspaceState } from '../../trace/index.js';
import { exitWords, statusWords } from '../runs/told.js';
import { factsAt, known } from './conditions.js';
import type { Budgeted } from './spending.js';
import type { Stop, Timeline } from './timeline.js';

/** A variable and what it opens to. */
export interface Shown {
  name: string;
  value: string;
  children?: () => Shown[];
}

export interface VariableSources {
  timeline: Timeline;
  /** What the role consumes and produces. */
  handed: (role: string) => { consumes: string[]; produces: string[] };
  text: (body: Body) => string;
  workspace: WorkspaceState;
  budget: Pick<Budgeted, 'at' | 'limits'>;
}

/** The scopes of one action, as far as a stop lets them be known. */
export function scopesOf(
  index: number,
  stop: Stop,
  sources: VariableSources,
): { name: string; variables: () => Shown[]; costly: boolean }[] {
  const { timeline, handed } = sources;
  const action = timeline.actions[index]!;
  const now = index === stop.action ? known(action, stop) : action;
  const { consumes, produces } = handed(action.agent);
  const [began, ended] = spanOf(timeline, index, stop);
  const facts = factsAt(timeline, { events: ended });
  const earlier = factsAt(timeline, { events: began });
  return [
    { name: l10n.t('Action'), variables: () => about(now), costly: false },
    { name: verdictName(timeline, index, stop), variables: () => verdict(timeline, action), costly: false },
    { name: l10n.t('Handed to it'), variables: () => artifacts(consumes, earlier), costly: false },
    {
      name: l10n.t('It hands over'),
      variables: () => artifacts(produces, now.checked ? facts : new Map()),
      costly: false,
    },
    { name: l10n.t('Budget of the run'), variables: () => spent(timeline, stop, sources), costly: true },
    { name: l10n.t('What it saw'), variables: () => messages(now, sources), costly: true },
    { name: l10n.t('Workspace'), variables: () => files(sources.workspace), costly: true },
  ];
}

/** How many events lay behind an action's start, and behind its end or the stop at which it is looked at. */
function spanOf({ events, actions }: Timeline, index: number, stop: Stop): [number, number] {
  const { id } = actions[index]!;
  const at = (type: LogEvent['type']) =>
    events.findIndex((event) => event.type === type && 'action' in event.data && event.data.action === id);
  const began = at('action.started');
  const ended = at('action.finished') + 1;
  return [began < 0 ? stop.events : began, index === stop.action || ended === 0 ? stop.events : ended];
}

/** What the whole run had spent at a stop, and of how much. */
function spent(timeline: Timeline, stop: Stop, { budget }: VariableSources): Shown[] {
  const { calls, tokens, dollars, seconds } = budget.at(timeline.events[stop.events - 1]?.at ?? 0);
  const { limits } = budget;
  const of = (value: string, cap: number | undefined) =>
    cap === undefined ? value : l10n.t('{0} of {1}', value, cap);
  return [
    { name: l10n.t('calls'), value: of(String(calls), limits?.calls) },
    { name: l10n.t('tokens'), value: of(String(tokens), limits?.tokens) },
    { name: l10n.t('dollars'), value: of(dollars.toFixed(4), limits?.dollars) },
    { name: l10n.t('minutes'), value: of((seconds / 60).toFixed(1), limits?.minutes) },
  ];
}

function about(action: ActionRecord): Shown[] {
  const { call, finished } = action;
  const list: Shown[] = [
    { name: l10n.t('agent'), value: action.agent },
    { name: l10n.t('turn'), value: String(action.turn + 1) },
    { name: l10n.t('status'), value: finished ? statusWords(finished.status) : l10n.t('not finished') },
  ];
  if (finished?.why) list.push({ name: l10n.t('why'), value: finished.why });
  if (call)
    list.push(
      { name: l10n.t('policy'), value: call.policy },
      { name: l10n.t('temperature'), value: String(call.temperature) },
      { name: l10n.t('prompt tokens'), value: String(call.usage.promptTokens) },
      { name: l10n.t('reply tokens'), value: String(call.usage.replyTokens) },
      { name: l10n.t('seconds'), value: call.seconds.toFixed(2) },
      { name: l10n.t('dollars'), value: call.dollars.toFixed(4) },
    );
  if (finished && finished.wrote.length > 0)
    list.push({
      name: l10n.t('wrote'),
      value: l10n.t('{0} files', finished.wrote.length),
      children: () =>
        finished.wrote.map((file) => ({ name: file.path, value: l10n.t('{0} bytes', file.bytes) })),
    });
  return list;
}

/** The verdict can be read from an action's beginning on; what was not known then is not passed off as known. */
function verdictName({ actions, verdicts }: Timeline, index: number, { is, action }: Stop): string {
  const given = index < action || is === 'verdict' || is === 'end' || !verdicts.has(actions[index]!.id);
  return given ? l10n.t('Verdict') : l10n.t('Verdict, given later');
}

function verdict(timeline: Timeline, action: ActionRecord): Shown[] {
  const counted = timeline.verdicts.get(action.id);
  if (!counted) return [{ name: l10n.t('score'), value: l10n.t('not judged') }];
  const { verdict: of, overrule, score } = counted;
  const list: Shown[] = [
    {
      name: l10n.t('score'),
      value: score === null ? `null (${of.reason ?? l10n.t('no reason')})` : String(score),
    },
    { name: l10n.t('judge'), value: overrule ? `${overrule.author}: ${overrule.reason}` : of.judge },
    { name: l10n.t('diagnosis'), value: of.diagnosis },
  ];
  if (of.code) list.push({ name: l10n.t('failure'), value: of.code });
  if (of.advice) list.push({ name: l10n.t('advice'), value: of.advice });
  if (of.blamed)
    list.push({
      name: l10n.t('blamed'),
      value: of.blamed.action ? l10n.t('{0} in {1}', of.blamed.agent, of.blamed.action) : of.blamed.agent,
    });
  for (const [at, each] of of.evidence.entries())
    list.push({
      name: l10n.t('evidence {0}', at + 1),
      value: [each.says, each.file].filter(Boolean).join(' \u2014 '),
    });
  return list;
}

function artifacts(names: readonly string[], facts: ReadonlyMap<string, Record<string, unknown>>): Shown[] {
  return names.map((name) => {
    const known = facts.get(name);
    if (!known) return { name, value: l10n.t('not there yet') };
    const words = [
      known.exists === false ? l10n.t('missing') : null,
      known.valid === false ? l10n.t('breaks its contract') : null,
      known.valid === true ? l10n.t('keeps its contract') : null,
    ];
    return {
      name,
      value: words.filter((word) => word !== null).join(', ') || l10n.t('there'),
      children: () =>
        Object.entries(known).map(([fact, value]) => ({
          name: fact,
          value: typeof value === 'string' ? value : JSON.stringify(value),
        })),
    };
  });
}

function messages({ call, tools }: ActionRecord, { text }: VariableSources): Shown[] {
  const list: Shown[] = [];
  if (call) {
    for (const [at, each] of parseMessages(text(call.messages)).entries())
      list.push({ name: `${at + 1} ${each.role}`, value: each.content });
    list.push({ name: l10n.t('reply'), value: text(call.reply) });
  }
  for (const tool of tools)
    list.push({
      name: l10n.t('program {0}', tool.index + 1),
      value: exitWords(tool),
      children: () =>
        (['program', 'stdout', 'stderr'] as const).map((part) => ({
          name: partWords[part](),
          value: text(tool[part]),
        })),
    });
  return list;
}

const partWords = {
  program: () => l10n.t('program'),
  stdout: () => 'stdout',
  stderr: () => 'stderr',
};

function parseMessages(json: string): { role: string; content: string }[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? (list as { role: string; content: string }[]) : [];
  } catch {
    return [{ role: 'messages', content: json }];
  }
}

function files(state: WorkspaceState): Shown[] {
  if (state.size === 0) return [{ name: l10n.t('empty'), value: l10n.t('no file yet') }];
  return [...state.values()].map((file) => ({ name: file.path, value: l10n.t('{0} bytes', file.bytes) }));
}
