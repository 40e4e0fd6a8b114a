import type { EventData } from '../trace/index.js';

/** Requests with the same mark are decoded together: `size` of them for each policy. */
export interface BatchMark {
  id: string;
  size: number;
}

export type Called = EventData<'model.called'>;

/** One rollout's place in a lockstep. */
export interface Pace {
  /** Said once, before the first turn: the calls that the rollout's log already holds, in their order. */
  begin(calls: readonly Called[]): void;
  /** Waits until every rollout of the group has come to its next call or its end. */
  turn(policy: string): Promise<BatchMark>;
  /** The rollout makes no more calls. May be said twice. */
  end(): void;
}

interface Member {
  past: readonly Called[] | null;
  waiting: { policy: string; go: (mark: BatchMark) => void; stop: (why: unknown) => void } | null;
  over: boolean;
}

/**
 * Rollouts that make their n-th calls together, so that an engine whose rounding depends on what shares a matrix
 * product computes the same each time. A call that is on record takes part again wherever another one of its round is
 * still to be made, and what comes of it is dropped: an interrupted round is then decoded in the company it had.
 */
export class Lockstep {
  private readonly members: Member[];
  private round = 0;

  /** `id`: unique among the groups that an engine serves at a time. `again` sends a call that is on record. */
  constructor(
    private readonly id: string,
    size: number,
    private readonly signal: AbortSignal,
    private readonly again: (call: Called, mark: BatchMark) => void,
  ) {
    this.members = Array.from({ length: size }, () => ({ past: null, waiting: null, over: false }));
    signal.addEventListener('abort', this.stop);
  }

  /** The place of the rollout at `at`, from 0. */
  pace(at: number): Pace {
    const own = this.members[at]!;
    return {
      begin: (calls) => {
        own.past = calls;
        this.advance();
      },
      turn: (policy) =>
        new Promise((go, stop) => {
          if (this.signal.aborted) return stop(this.signal.reason);
          own.waiting = { policy, go, stop };
          this.advance();
        }),
      end: () => {
        own.over = true;
        if (this.members.every(({ over }) => over)) this.signal.removeEventListener('abort', this.stop);
        this.advance();
      },
    };
  }

  private readonly stop = (): void => {
    for (const { waiting } of this.members) waiting?.stop(this.signal.reason);
  };

  private advance(): void {
    while (this.members.every((member) => this.ready(member))) {
      const made = this.members.flatMap(({ past }) => past?.[this.round] ?? []);
      const asked = this.members.flatMap((member) => {
        const { waiting } = member;
        if (member.past?.[this.round] || !waiting) return [];
        member.waiting = null;
        return [waiting];
      });
      if (made.length + asked.length === 0) return;
      const id = `${this.id}/${this.round}`;
      this.round += 1;
      for (const policy of new Set(asked.map((each) => each.policy))) {
        const [before, now] = [made, asked].map((calls) => calls.filter((call) => call.policy === policy));
        const mark = { id, size: before!.length + now!.length };
        for (const call of before as Called[]) this.again(call, mark);
        for (const { go } of now as NonNullable<Member['waiting']>[]) go(mark);
      }
    }
  }

  /** Whether it is known what a member does in this round. */
  private ready({ past, waiting, over }: Member): boolean {
    return over || (past !== null && (past.length > this.round || waiting !== null));
  }
}
