// What happened to artifacts between the roles that make and use them, from what the sandbox saw of files.
import { type Judged, OVERFULL } from '../trace/index.js';
import type { Artifact, Workflow } from '../workflow/index.js';
import type { ActionRecord } from './actions.js';
import { reached } from './arms.js';

/** Who is to blame for what an action could not do. `action`: null where that role never acted. */
export interface Blocker {
  agent: string;
  action: string | null;
}

/**
 * The role behind a consumed artifact that could not be used when the action began: its producer's last action before
 * it left it missing or broken, or another role changed or deleted it since, and not in a copy of its own.
 */
export function blocker(
  action: ActionRecord,
  actions: readonly ActionRecord[],
  what: Pick<Judged, 'workflow' | 'events'>,
): Blocker | null {
  const { workflow, events } = what;
  const earlier = actions.slice(
    0,
    actions.findIndex(({ id }) => id === action.id),
  );
  for (const name of workflow.agents[action.agent]?.consumes ?? []) {
    const artifact = workflow.artifacts[name];
    const producer = artifact?.producer;
    if (!artifact || !producer || producer === action.agent) continue;
    const at = earlier.findLastIndex((other) => other.agent === producer && other.finished);
    const last = earlier[at];
    if (!last) return { agent: producer, action: null };
    if (last.checked?.facts[name]?.valid !== true) {
      const before = blocker(last, earlier, what);
      return last.finished?.status === 'blocked' && before ? before : { agent: producer, action: last.id };
    }
    const spoiler = earlier
      .slice(at + 1)
      .findLast(
        (other) =>
          other.agent !== producer &&
          touched(other).some((path) => liesIn(path, artifact)) &&
          reached(other, action, last.arm, events),
      );
    if (spoiler) return { agent: spoiler.agent, action: spoiler.id };
  }
  return null;
}

/**
 * The role whose action left more files in the workspace than are kept, where what this one made is not kept for that
 * reason; null where it was this one's own role, or that is not what is wrong.
 */
export function overfilledBy(action: ActionRecord, actions: readonly ActionRecord[]): Blocker | null {
  const lost = action.checked?.breaches.some(
    ({ code, message }) => code === 'artifact.unreadable' && message.includes(OVERFULL),
  );
  if (!lost) return null;
  const filled = actions
    .slice(0, actions.indexOf(action) + 1)
    .findLast(
      ({ arm, finished }) => arm === action.arm && finished?.refused.some(({ why }) => why === OVERFULL),
    );
  if (filled?.agent === action.agent) return null;
  return filled ? { agent: filled.agent, action: filled.id } : { agent: 'nobody', action: null };
}

/** What an action did to a file of another role's artifact; null where it left them all alone. */
export function foreignFile(
  action: ActionRecord,
  { artifacts }: Workflow,
): { path: string; how: 'overwritten' | 'deleted' } | null {
  const path = touched(action).find((each) =>
    Object.values(artifacts).some(
      (artifact) =>
        artifact.producer !== null && artifact.producer !== action.agent && liesIn(each, artifact),
    ),
  );
  if (path === undefined) return null;
  return { path, how: action.finished?.deleted.includes(path) ? 'deleted' : 'overwritten' };
}

/**
 * A consumed artifact that no program of this visit opened, or listed where it is a folder; where the sandbox saw every
 * read. There is nothing to read in an empty folder.
 */
export function neverRead(action: ActionRecord, { workflow, events }: Judged): string | null {
  if (!action.last || action.tools.length === 0) return null;
  const reads = action.turns.flatMap((other) => other.tools.map((tool) => tool.reads));
  if (reads.some((read) => read === 'unknown')) return null;
  const seen = reads.flat().map((path) => path.replace(/^\/work\//, ''));
  for (const name of workflow.agents[action.agent]!.consumes) {
    const artifact = workflow.artifacts[name];
    if (artifact?.kind === 'folder' && wasEmpty(name, action, events)) continue;
    if (artifact?.path && !seen.some((path) => liesIn(path, artifact))) return artifact.path;
  }
  return null;
}

/** Whether a folder had nothing in it when it was last looked at before a visit. */
function wasEmpty(name: string, { turns }: ActionRecord, events: Judged['events']): boolean {
  const began = events.findIndex(
    (event) => event.type === 'action.started' && event.data.action === turns[0]?.id,
  );
  const checked = events
    .slice(0, Math.max(0, began))
    .findLast((event) => event.type === 'artifact.checked' && event.data.facts[name] !== undefined);
  const files = checked?.type === 'artifact.checked' ? checked.data.facts[name]?.files : null;
  return Array.isArray(files) && files.length === 0;
}

/** Files that an action wrote or deleted, relative to the workspace. Python's own caches are nobody's work. */
function touched({ finished }: ActionRecord): string[] {
  const paths = [...(finished?.wrote.map(({ path }) => path) ?? []), ...(finished?.deleted ?? [])];
  return paths.filter((path) => !path.split('/').includes('__pycache__'));
}

function liesIn(path: string, artifact: Artifact): boolean {
  return artifact.path === path || (artifact.kind === 'folder' && path.startsWith(`${artifact.path}/`));
}
