import type { Serving } from './serving.js';

/** Until a policy that nobody asks is let go: it holds its base and its weights in memory meanwhile. */
const IDLE_MS = 10 * 60_000;

interface Going {
  serving: Promise<Serving>;
  /** Questions that it has not answered yet. */
  open: number;
  idle: NodeJS.Timeout | undefined;
}

/** The processes that serve policies, by what each serves: started when first asked, and ended when no longer of use. */
export class ServedPolicies {
  private readonly going = new Map<string, Going>();

  /** Ask the process of a key; `start` begins one where there is none. */
  async ask(
    key: string,
    start: () => Promise<Serving>,
    ...asked: Parameters<Serving['ask']>
  ): Promise<string> {
    const going = this.going.get(key) ?? this.begin(key, start());
    going.open += 1;
    clearTimeout(going.idle);
    try {
      return await (await going.serving).ask(...asked);
    } finally {
      going.open -= 1;
      if (going.open === 0) this.rest(key, going);
    }
  }

  /** Let all others go; one that is answering ends after that. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const [key, going] of this.going) if (!keys.has(key)) this.letGo(key, going);
  }

  /** End them all at once. */
  stop(): void {
    for (const going of this.going.values()) end(going);
    this.going.clear();
  }

  private begin(key: string, serving: Promise<Serving>): Going {
    const going: Going = { serving, open: 0, idle: undefined };
    this.going.set(key, going);
    const gone = () => {
      clearTimeout(going.idle);
      if (this.going.get(key) === going) this.going.delete(key);
    };
    serving.then(({ ended }) => ended.then(gone), gone);
    return going;
  }

  private rest(key: string, going: Going): void {
    // One that was let go while it answered ends now.
    if (this.going.get(key) !== going) end(going);
    else going.idle = setTimeout(() => this.letGo(key, going), IDLE_MS).unref();
  }

  private letGo(key: string, going: Going): void {
    this.going.delete(key);
    if (going.open === 0) end(going);
  }
}

function end({ serving, idle }: Going): void {
  clearTimeout(idle);
  serving.then(
    (each) => each.stop(),
    () => undefined,
  );
}
