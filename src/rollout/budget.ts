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

/** A call that is paid for at its worst. */
export interface Reserved {
  settle(actual: { tokens: number; dollars: number }): void;
  /**
   * A server had the call and did not answer it. Where it is to have it `again` that is reserved anew, which may wait
   * and throw as `reserve` does.
   */
  refused(again: boolean): Promise<void>;
  release(): void;
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

const nothing: Spent = { calls: 0, tokens: 0, dollars: 0 };

/** What a run may spend. A call is paid for before it is made, at its worst, so that a cap is never passed. */
export class Budget {
  readonly spent: Spent = { calls: 0, tokens: 0, dollars: 0 };
  private readonly reserved: Spent = { calls: 0, tokens: 0, dollars: 0 };
  private readonly waiting = new Set<() => void>();
  private readonly start = Date.now();
  private readonly ending = new AbortController();

  constructor(
    readonly limits: Limits,
    /** Seconds that earlier sittings of the same run used. */
    private readonly before = 0,
    /** Whether a call may wait for what others leave. Not where calls are made together, each waiting for all. */
    private readonly waits = true,
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

  /**
   * Reserve the most a call can cost. Waits where it would fit if the calls under way cost nothing, until they ended or
   * `signal` is aborted; throws BudgetSpent where a cap would be passed in any case.
   */
  async reserve(most: { tokens: number; dollars: number }, signal: AbortSignal): Promise<Reserved> {
    const hold = async () => {
      for (;;) {
        signal.throwIfAborted();
        const cap = this.passed(most, this.reserved);
        if (cap === null) break;
        const alone = this.passed(most, nothing);
        if (alone !== null || !this.waits) throw new BudgetSpent(alone ?? cap);
        await this.change(signal);
      }
      this.count(most, 1);
    };
    await hold();
    let held = true;
    const release = () => {
      if (held) this.count(most, -1);
      held = false;
    };
    return {
      release,
      refused: async (again) => {
        release();
        this.add({ tokens: 0, dollars: 0 });
        if (!again) return;
        await hold();
        held = true;
      },
      settle: (actual) => {
        release();
        this.add(actual);
      },
    };
  }

  /** The cap that one more call would pass beside those `under` way; null where it fits. */
  private passed(most: { tokens: number; dollars: number }, under: Spent): string | null {
    const { calls, tokens, dollars, minutes } = this.limits;
    const { spent } = this;
    if (minutes !== undefined && this.seconds > minutes * 60) return `limits.minutes ${minutes}`;
    if (calls !== undefined && spent.calls + under.calls + 1 > calls) return `limits.calls ${calls}`;
    if (tokens !== undefined && spent.tokens + under.tokens + most.tokens > tokens)
      return `limits.tokens ${tokens}`;
    if (dollars !== undefined && most.dollars > 0 && spent.dollars + under.dollars + most.dollars > dollars)
      return `limits.dollars ${dollars}`;
    return null;
  }

  /** One reservation more or less; whoever waits looks again. */
  private count(most: { tokens: number; dollars: number }, by: 1 | -1): void {
    this.reserved.calls += by;
    this.reserved.tokens += by * most.tokens;
    this.reserved.dollars += by * most.dollars;
    // What rounding leaves of sums would be waited for for ever.
    if (this.reserved.calls === 0) Object.assign(this.reserved, nothing);
    if (by < 0) for (const look of this.waiting) look();
  }

  /** Resolves when a reservation ends; rejects when `signal` is aborted. */
  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => () => {
        this.waiting.delete(look);
        signal.removeEventListener('abort', stop);
        settle();
      };
      const look = end(resolve);
      const stop = end(() => reject(signal.reason as Error));
      this.waiting.add(look);
      signal.addEventListener('abort', stop);
    });
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
