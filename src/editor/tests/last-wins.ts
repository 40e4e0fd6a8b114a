/** Carries out one piece of work at a time. Asked anew meanwhile, it stops that and begins again: the last asking wins. */
export class LastWins {
  private going: AbortController | undefined;
  private again = false;

  /** `work` ends soon after its signal is aborted. */
  constructor(private readonly work: (stop: AbortSignal) => Promise<void>) {}

  /** Resolves when nothing goes on any more; at once where something does, which then begins again. */
  async ask(): Promise<void> {
    this.again = true;
    if (this.going) return this.going.abort();
    try {
      while (this.again) {
        this.again = false;
        this.going = new AbortController();
        await this.work(this.going.signal).catch((error: unknown) => {
          if (!this.again) throw error;
        });
      }
    } finally {
      this.going = undefined;
    }
  }

  /** Stop what goes on, for good. */
  stop(): void {
    this.again = false;
    this.going?.abort();
  }
}
