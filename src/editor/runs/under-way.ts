import { basename } from 'node:path';
import { type LogEvent, LogTail, safeId } from '../../trace/index.js';
import type { Run } from './run.js';

/** A rollout that has begun and not ended. */
export interface UnderWay {
  rollout: string;
  task: string;
  /** Roles whose action has begun and not ended, one for each arm. */
  acting: string[];
}

interface Followed {
  tail: LogTail;
  rollout: string | undefined;
  task: string;
  /** Action to agent. */
  open: Map<string, string>;
  finished: boolean;
}

interface Known {
  /** Rows of the run that were looked at, and the files of the rollouts that they tell of. */
  rows: number;
  leftOut: number;
  ended: Set<string>;
  followed: Map<string, Followed>;
}

const known = new WeakMap<Run, Known>();

/** Rollouts of a run that go on, in the order of their names; what was read of them before is not read again. */
export function underWay(run: Run): UnderWay[] {
  if (!run.live) return [];
  const { leftOut } = run.pages;
  let its = known.get(run);
  // Rollouts that had ended were taken up again, and go on.
  if (its?.leftOut !== leftOut) its = { rows: 0, leftOut, ended: new Set(), followed: new Map() };
  known.set(run, its);
  const logs = run.folder.rolloutLogs();
  const ended = run.pages.names(its.rows);
  its.rows = run.pages.count();
  for (const name of ended) its.ended.add(`${safeId(name)}.jsonl`);
  for (const path of logs) {
    const file = basename(path);
    if (its.ended.has(file)) its.followed.delete(file);
    else if (!its.followed.has(file))
      its.followed.set(file, {
        tail: new LogTail(path),
        rollout: undefined,
        task: '',
        open: new Map(),
        finished: false,
      });
  }
  const found: UnderWay[] = [];
  for (const each of its.followed.values()) {
    for (let read = each.tail.read(); read; read = each.tail.read())
      for (const { event } of read) follow(each, event);
    const { rollout, task, open } = each;
    if (rollout !== undefined && !each.finished)
      found.push({ rollout, task, acting: [...new Set(open.values())] });
  }
  return found.sort((a, b) => a.rollout.localeCompare(b.rollout, undefined, { numeric: true }));
}

function follow(known: Followed, event: LogEvent): void {
  if (event.type === 'rollout.started')
    Object.assign(known, { rollout: event.data.rollout, task: event.data.task, finished: false });
  if (event.type === 'action.started') {
    // Also one that was cut off before, and is gone on with.
    known.finished = false;
    known.open.set(event.data.action, event.data.agent);
  }
  if (event.type === 'rollout.reopened') known.finished = false;
  if (event.type === 'action.finished') known.open.delete(event.data.action);
  if (event.type === 'rollout.finished') {
    known.finished = true;
    known.open.clear();
  }
}
