import { type EventData, endingOf, type LogEvent } from '../trace/index.js';

export interface PastAction {
  calls: EventData<'model.called'>[];
  tools: EventData<'tool.ran'>[];
  checked: EventData<'artifact.checked'> | null;
  finished: EventData<'action.finished'> | null;
}

const armsKey = (arms: readonly string[]) => arms.join(' ');

/** What a rollout's log already holds, so that a resumed one buys nothing again. */
export class Past {
  private readonly actions = new Map<string, PastAction>();
  readonly started: boolean;
  /** How it ended; null where it goes on. */
  readonly finished: EventData<'rollout.finished'> | null;
  readonly outcome: EventData<'outcome'> | null;
  /** A fork's changes of the workspace that were already made, by the action they come before. */
  readonly edited = new Map<string, EventData<'workspace.edited'>>();
  /** Actions that have a verdict, by pass. */
  readonly judged = new Set<string>();

  /** How often the arms of a `parallel:` were joined, by their names. */
  private readonly joins = new Map<string, number>();

  constructor(readonly events: readonly LogEvent[]) {
    this.started = events.some((event) => event.type === 'rollout.started');
    this.finished = endingOf(events);
    this.outcome = events.findLast((event) => event.type === 'outcome')?.data ?? null;
    for (const event of events) {
      switch (event.type) {
        case 'model.called':
          this.of(event.data.action).calls[event.data.call] = event.data;
          break;
        case 'tool.ran':
          this.of(event.data.action).tools[event.data.index] = event.data;
          break;
        case 'artifact.checked':
          this.of(event.data.action).checked = event.data;
          break;
        case 'action.finished':
          this.of(event.data.action).finished = event.data;
          break;
        case 'workspace.edited':
          this.edited.set(event.data.action, event.data);
          break;
        case 'arm.joined':
          this.joins.set(armsKey(event.data.arms), (this.joins.get(armsKey(event.data.arms)) ?? 0) + 1);
          break;
        case 'verdict':
          this.judged.add(`${event.data.pass}/${event.data.action}`);
          break;
        default:
      }
    }
  }

  action(id: string): PastAction | undefined {
    return this.actions.get(id);
  }

  /** Whether the log has the next join of these arms; each is told of once. */
  takeJoin(arms: readonly string[]): boolean {
    const left = this.joins.get(armsKey(arms)) ?? 0;
    this.joins.set(armsKey(arms), left - 1);
    return left > 0;
  }

  private of(id: string): PastAction {
    const known = this.actions.get(id) ?? { calls: [], tools: [], checked: null, finished: null };
    this.actions.set(id, known);
    return known;
  }
}
