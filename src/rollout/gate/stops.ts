import * as z from 'zod';
import {
  type Expression,
  fillLog,
  holds,
  isFault,
  type Lookup,
  parseExpression,
} from '../../workflow/index.js';
import { countMet, isAsked, isHitCount, valuesOf } from './conditions.js';
import type { Point } from './point.js';

/** A breakpoint on a role: stops before it acts; with a condition over the action's end, after it. */
export const breakpointSchema = z.strictObject({
  id: z.string(),
  agent: z.string(),
  /** An expression over artifacts, `task.`, `turn`, and (then it stops after the action) `score`, `tokens`, `status`. */
  condition: z.string().optional(),
  /** Which hits count, from 1: `3` or `>= 3` (from there on), `== 2`, `<= 3`, `% 2` (each second one). */
  hits: z.union([z.int().min(1), z.string().refine(isHitCount)]).optional(),
  /** Write this text (with `{expressions}`) instead of stopping. */
  log: z.string().optional(),
});
export type Breakpoint = z.infer<typeof breakpointSchema>;

export const filtersSchema = z.strictObject({
  /** Stop after an action with a score below this, 0 to 10. */
  scoreBelow: z.number().optional(),
  contractBroken: z.boolean().optional(),
  toolFailed: z.boolean().optional(),
  /** Stop where more than this share of a budget cap is spent, 0 to 1. */
  budgetOver: z.number().optional(),
});
export type Filters = z.infer<typeof filtersSchema>;

/** Why a point stops a rollout, or the text it logs. */
export type Stop = { stop: string; breakpoint: string | null } | { log: string; breakpoint: string };

type Tested = Breakpoint & { test: Expression | null; stage: 'before' | 'after' };

/** Breakpoints and filters, evaluated in the runner. */
export class Stops {
  private breakpoints: Tested[] = [];
  private filters: Filters = {};
  private readonly hits = new Map<string, number>();
  private budgetSaid = false;

  /**
   * Replace all breakpoints; gives what is wrong with each, by its id. `held`: where rollouts stand now, which is a new
   * breakpoint's first hit where it would have stopped there.
   */
  setBreakpoints(list: readonly Breakpoint[], held: readonly Point[] = []): Record<string, string> {
    const wrong: Record<string, string> = {};
    this.breakpoints = list.flatMap((each): Tested[] => {
      const stage = isAsked(each.condition, each.log);
      if (each.condition === undefined) return [{ ...each, test: null, stage }];
      const test = parseExpression(each.condition);
      if (!isFault(test)) return [{ ...each, test, stage }];
      wrong[each.id] = test.message;
      return [];
    });
    for (const each of this.breakpoints)
      if (!this.hits.has(each.id)) this.hits.set(each.id, held.filter((point) => meets(each, point)).length);
    return wrong;
  }

  setFilters(filters: Filters): void {
    this.filters = filters;
  }

  get any(): boolean {
    return this.breakpoints.length > 0 || Object.keys(this.filters).length > 0;
  }

  at(point: Point): Stop[] {
    const stops: Stop[] = [];
    for (const each of this.breakpoints) {
      if (!meets(each, point)) continue;
      const hits = (this.hits.get(each.id) ?? 0) + 1;
      this.hits.set(each.id, hits);
      if (!countMet(String(each.hits ?? 1), hits)) continue;
      if (each.log !== undefined)
        stops.push({ log: fillLog(each.log, lookupAt(point)), breakpoint: each.id });
      else stops.push({ stop: each.condition ?? `breakpoint on ${each.agent}`, breakpoint: each.id });
    }
    const why = this.filter(point);
    if (why) stops.push({ stop: why, breakpoint: null });
    return stops;
  }

  private filter(point: Point): string | null {
    if (point.stage !== 'after') return null;
    const { scoreBelow, contractBroken, toolFailed, budgetOver } = this.filters;
    if (scoreBelow !== undefined && point.score !== null && point.score < scoreBelow)
      return `score ${point.score} is below ${scoreBelow}`;
    if (contractBroken && point.breaches.length > 0) return `contract broken: ${point.breaches.join(', ')}`;
    if (toolFailed && point.tool !== null && point.tool !== 'ok') return `tool failed: ${point.tool}`;
    if (budgetOver !== undefined && point.spent > budgetOver && !this.budgetSaid) {
      this.budgetSaid = true;
      return `${Math.round(point.spent * 100)} % of the budget is spent`;
    }
    return null;
  }
}

function meets({ agent, stage, test }: Tested, point: Point): boolean {
  return agent === point.agent && stage === point.stage && (!test || holds(test, lookupAt(point)));
}

/** What a condition can name: the action's own numbers, then artifacts and the task. */
export function lookupAt(point: Point): Lookup {
  const own = valuesOf(point);
  return (parts) => {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined && Object.hasOwn(own, first))
      return own[first as keyof typeof own];
    return point.facts(parts);
  };
}
