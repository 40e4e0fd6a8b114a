import * as l10n from '@vscode/l10n';
import type { ActionRecord } from '../../coach/index.js';
import { type ActionNow, actionNames, valuesOf } from '../../rollout/index.js';
import {
  artifactKinds,
  type Expression,
  type Facts,
  factTypes,
  isFault,
  type Lookup,
  lookupFacts,
  parseExpression,
  type Scope,
  type Task,
  typeOf,
} from '../../workflow/index.js';
import { endWords } from '../runs/told.js';
import type { Stop, Timeline } from './timeline.js';

/** Exception filters, by their id, with what the breakpoints view shows. */
export const filters = {
  lowScore: () => l10n.t('Score is low'),
  contractBroken: () => l10n.t('Contract is broken'),
  toolFailed: () => l10n.t('Program failed'),
  budgetNearlySpent: () => l10n.t('Budget is nearly spent'),
} as const;
export type FilterId = keyof typeof filters;

/** Of a task that is not known any more nothing holds. */
export const NO_TASK = { id: '', prompt: '', stratum: '', split: 'test', fields: {} } as const;

/** An action with only what had happened at a stop. */
export function known(action: ActionRecord, stop: Stop): ActionRecord {
  const rank = { before: 0, model: 1, tool: 2, checked: 3, finished: 4, verdict: 5, end: 6 }[stop.is];
  return {
    ...action,
    call: rank >= 1 ? action.call : null,
    tools: rank === 2 ? action.tools.slice(0, stop.index + 1) : rank > 2 ? action.tools : [],
    checked: rank >= 3 ? action.checked : null,
    finished: rank >= 4 ? action.finished : null,
  };
}

/** The names that conditions, log points and the console may use at a stop: what was known then, nothing of later. */
export function lookupAt(timeline: Timeline, stop: Stop, task: Task | null): Lookup {
  const action = timeline.actions[stop.action];
  const own = action ? valuesOf(nowOf(timeline, known(action, stop), stop)) : {};
  const facts = lookupFacts(Object.fromEntries(factsAt(timeline, stop)), task ?? NO_TASK);
  return (parts) => {
    if (parts.length === 1 && Object.hasOwn(own, parts[0]!)) return own[parts[0] as keyof typeof own];
    return facts(parts);
  };
}

function nowOf(timeline: Timeline, action: ActionRecord, stop: Stop): ActionNow {
  const counted = stop.is === 'verdict' || stop.is === 'end' ? timeline.verdicts.get(action.id) : undefined;
  const { call, tools, checked, finished } = action;
  return {
    rollout: timeline.rollout,
    agent: action.agent,
    action: action.id,
    score: counted?.score ?? null,
    code: counted?.verdict.code ?? null,
    tokens: call ? call.usage.promptTokens + call.usage.replyTokens : null,
    replyTokens: call?.usage.replyTokens ?? null,
    seconds: call?.seconds ?? null,
    breaches: checked?.breaches.map(({ code }) => code) ?? [],
    tool: tools.at(-1)?.outcome ?? null,
    programs: tools.length,
    status: finished?.status ?? null,
  };
}

/** The last facts of every artifact that were taken before a stop. */
export function factsAt(timeline: Timeline, stop: Pick<Stop, 'events'>): Map<string, Facts> {
  const facts = new Map<string, Facts>();
  for (const event of timeline.events.slice(0, stop.events))
    if (event.type === 'artifact.checked' || event.type === 'workspace.edited')
      for (const [name, each] of Object.entries(event.data.facts)) facts.set(name, each);
  return facts;
}

/** What a condition can name beside the action itself: artifacts by their kind. */
export type Kinds = ReadonlyMap<string, { kind: string }>;

/** A parsed condition, or what is wrong with it: it does not parse, or names what nothing here is called. */
export function parseCondition(text: string, kinds: Kinds | null = null): Expression | { wrong: string } {
  const parsed = parseExpression(text.trim());
  if (isFault(parsed)) return { wrong: parsed.message };
  const [fault] = kinds ? typeOf(parsed, scopeOf(kinds)).faults : [];
  if (!fault) return parsed;
  return { wrong: fault.kind === 'unknown-name' ? `${fault.message} ${knownNames(kinds!)}` : fault.message };
}

/** What can be named at a stop, in one sentence. */
export function knownNames(kinds: Kinds): string {
  return l10n.t(
    'An action has {0}; artifacts ({1}) have facts (X.rows); tasks have fields (task.id).',
    Object.keys(actionNames).join(', '),
    [...kinds.keys()].join(', ') || '-',
  );
}

function scopeOf(kinds: Kinds): Scope {
  return ([first = '', second, ...rest]) => {
    if (first === 'task') return { type: 'anything' };
    if (second === undefined && Object.hasOwn(actionNames, first))
      return { type: actionNames[first as keyof typeof actionNames] };
    const artifact = kinds.get(first);
    if (!artifact) return { unknown: first, known: [...Object.keys(actionNames), 'task', ...kinds.keys()] };
    const kind = artifactKinds.find((each) => each === artifact.kind) ?? 'file';
    const facts = factTypes(kind);
    if (second === undefined)
      return { unknown: first, known: Object.keys(facts).map((fact) => `${first}.${fact}`) };
    const type = Object.hasOwn(facts, second) ? facts[second] : undefined;
    return type
      ? { type: rest.length > 0 ? 'anything' : type }
      : { unknown: `${first}.${second}`, known: Object.keys(facts) };
  };
}

/** Why an exception filter stops here; null where it does not. */
export function filterHit(
  timeline: Timeline,
  stop: Stop,
  on: ReadonlySet<string>,
  scoreBelow: number,
): string | null {
  const action = timeline.actions[stop.action];
  if (!action) return null;
  if (stop.is === 'verdict' && on.has('lowScore')) {
    const score = timeline.verdicts.get(action.id)?.score ?? null;
    if (score !== null && score < scoreBelow) return l10n.t('score {0} is below {1}', score, scoreBelow);
  }
  if (stop.is === 'checked' && on.has('contractBroken')) {
    const breach = action.checked?.breaches[0];
    if (breach) return l10n.t('contract broken: {0}', breach.message);
  }
  if (stop.is === 'tool' && on.has('toolFailed')) {
    const tool = action.tools[stop.index];
    if (tool && tool.outcome !== 'ok')
      return l10n.t('program {0}: {1}', stop.index + 1, endWords(tool.outcome));
  }
  return null;
}
