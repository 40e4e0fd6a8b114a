import { dirname, join } from 'node:path';
import { culprit } from '../coach/index.js';
import { type Again, type Alone, againSchema, aloneSchema, type Ended, othersOf } from '../rollout/index.js';
import { Blobs, cameToEnd, RunFolder, type RunInfo } from '../trace/index.js';
import type { Task, Workflow } from '../workflow/index.js';
import { endedOf } from './ended.js';
import { findRun, runWord } from './find-run.js';
import { lostWords, shareOf } from './report.js';
import { commandName, exit, Failure, percent, type Terminal } from './terminal.js';

/** Who acts anew, like in which run (the newest where none is named), in at most how many rollouts. */
interface Asked {
  alone?: string | undefined;
  like?: string | undefined;
  limit?: number | undefined;
}

/**
 * Choose the rollouts in which a role acts anew, the newest where there are too many, and keep what the others wrote
 * there in the folder of the new run. What cannot be repeated is said; a failure where nothing can. null: all act.
 */
export function chooseAlone(
  terminal: Terminal,
  workflow: Workflow,
  asked: Asked,
  tasks: readonly Task[],
  folder: RunFolder,
): Alone | null {
  const { alone: role, limit } = asked;
  if (role === undefined) {
    if (asked.like === undefined) return null;
    throw new Failure('usage', '--like needs --alone: the role that acts anew.', exit.usage);
  }
  if (!Object.hasOwn(workflow.agents, role))
    throw new Failure(
      'role.unknown',
      `There is no role "${role}"; the workflow has ${Object.keys(workflow.agents).join(', ')}.`,
      exit.usage,
    );
  const like = findRun(asked.like, workflow.folder);
  const known = new Set(tasks.map(({ id }) => id));
  const rows = endedOf(like);
  const kept = rows.filter(({ task }) => known.has(task)).slice(limit === undefined ? 0 : -limit);
  if (kept.length === 0)
    throw new Failure(
      'alone.none',
      rows.length === 0
        ? `No rollout of ${like.name} has ended, so there is nothing that ${role} was handed. Run the team first.`
        : `${like.name} has no rollout of a task that is chosen here. Run the team first, or name another run with --like.`,
      exit.usage,
    );
  const from = new Blobs(like.blobs);
  const blobs = new Blobs(folder.blobs);
  const again: Again[] = [];
  const then: Ended[] = [];
  for (const row of kept) {
    const said = othersOf(like, row.rollout, role, from, blobs);
    if (!said) continue;
    again.push({ task: row.task, said });
    then.push(row);
  }
  const never = kept.length - again.length;
  if (again.length === 0)
    throw new Failure(
      'alone.none',
      `${role} was never asked in ${like.name}: what it takes was never handed over. Look who broke the work before it: ${commandName()} why ${runWord(like)}`,
      exit.usage,
    );
  if (never > 0)
    terminal.note(`left out: ${never} of ${kept.length} rollouts, in which ${role} was handed nothing`);
  const before = standing(then, role);
  return { role, like: like.name, before, again: blobs.keep(JSON.stringify(again)) };
}

/** How a role did in rollouts: those that succeeded, and those that it broke. */
export function standing(ended: readonly Ended[], role: string): Alone['before'] {
  return {
    rollouts: ended.length,
    lost: ended.filter((row) => !cameToEnd(row)).length,
    success: shareOf(ended),
    broke: ended.filter((row) => culprit(row)?.agent === role).length,
  };
}

/** The one role of a run that goes on; undefined where all act. */
export function keptAlone({ options }: RunInfo): Alone | undefined {
  return options.alone == null ? undefined : aloneSchema.parse(options.alone);
}

/** What a run of one role says again; its tasks must be among those given. */
export function againOf({ again }: Alone, folder: RunFolder): Again[] {
  return againSchema.parse(JSON.parse(new Blobs(folder.blobs).text(again)));
}

/** What became of the same rollouts now that one role acted anew in `run`. */
export function printAlone(
  terminal: Terminal,
  { role, like, before }: Alone,
  now: Alone['before'],
  run: RunFolder,
): void {
  const row = (when: string, each: Alone['before']) => [
    when,
    each.rollouts,
    each.success === null ? '-' : percent(each.success),
    each.broke,
  ];
  // Both lie in the same folder, the earlier one perhaps no more.
  const then = new RunFolder(join(dirname(run.path), like));
  terminal.emit({ event: 'alone', role, like, before, now });
  terminal.say(`${role} alone, on what it was handed in ${like}`);
  terminal.table(['', 'rollouts', 'success', `broken by ${role}`], [row('then', before), row('now', now)]);
  for (const [when, { lost }] of [['then', before] as const, ['now', now] as const])
    if (lost > 0) terminal.say(`${when}, ${lostWords(lost)}`);
  terminal.say(`paired by table, with intervals: ${commandName()} compare ${runWord(then)} ${runWord(run)}`);
}
