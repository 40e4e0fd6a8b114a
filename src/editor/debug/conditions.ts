import * as l10n from '@vscode/l10n';
import {
  type Expression,
  type Facts,
  isFault,
  type Lookup,
  lookupFacts,
  parseExpression,
  type Task,
  type Value,
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
const NO_TASK = { id: '', prompt: '', stratum: '', split: 'test', fields: {} } as const;

/** The names that conditions, log points and the console may use at a stop. */
export function lookupAt(timeline: Timeline, stop: Stop, task: Task | null): Lookup {
  const action = timeline.actions[stop.action];
  const counted = action ? timeline.verdicts.get(action.id) : undefined;
  const usage = action?.call?.usage;
  const own: Record<string, Value> = {
    score: counted?.score ?? null,
    code: counted?.verdict.code ?? null,
    agent: action?.agent ?? null,
    action: action?.id ?? null,
    turn: (action?.turn ?? 0) + 1,
    tokens: usage ? usage.promptTokens + usage.replyTokens : null,
    reply_tokens: usage?.replyTokens ?? null,
    seconds: action?.call?.seconds ?? null,
    status: action?.finished?.status ?? null,
    programs: action?.tools.length ?? 0,
  };
  const known = lookupFacts(Object.fromEntries(factsAt(timeline, stop)), task ?? NO_TASK);
  return (parts) => {
    if (parts.length === 1 && Object.hasOwn(own, parts[0]!)) return own[parts[0]!];
    return known(parts);
  };
}

/** The last facts of every artifact that were taken up to the end of a stop's action. */
export function factsAt(timeline: Timeline, stop: Stop): Map<string, Facts> {
  const facts = new Map<string, Facts>();
  const until = timeline.actions[stop.action]?.id;
  for (const event of timeline.events) {
    if (event.type === 'artifact.checked')
      for (const [name, each] of Object.entries(event.data.facts)) facts.set(name, each);
    if (event.type === 'action.finished' && event.data.action === until) break;
  }
  return facts;
}

/** A parsed condition, or what is wrong with it. */
export function parseCondition(text: string): Expression | { wrong: string } {
  const parsed = parseExpression(text.trim());
  return isFault(parsed) ? { wrong: parsed.message } : parsed;
}

/** Whether a hit count such as `3`, `>= 3` or `% 2` is met at the n-th hit (from 1). */
export function countMet(text: string, n: number): boolean {
  const parsed = /^\s*(>=|>|<=|<|==|=|%)?\s*(\d+)\s*$/.exec(text);
  if (!parsed) return true;
  const wanted = Number(parsed[2]);
  switch (parsed[1]) {
    case '>':
      return n > wanted;
    case '<':
      return n < wanted;
    case '<=':
      return n <= wanted;
    case '=':
    case '==':
      return n === wanted;
    case '%':
      return wanted > 0 && n % wanted === 0;
    default:
      return n >= wanted;
  }
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
