import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { discoverModels, type Found } from '../policy/index.js';
import { Blobs, type RunFolder } from '../trace/index.js';
import {
  checkWorkflow,
  diskFiles,
  formatProblem,
  isError,
  loadTasks,
  type Problem,
  readText,
  type Split,
  type Task,
  type Workflow,
  type WorkflowFiles,
} from '../workflow/index.js';
import { commandName, exit, Failure } from './terminal.js';

export interface OpenOptions {
  allowEnv: string[];
  embeddedRoles: readonly string[] | undefined;
  /** What else answers on this machine, where that was asked. */
  alternatives?: string;
  /** A base that was named at the command, or is known of a run. */
  base?: string | undefined;
}

/** The workflow file a command means: the one named, or the only one in the folder. */
export function findWorkflow(path: string | undefined): string {
  const at = resolve(path ?? '.');
  if (!existsSync(at)) throw new Failure('file.missing', `There is no ${path}.`, exit.usage);
  if (!statSync(at).isDirectory()) return at;
  const found = readdirSync(at).filter((name) => /\.baton\.ya?ml$/.test(name));
  if (found.length === 1) return join(at, found[0]!);
  const why = found.length === 0 ? 'no *.baton.yaml' : `${found.length} workflows (${found.join(', ')})`;
  throw new Failure(
    'file.ambiguous',
    `There is ${why} in ${at}; name the file${found.length === 0 ? `, or make one with: ${commandName()} init` : ''}.`,
    exit.usage,
  );
}

export interface Opened {
  workflow: Workflow;
  files: WorkflowFiles;
  tasks: Task[];
}

function workflowText(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    // What the system refuses is said elsewhere.
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new Failure(
      'file.unreadable',
      `${path} cannot be read: ${(error as Error).message}.`,
      exit.problems,
    );
  }
}

export function checkFile(
  path: string,
  options: OpenOptions,
  text = workflowText(path),
  files = diskFiles(dirname(path)),
): { problems: Problem[]; workflow: Workflow | undefined; files: WorkflowFiles } {
  const shown = relative(process.cwd(), path) || path;
  const { alternatives } = options;
  const { problems, workflow } = checkWorkflow(text, shown, {
    files,
    tasks: true,
    allowEnv: options.allowEnv,
    embeddedRoles: options.embeddedRoles,
    base: options.base,
    ...(alternatives ? { alternatives } : {}),
  });
  return { problems, workflow: workflow && { ...workflow, file: path }, files };
}

/** As `checkFile`; where a model cannot do what it is asked to, what else answers on this machine is looked for. */
export async function checkHere(
  path: string,
  options: OpenOptions,
  files?: WorkflowFiles,
): Promise<ReturnType<typeof checkFile>> {
  const found = checkFile(path, options, undefined, files);
  if (!found.problems.some(({ code }) => code === 'model.cannot-play')) return found;
  const alternatives = (await discoverModels(process.env)).map(inWords).join(', ');
  return alternatives === '' ? found : checkFile(path, { ...options, alternatives }, undefined, files);
}

function inWords({ kind, baseUrl, models, key }: Found): string {
  const more = key ? `${key} is set` : models.slice(0, 4).join(', ');
  return `${kind} at ${baseUrl}${more ? ` (${more})` : ''}`;
}

/** A workflow without errors and its tasks; otherwise a failure that lists the problems. */
export async function openWorkflow(
  path: string | undefined,
  options: OpenOptions,
  files?: WorkflowFiles,
): Promise<Opened> {
  return withTasks(await checkHere(findWorkflow(path), options, files));
}

/** The workflow as a run had it: its own copy of the text and the prompts, whatever became of the files since. */
export function openRecorded(folder: RunFolder, options: OpenOptions): Opened {
  const { file, text, files } = recorded(folder);
  return openText(file, text, options, files.read);
}

/** A run's own copy of its workflow; what was not kept is read beside where the run lies, whatever it says of that. */
export function recorded(folder: RunFolder): { file: string; text: string; files: WorkflowFiles } {
  const info = folder.readInfo();
  const blobs = new Blobs(folder.blobs);
  const home = realpathSync(folder.home);
  const disk = diskFiles(home);
  const read: WorkflowFiles['read'] = (path) => {
    const kept = Object.hasOwn(info.texts, path) ? info.texts[path] : undefined;
    return kept === undefined ? disk.read(path) : { text: blobs.text(kept) };
  };
  return {
    file: join(home, basename(info.file)),
    text: blobs.text(info.workflow),
    files: { ...disk, read },
  };
}

/** A workflow of a text, and of prompts that are read in a way of their own; all else lies beside `file`. */
export function openText(
  file: string,
  text: string,
  options: OpenOptions,
  read: WorkflowFiles['read'],
): Opened {
  return withTasks(checkFile(file, options, text, { ...diskFiles(dirname(file)), read }));
}

function withTasks({ problems, workflow, files }: ReturnType<typeof checkFile>): Opened {
  if (!workflow)
    throw new Failure('workflow.invalid', problems.filter(isError).map(formatProblem).join('\n'));
  return { workflow, files, tasks: loadTasks(workflow.tasks, files).tasks };
}

/** The tasks a command works on, in a fixed order, spread over their groups. */
export function pickTasks(
  tasks: readonly Task[],
  pick: { split?: Split | undefined; ids?: string[] | undefined; limit?: number | undefined },
): Task[] {
  const named = pick.ids
    ? tasks.filter((task) => pick.ids!.includes(task.id))
    : tasks.filter((task) => pick.split === undefined || task.split === pick.split);
  const other = pick.ids
    ? named.find((task) => pick.split !== undefined && task.split !== pick.split)
    : undefined;
  if (other)
    throw new Failure(
      'task.split',
      `The task ${other.id} is in the split ${other.split}, not in ${pick.split}; leave --split out to run the tasks that are named.`,
      exit.usage,
    );
  const missing = pick.ids?.filter((id) => !tasks.some((task) => task.id === id)) ?? [];
  if (missing.length > 0)
    throw new Failure('task.unknown', `There is no task ${missing.join(', ')}.`, exit.usage);
  const byGroup = new Map<string, Task[]>();
  for (const task of named) byGroup.set(task.group, [...(byGroup.get(task.group) ?? []), task]);
  const rounds = [...byGroup.values()];
  const spread: Task[] = [];
  for (let at = 0; spread.length < named.length; at++)
    spread.push(...rounds.flatMap((group) => group.slice(at, at + 1)));
  return pick.limit === undefined ? spread : spread.slice(0, pick.limit);
}
