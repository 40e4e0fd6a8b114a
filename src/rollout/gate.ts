/** A place at which a rollout can be held: before or after an action, or at a step inside it. */
export interface Point {
  rollout: string;
  action: string;
  agent: string;
  when: 'before' | 'after';
  score?: number | null;
}

/** Holds rollouts at points while somebody wants them held. */
export interface Gate {
  reach(point: Point): Promise<void>;
}

/** A gate that can be paused, stepped and opened, for all rollouts of a run together. */
export class PausableGate implements Gate {
  private paused = false;
  private steps = 0;
  private waiting: { point: Point; go: () => void }[] = [];
  /** Called when a rollout is held or let go. */
  onChange: ((held: Point[]) => void) | null = null;

  get held(): Point[] {
    return this.waiting.map((each) => each.point);
  }

  get isPaused(): boolean {
    return this.paused;
  }

  async reach(point: Point): Promise<void> {
    if (!this.paused) return;
    if (this.steps > 0 && point.when === 'before') {
      this.steps -= 1;
      return;
    }
    if (point.when === 'after') return;
    await new Promise<void>((go) => {
      this.waiting.push({ point, go });
      this.onChange?.(this.held);
    });
  }

  pause(): void {
    this.paused = true;
  }

  /** Let one held action run; the next one is held again. */
  step(rollout?: string): void {
    const at = this.waiting.findIndex((each) => rollout === undefined || each.point.rollout === rollout);
    if (at >= 0) this.waiting.splice(at, 1)[0]!.go();
    else this.steps += 1;
    this.onChange?.(this.held);
  }

  continue(): void {
    this.paused = false;
    this.steps = 0;
    for (const { go } of this.waiting.splice(0)) go();
    this.onChange?.([]);
  }
}

export const openGate: Gate = { reach: () => Promise.resolve() };
