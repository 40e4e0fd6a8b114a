import * as l10n from '@vscode/l10n';
import { type Spent, shareOf } from '../../rollout/index.js';
import { type Bought, boughtCalls, readLog } from '../../trace/index.js';
import type { Limits } from '../../workflow/index.js';
import type { Run } from '../runs/run.js';

/** From which share of a cap on a budget is nearly spent. */
export const NEARLY = 0.8;

/** What a run had spent by some time. */
export interface Spending extends Spent {
  seconds: number;
}

/** What a run spent over time, from the calls that its logs hold. Its logs are read when it is first asked. */
export class Budgeted {
  private calls: Bought[] = [];
  /** When the logs were read: what came later, in a run that goes on, is not known. */
  private read = 0;

  constructor(
    private readonly run: Run,
    readonly limits: Limits | null,
  ) {}

  /** At a time (Unix ms). */
  at(time: number): Spending {
    if (time > this.read) {
      this.read = Date.now();
      this.calls = boughtCalls(this.run.folder);
    }
    const spent: Spending = { calls: 0, tokens: 0, dollars: 0, seconds: secondsUntil(this.run, time) };
    for (const call of this.calls) {
      if (call.at > time) continue;
      spent.calls += 1;
      spent.tokens += call.tokens;
      spent.dollars += call.dollars;
    }
    return spent;
  }

  /** Why the budget was nearly spent at a time; null where it was not, or nothing is capped. */
  nearly(time: number): string | null {
    const { limits } = this;
    const capped = limits && [limits.calls, limits.tokens, limits.dollars, limits.minutes].some(isSet);
    if (!capped) return null;
    const spent = this.at(time);
    const share = shareOf(limits, spent, spent.seconds);
    return share > NEARLY ? l10n.t('{0} % of the budget is spent', Math.round(share * 100)) : null;
  }
}

/** Seconds that a run's processes had worked by a time. */
function secondsUntil(run: Run, at: number): number {
  let seconds = 0;
  let since: number | null = null;
  for (const event of readLog(run.folder.log).events) {
    if (event.at > at) break;
    if (event.type === 'run.started' || event.type === 'run.resumed') since = event.at;
    if (event.type === 'run.finished' && since !== null) {
      seconds += (event.at - since) / 1000;
      since = null;
    }
  }
  return since === null ? seconds : seconds + (at - since) / 1000;
}

function isSet(cap: number | undefined): boolean {
  return cap !== undefined;
}
