import * as l10n from '@vscode/l10n';
import { type Spent, shareOf } from '../../rollout/index.js';
import { type Bought, boughtCalls, readLog, sittingSeconds } from '../../trace/index.js';
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
    const seconds = sittingSeconds(readLog(this.run.folder.log).events, time);
    const spent: Spending = { calls: 0, tokens: 0, dollars: 0, seconds };
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

function isSet(cap: number | undefined): boolean {
  return cap !== undefined;
}
