import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import * as l10n from '@vscode/l10n';
import type { Breakpoint } from '../../rollout/index.js';
import { type Expression, fillLog, holds, type Task } from '../../workflow/index.js';
import { countMet, lookupAt, parseCondition } from './conditions.js';
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
  wrong: string | null;
  hits: number;
}

export function armBreakpoint(asked: Dap.SourceBreakpoint, roles: RoleLines | null): ArmedBreakpoint {
  const role = roles?.roleAt(asked.line) ?? null;
  const parsed = asked.condition ? parseCondition(asked.condition) : null;
  const broken = parsed !== null && 'wrong' in parsed ? parsed.wrong : null;
  return {
    line: role === null ? asked.line : (roles?.lineOf(role) ?? asked.line),
    role,
    condition: parsed === null || 'wrong' in parsed ? null : parsed,
    written: asked.condition || null,
    hitCondition: asked.hitCondition || null,
    logMessage: asked.logMessage || null,
    wrong: role === null ? l10n.t('Set breakpoints on the lines of a role.') : broken,
    hits: 0,
  };
}

/** What a breakpoint does at a stop before an action: it stops, says something, or neither. */
export function hitOf(
  point: ArmedBreakpoint,
  timeline: Timeline,
  stop: Stop,
  task: Task | null,
): { stops: string } | { log: string } | null {
  if (point.wrong !== null || timeline.actions[stop.action]?.agent !== point.role) return null;
  const lookup = lookupAt(timeline, stop, task);
  if (point.condition && !holds(point.condition, lookup)) return null;
  point.hits += 1;
  if (point.hitCondition !== null && !countMet(point.hitCondition, point.hits)) return null;
  return point.logMessage === null
    ? { stops: l10n.t('breakpoint on {0}', point.role ?? '') }
    : { log: fillLog(point.logMessage, lookup) };
}

/** The same breakpoint as the runner of a live rollout takes it; none where it never stops. */
export function runnersOf(point: ArmedBreakpoint, id: string): Breakpoint[] {
  if (point.wrong !== null || point.role === null) return [];
  const hits = Number(/\d+/.exec(point.hitCondition ?? '')?.[0] ?? Number.NaN);
  return [
    {
      id,
      agent: point.role,
      ...(point.written === null ? {} : { condition: point.written }),
      ...(hits >= 1 ? { hits } : {}),
      ...(point.logMessage === null ? {} : { log: point.logMessage }),
    },
  ];
}
