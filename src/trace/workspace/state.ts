import type { LogEvent } from '../events.js';
import type { WorkspaceState } from './history.js';

const MAIN = 'main';
/** The arm that an arm was split from: `main-1` from `main`. */
const parentOf = (arm: string) => arm.slice(0, Math.max(0, arm.lastIndexOf('-'))) || MAIN;

/**
 * The files of a rollout's workspace as they were after an action, or where the events end. Every arm of a
 * `parallel:` has its own; what is given is that of the arm in which the last event stands.
 */
export function stateAfter(events: readonly LogEvent[], action?: string): WorkspaceState {
  const arms = new Map<string, WorkspaceState>([[MAIN, new Map()]]);
  const armOf = new Map<string, string>();
  let now = MAIN;
  const at = (arm: string): WorkspaceState => {
    const known = arms.get(arm);
    if (known) return known;
    const split = new Map(at(parentOf(arm)));
    arms.set(arm, split);
    return split;
  };
  for (const event of events) {
    switch (event.type) {
      case 'action.started':
        now = event.data.arm;
        armOf.set(event.data.action, now);
        at(now);
        break;
      case 'workspace.edited':
        now = event.data.arm;
        change(at(now), event.data);
        break;
      case 'action.finished':
        now = armOf.get(event.data.action) ?? MAIN;
        change(at(now), event.data);
        if (event.data.action === action) return at(now);
        break;
      case 'arm.joined':
        for (const arm of event.data.arms) {
          now = parentOf(arm);
          arms.delete(arm);
        }
        change(at(now), event.data);
        break;
      default:
    }
  }
  return at(now);
}

type FileChanges = Extract<LogEvent, { type: 'action.finished' }>['data'];

function change(state: WorkspaceState, { wrote, deleted }: Pick<FileChanges, 'wrote' | 'deleted'>): void {
  for (const path of deleted) state.delete(path);
  for (const file of wrote) state.set(file.path, file);
}
