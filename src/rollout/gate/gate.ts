import type { Gate, Point } from './point.js';
import { Stops } from './stops.js';

/** A rollout that is held, and why. */
export interface Held {
  point: Point;
  why: string;
  breakpoint: string | null;
}

export interface GateListener {
  /** Whether somebody is there now. */
  attached(): boolean;
  held(held: Held): void;
  logged(text: string, point: Point): void;
  wrote(rollout: string, action: string, text: string): void;
}

/**
 * Holds the rollouts of a run: at a pause before their next action, at breakpoints and filters, and while stepping.
 * When one stops, the others stop before their next action.
 */
export class PausableGate implements Gate {
  readonly stops = new Stops();
  private readonly waiting = new Map<string, Held & { go: () => void }>();
  private readonly stepping = new Map<string, 'action' | 'into'>();
  private pausedNow = false;
  listener: GateListener | null = null;

  get held(): Held[] {
    return [...this.waiting.values()].map(({ point, why, breakpoint }) => ({ point, why, breakpoint }));
  }

  get paused(): boolean {
    return this.pausedNow;
  }

  get watched(): boolean {
    return this.listener?.attached() ?? false;
  }

  wrote(rollout: string, action: string, text: string): void {
    this.listener?.wrote(rollout, action, text);
  }

  async reach(point: Point): Promise<void> {
    const why = this.whyHold(point);
    if (!why) return;
    this.pausedNow = true;
    this.stepping.delete(point.rollout);
    await new Promise<void>((go) => {
      // Two parallel arms of a rollout may wait at once: each has its own place.
      this.waiting.set(`${point.rollout} ${point.action}`, { point, ...why, go });
      this.listener?.held({ point, ...why });
    });
  }

  private whyHold(point: Point): Omit<Held, 'point'> | null {
    for (const stop of this.stops.at(point)) {
      if ('stop' in stop) return { why: stop.stop, breakpoint: stop.breakpoint };
      this.listener?.logged(stop.log, point);
    }
    const mode = this.stepping.get(point.rollout);
    if (mode === 'into' || (mode === 'action' && point.stage === 'before'))
      return { why: 'step', breakpoint: null };
    if (this.pausedNow && !mode && point.stage === 'before') return { why: 'pause', breakpoint: null };
    return null;
  }

  /** Hold every rollout before its next action. */
  pause(): void {
    this.pausedNow = true;
  }

  /** Let one held rollout go on to its next action, or (`into`) to the next stage of this one. */
  step(rollout: string, mode: 'action' | 'into'): boolean {
    const found = [...this.waiting].filter(([, each]) => each.point.rollout === rollout);
    if (found.length === 0) return false;
    this.stepping.set(rollout, mode);
    this.release(found);
    return true;
  }

  /** Let everything go on until something stops it again. */
  continue(): void {
    this.pausedNow = false;
    this.stepping.clear();
    this.release([...this.waiting]);
  }

  private release(entries: [string, { go: () => void }][]): void {
    for (const [key, { go }] of entries) {
      this.waiting.delete(key);
      go();
    }
  }
}
