import { LONGEST_TIMER } from '../policy/index.js';
import type { Limits } from '../workflow/index.js';

/** A cap was reached: the run stops, and what it has stays. */
export class BudgetSpent extends Error {
  constructor(readonly cap: string) {
    super(`The budget is spent: ${cap}.`);
    this.name = 'BudgetSpent';
  }
}

/** The cap whose end aborted what is under way; null where it was not aborted, or for another reason. */
export function capThatStopped({ reason }: AbortSignal): string | null {
  return reason instanceof BudgetSpent ? reason.cap : null;
}

export interface Spent {
  calls: number;
  tokens: number;
  dollars: number;
}

/** How much of the tightest cap is spent, 0 to 1; 0 where there is no cap. */
export function shareOf(limits: Limits, spent: Spent, seconds: number): number {
  const of = (used: number, cap: number | undefined) => (cap === undefined ? 0 : cap === 0 ? 1 : used / cap);
  return Math.max(
    of(spent.calls, limits.calls),
    of(spent.tokens, limits.tokens),
    of(spent.dollars, limits.dollars),
    of(seconds / 60, limits.minutes),
  );
}

/** What a run may spend. A call is paid for before it is made, at its worst, so that a cap is never passed. */
export class Budget {
  readonly spent: Spent = { calls: 0, tokens: 0, dollars: 0 };
  private readonly reserved: Spent = { calls: 0, tokens: 0, dollars: 0 };
  private readonly start = Date.now();
  private readonly ending = new AbortController();

  constructor(
    readonly limits: Limits,
    /** Seconds that earlier sittings of the same run used. */
    private readonly before = 0,
  ) {
    const { minutes } = limits;
    if (minutes === undefined) return;
    const left = (minutes * 60 - before) * 1000;
    const end = () => this.ending.abort(new BudgetSpent(`limits.minutes ${minutes}`));
    if (left <= 0) end();
    else if (left <= LONGEST_TIMER) setTimeout(end, left).unref();
  }

  /** Aborted with BudgetSpent when the minutes are over: what is under way then ends. */
  get over(): AbortSignal {
    return this.ending.signal;
  }

  get seconds(): number {
    return this.before + (Date.now() - this.start) / 1000;
  }

  get share(): number {
    return shareOf(this.limits, this.spent, this.seconds);
  }

  /** Reserve the most a call can cost; throws BudgetSpent where a cap would be passed. */
  reserve(most: { tokens: number; dollars: number }): {
    settle(actual: { tokens: number; dollars: number }): void;
    /** A server had the call and did not answer it; throws BudgetSpent where it is to have it `again` and may not. */
    refused(again: boolean): void;
    release(): void;
  } {
    const { calls, tokens, dollars, minutes } = this.limits;
    const { spent, reserved } = this;
    if (minutes !== undefined && this.seconds > minutes * 60)
      throw new BudgetSpent(`limits.minutes ${minutes}`);
    if (calls !== undefined && spent.calls + reserved.calls + 1 > calls)
      throw new BudgetSpent(`limits.calls ${calls}`);
    if (tokens !== undefined && spent.tokens + reserved.tokens + most.tokens > tokens)
      throw new BudgetSpent(`limits.tokens ${tokens}`);
    if (
      dollars !== undefined &&
      most.dollars > 0 &&
      spent.dollars + reserved.dollars + most.dollars > dollars
    )
      throw new BudgetSpent(`limits.dollars ${dollars}`);
    reserved.calls += 1;
    reserved.tokens += most.tokens;
    reserved.dollars += most.dollars;
    const release = () => {
      reserved.calls -= 1;
      reserved.tokens -= most.tokens;
      reserved.dollars -= most.dollars;
    };
    return {
      release,
      refused: (again) => {
        this.add({ tokens: 0, dollars: 0 });
        if (again && calls !== undefined && spent.calls + reserved.calls > calls)
          throw new BudgetSpent(`limits.calls ${calls}`);
      },
      settle: (actual) => {
        release();
        this.add(actual);
      },
    };
  }

  /** What each of `parts` that spend at the same time may spend of what is left. */
  portion(parts: number): Pick<Limits, 'calls' | 'tokens' | 'dollars' | 'minutes'> {
    const { calls, tokens, dollars, minutes } = this.limits;
    const left = (cap: number, used: number) => Math.max(0, cap - used) / parts;
    return {
      ...(calls === undefined ? {} : { calls: Math.floor(left(calls, this.spent.calls)) }),
      ...(tokens === undefined ? {} : { tokens: Math.floor(left(tokens, this.spent.tokens)) }),
      ...(dollars === undefined ? {} : { dollars: left(dollars, this.spent.dollars) }),
      ...(minutes === undefined ? {} : { minutes: Math.max(0, minutes - this.seconds / 60) }),
    };
  }

  /** Count a call that was made, answered or not (also one that a resumed run finds in its log). */
  add(actual: { tokens: number; dollars: number }): void {
    this.spent.calls += 1;
    this.spent.tokens += actual.tokens;
    this.spent.dollars += actual.dollars;
  }
}
