import type { Body, Happening } from '../trace/index.js';
import type { Task } from '../workflow/index.js';
import type { RolloutDeps } from './deps.js';
import type { Edit } from './fork/change.js';
import type { Past } from './past.js';

/** Replies that are said again in their agents' names, by action. */
export type Repeated = ReadonlyMap<string, { reply: Body; finish: string }>;

/** Where a turn happens. */
export interface TurnPlace {
  deps: RolloutDeps;
  task: Task;
  rollout: string;
  /** The parts of the step id before the agent. */
  seedParts: (string | number)[];
  past: Past;
  log: { append(event: Happening): void; show(): void; sync(): Promise<void> };
  /** In a fork: the action that is changed, and how. */
  edit: Edit | null;
  /** What is said again instead of asking, by action. */
  repeated: Repeated;
}
