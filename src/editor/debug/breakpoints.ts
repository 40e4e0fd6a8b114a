import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import * as l10n from '@vscode/l10n';
import { type Breakpoint, countMet, isAsked, isHitCount } from '../../rollout/index.js';
import { type Expression, fillLog, holds, type Task } from '../../workflow/index.js';
import { type Kinds, lookupAt, parseCondition } from './conditions.js';
import type { Stop, Timeline } from './timeline.js';

/** Which lines (from 1) of a text belong to which role. */
export class RoleLines {
  constructor(private readonly spans: readonly { role: string; from: number; to: number }[]) {}

  roleAt(line: number): string | null {
    return this.spans.find(({ from, to }) => from <= line && line <= to)?.role ?? null;
  }

  lineOf(role: string): number | null {
    return this.spans.find((span) => span.role === role)?.from ?? null;
  }
}

/** A breakpoint on a role, ready to be asked. `wrong`: why it never stops. */
export interface ArmedBreakpoint {
  line: number;
  role: string | null;
  condition: Expression | null;
  /** The condition as it was written. */
  written: string | null;
  hitCondition: string | null;
  logMessage: string | null;
  /** What its condition or log text asks for is known before an action, or only after it. */
  asked: 'before' | 'after';
  wrong: string | null;
}

/** `roles`: those of the text it is set in; null: that is not the workflow of the rollout. `kinds`: its artifacts. */
export function armBreakpoint(
  asked: Dap.SourceBreakpoint,
  roles: RoleLines | null,
  kinds: Kinds,
): ArmedBreakpoint {
  const role = roles?.roleAt(asked.line) ?? null;
  const parsed = asked.condition ? parseCondition(asked.condition, kinds) : null;
  const condition = parsed === null || 'wrong' in parsed ? null : parsed;
  return {
    line: role === null ? asked.line : (roles?.lineOf(role) ?? asked.line),
    role,
    condition,
    written: asked.condition || null,
    hitCondition: asked.hitCondition || null,
    logMessage: asked.logMessage || null,
    asked: isAsked(asked.condition, asked.logMessage),
    wrong: wrongWith(asked, roles, role, parsed !== null && 'wrong' in parsed ? parsed.wrong : null),
  };
}

function wrongWith(
  { hitCondition }: Dap.SourceBreakpoint,
  roles: RoleLines | null,
  role: string | null,
  broken: string | null,
): string | null {
  if (roles === null) return l10n.t('This is not the workflow of the rollout that is open.');
  if (role === null) return l10n.t('Set breakpoints on the lines of a role.');
  if (hitCondition && !isHitCount(hitCondition))
    return l10n.t(
      'A hit count is a number, with >=, >, ==, <=, < or % before it: "{0}" is none.',
      hitCondition,
    );
  return broken;
}

/**
 * What a breakpoint does at a stop: it stops, says something, or neither. A hit is counted from the start of the
 * rollout, whichever way one came there.
 */
export function hitOf(
  point: ArmedBreakpoint,
  timeline: Timeline,
  stop: Stop,
  task: Task | null,
): { stops: string } | { log: string } | null {
  const meets = (each: Stop) => meetsAt(point, timeline, each, task);
  if (!meets(stop)) return null;
  const { hitCondition, logMessage, written, role } = point;
  if (hitCondition !== null) {
    const hits = timeline.stops.slice(0, timeline.stops.indexOf(stop) + 1).filter(meets).length;
    if (!countMet(hitCondition, hits)) return null;
  }
  return logMessage === null
    ? { stops: written ?? l10n.t('breakpoint on {0}', role ?? '') }
    : { log: fillLog(logMessage, lookupAt(timeline, stop, task)) };
}

/** Whether a breakpoint is asked at a stop, which is once for each action, and its condition holds. */
function meetsAt(point: ArmedBreakpoint, timeline: Timeline, stop: Stop, task: Task | null): boolean {
  const action = timeline.actions[stop.action];
  if (point.wrong !== null || !action || action.agent !== point.role) return false;
  const end = timeline.verdicts.has(action.id) ? 'verdict' : 'finished';
  if (stop.is !== (point.asked === 'before' ? 'before' : end)) return false;
  return !point.condition || holds(point.condition, lookupAt(timeline, stop, task));
}

/** The same breakpoint as the runner of a live rollout takes it; none where it never stops. */
export function runnersOf(point: ArmedBreakpoint, id: string): Breakpoint[] {
  if (point.wrong !== null || point.role === null) return [];
  return [
    {
      id,
      agent: point.role,
      ...(point.written === null ? {} : { condition: point.written }),
      ...(point.hitCondition === null ? {} : { hits: point.hitCondition }),
      ...(point.logMessage === null ? {} : { log: point.logMessage }),
    },
  ];
}
