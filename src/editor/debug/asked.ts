import { dirname } from 'node:path';
import { type Spent, shareOf } from '../../rollout/index.js';
import { readLine, readLog, scanLines } from '../../trace/index.js';
import { checkWorkflow, diskFiles, type Limits, loadTasks, type Task } from '../../workflow/index.js';
import type { Run } from '../runs/run.js';

/** From which share of a cap on a budget is nearly spent. */
export const NEARLY = 0.8;

/**
 * What a run's own copy of its workflow says of a task and of limits; the task is null where the files it was read
 * from are not there any more.
 */
export function askedOf(run: Run, task: string): { task: Task | null; limits: Limits | null } {
  const { file, texts } = run.info;
  const disk = diskFiles(dirname(file));
  const files = {
    ...disk,
    read: (path: string) =>
      Object.hasOwn(texts, path) ? { text: run.blobs.text(texts[path]!) } : disk.read(path),
  };
  const { workflow } = checkWorkflow(run.workflow, file, { files });
  if (!workflow) return { task: null, limits: null };
  const { tasks } = loadTasks(workflow.tasks, files);
  return { task: tasks.find(({ id }) => id === task) ?? null, limits: workflow.limits };
}

/** The name of the task of a recorded rollout. */
export function taskNameOf(run: Run, rollout: string): string {
  const path = run.folder.rollout(rollout);
  const [first] = scanLines(path);
  const started = first && readLine(path, first);
  return started?.type === 'rollout.started' ? started.data.task : '';
}

/**
 * Says at a time (Unix ms) why a recorded run's budget was nearly spent then, from the calls that its logs hold; null
 * where it was not. The logs are read when it is first asked, and only where the run had a limit.
 */
export function spendingOf(run: Run, limits: Limits | null): (at: number) => string | null {
  const capped = limits && [limits.calls, limits.tokens, limits.dollars, limits.minutes].some(isSet);
  if (!capped) return () => null;
  let calls: Call[] | undefined;
  return (at) => {
    calls ??= callsOf(run);
    const spent: Spent = { calls: 0, tokens: 0, dollars: 0 };
    for (const call of calls) {
      if (call.at > at) continue;
      spent.calls += 1;
      spent.tokens += call.tokens;
      spent.dollars += call.dollars;
    }
    const share = shareOf(limits, spent, secondsUntil(run, at));
    return share > NEARLY ? `${Math.round(share * 100)} % of the budget is spent` : null;
  };
}

interface Call {
  at: number;
  tokens: number;
  dollars: number;
}

/** Every call that was bought in a run. */
function callsOf(run: Run): Call[] {
  return run.pages.all().flatMap(({ rollout }) => {
    const path = run.folder.rollout(rollout);
    return scanLines(path)
      .filter(({ type }) => type === 'model.called')
      .flatMap((line) => {
        const event = readLine(path, line);
        if (event?.type !== 'model.called' || event.data.copied) return [];
        const { usage, dollars } = event.data;
        return [{ at: event.at, tokens: usage.promptTokens + usage.replyTokens, dollars }];
      });
  });
}

/** Seconds that a run's processes had worked by a time. */
function secondsUntil(run: Run, at: number): number {
  let seconds = 0;
  let since: number | null = null;
  for (const event of readLog(run.folder.log).events) {
    if (event.at > at) break;
    if (event.type === 'run.started' || event.type === 'run.resumed') since = event.at;
    if (event.type === 'run.finished' && since !== null) {
      seconds += (event.at - since) / 1000;
      since = null;
    }
  }
  return since === null ? seconds : seconds + (at - since) / 1000;
}

function isSet(cap: number | undefined): boolean {
  return cap !== undefined;
}
