import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { Body, WorkspaceState } from '../../trace/index.js';
import type { FactsByArtifact, Task } from '../../workflow/index.js';
import type { RoleLines } from './breakpoints.js';
import type { Kinds } from './conditions.js';
import type { LiveRun } from './live.js';
import type { Budgeted } from './spending.js';
import type { Stop, Timeline } from './timeline.js';

/** A recorded rollout, and what the adapter needs to show it. It knows nothing of the editor. */
export interface Recording {
  timeline: Timeline;
  /** The key of its run. */
  run: string;
  /** Path or address of the workflow's text, and its name. */
  source: { path: string; name: string };
  /** Whether a path or address is that of this run's workflow, as it is or as it was. */
  isSource: (path: string) => boolean;
  roles: RoleLines;
  handed: (role: string) => { consumes: string[]; produces: string[] };
  /** The artifacts of the workflow, with their kinds. */
  kinds: Kinds;
  text: (body: Body) => string;
  scoreBelow: number;
  /** The action to stand before at first; the first one where it is left out. */
  startAt: string | null;
  /** What the rollout was asked, for `task.*` in conditions; null where that is not known any more. */
  task: Task | null;
  budget: Pick<Budgeted, 'at' | 'nearly' | 'limits'>;
  /** The workspace of the moment at which the debugger stands. */
  onMoment: (state: WorkspaceState, stop: Stop) => void;
  /** Facts of artifacts, computed in the sandbox on the workspace after an action (null: before all). Rejects with a sentence. */
  inspect: (names: string[], rollout: string, after: string | null) => Promise<FactsByArtifact>;
  /** A run that goes on: how it is steered. Its head is the timeline's last stop. */
  live: LiveRun | null;
}

/** Opens what a configuration names. A live run tells the session where it is held, and when it ended. */
export type Open = (args: Dap.LaunchRequestArguments, session: Followed) => Promise<Recording>;
export interface Followed {
  /** A run can be steered, before it is known where it is held. Rejects where the debugger is stopped meanwhile. */
  steers(live: LiveRun): Promise<never>;
  held(timeline: Timeline, why: string): void;
  ended(timeline: Timeline): void;
  say(text: string): void;
  /** A piece of what an action's model is writing. */
  wrote(action: string, text: string): void;
}

/** The roles of a text by line, for breakpoints set in it; null where it is not a workflow's text. */
export type RolesAt = (path: string) => Promise<RoleLines | null>;
