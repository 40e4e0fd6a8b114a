import { dirname } from 'node:path';
import { contractCoach } from '../coach/index.js';
import { Blobs, countedVerdicts, LogWriter, readLog } from '../trace/index.js';
import { checkWorkflow, diskFiles, loadTasks } from '../workflow/index.js';
import { findRun } from './look.js';
import { endedOf } from './run-command.js';
import { exit, Failure, type Terminal } from './terminal.js';

/** `baton score`: judge an old run again by its own text of the workflow, without generating anything again. */
export async function scoreCommand(terminal: Terminal, name: string | undefined): Promise<number> {
  const folder = findRun(name);
  const info = folder.readInfo();
  const blobs = new Blobs(folder.blobs);
  const files = diskFiles(dirname(info.file));
  const { workflow } = checkWorkflow(blobs.text(info.workflow), info.file, { files });
  if (!workflow)
    throw new Failure(
      'workflow.invalid',
      `The workflow of ${folder.name} cannot be read any more; are the files it names still beside ${info.file}?`,
    );
  const tasks = new Map(loadTasks(workflow.tasks, files).tasks.map((task) => [task.id, task]));
  const { log } = await LogWriter.open(folder.review(`contracts-${Date.now()}`));
  let judged = 0;
  let changed = 0;
  for (const ended of endedOf(folder)) {
    const { events } = readLog(folder.rollout(ended.rollout));
    const task = tasks.get(ended.task);
    const outcome = events.findLast((event) => event.type === 'outcome')?.data ?? null;
    if (!task || !outcome) continue;
    const before = countedVerdicts(events);
    const verdicts = await contractCoach(
      {
        workflow,
        task,
        rollout: ended.rollout,
        events,
        blobs,
        outcome,
        signal: new AbortController().signal,
      },
      async () => undefined,
    );
    for (const verdict of verdicts) {
      judged += 1;
      const old = before.get(verdict.action);
      if (old?.verdict.score !== verdict.score || old?.verdict.code !== verdict.code) changed += 1;
      log.append({
        type: 'verdict',
        data: {
          ...verdict,
          action: `${ended.rollout}/${verdict.action}`,
          supersedes: old?.verdict.judge ?? null,
        },
      });
    }
  }
  await log.close();
  terminal.emit({ run: folder.name, judged, changed });
  terminal.say(
    `Judged ${judged} actions of ${folder.name} again: ${changed} verdicts differ from the run's own.`,
  );
  return exit.fine;
}
