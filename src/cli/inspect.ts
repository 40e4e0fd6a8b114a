import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeFacts } from '../sandbox/index.js';
import {
  Blobs,
  type LogEvent,
  type RunFolder,
  readLog,
  removeTree,
  restore,
  stateAfter,
} from '../trace/index.js';
import {
  checkWorkflow,
  type FactsByArtifact,
  formatProblem,
  isError,
  show,
  type Workflow,
  type WorkflowFiles,
} from '../workflow/index.js';
import { mustHaveEnded } from './ended.js';
import { recorded } from './open-workflow.js';
import { sandboxOf } from './start-run.js';
import { exit, Failure, inert, type Terminal } from './terminal.js';

export interface InspectOptions {
  /** As it was after this action; at the end of the log where it is left out. */
  at?: string;
  /** How many first rows or lines to give of each. */
  rows: number;
  sandbox: string;
  python?: string;
}

/**
 * `baton inspect`: what is true of artifacts of a rollout, computed in the sandbox on the workspace of one moment. The
 * workspace is restored into a folder of its own, which is gone afterwards; the run is only read.
 */
export async function inspectCommand(
  terminal: Terminal,
  folder: RunFolder,
  rollout: string,
  names: readonly string[],
  options: InspectOptions,
): Promise<number> {
  const { events } = readLog(folder.rollout(rollout));
  if (events.length === 0)
    throw new Failure('rollout.unknown', `${folder.name} has no rollout "${rollout}".`, exit.usage);
  const facts = await factsThen(folder, events, names, options);
  terminal.emit({ run: folder.name, rollout, at: options.at ?? null, artifacts: facts });
  for (const [name, each] of Object.entries(facts)) {
    terminal.say(`\n== ${name}`);
    for (const [fact, value] of Object.entries(each))
      if (value !== undefined && value !== null) terminal.say(inert(`${fact}: ${show(value)}`));
  }
  return exit.fine;
}

async function factsThen(
  folder: RunFolder,
  events: readonly LogEvent[],
  names: readonly string[],
  { at, rows, sandbox: level, python }: InspectOptions,
): Promise<FactsByArtifact> {
  if (at !== undefined) mustHaveEnded('the rollout', events, at);
  const { artifacts, modules } = workflowOf(folder);
  const known = Object.values(artifacts).filter((each) => each.path !== null);
  for (const name of names)
    if (!known.some((each) => each.name === name))
      throw new Failure(
        'artifact.unknown',
        `No file is the artifact "${name}"; there are ${known.map((each) => each.name).join(', ') || 'none'}.`,
        exit.usage,
      );
  const wanted = known.filter(({ name }) => names.length === 0 || names.includes(name));
  const sandbox = await sandboxOf(level, python);
  const workspace = mkdtempSync(join(tmpdir(), 'baton-inspect-'));
  try {
    restore(stateAfter(events, at), new Blobs(folder.blobs), workspace);
    const requests = wanted.map(({ name, path, kind }) => ({ name, path: path!, kind, head: rows }));
    return await takeFacts(sandbox, { workspace, modules, artifacts: requests });
  } finally {
    removeTree(workspace);
    await sandbox.close();
  }
}

/** The run's workflow; its tasks and models are not needed, and modules that are not there any more are left out. */
function workflowOf(folder: RunFolder): Workflow {
  const { file, text, files } = recorded(folder);
  const resolve: WorkflowFiles['resolve'] = (path) => {
    const found = files.resolve(path);
    return 'refused' in found && found.refused === 'missing' ? { path: join(files.folder, path) } : found;
  };
  const { workflow, problems } = checkWorkflow(text, file, { files: { ...files, resolve } });
  if (!workflow)
    throw new Failure('workflow.invalid', problems.filter(isError).map(formatProblem).join('\n'));
  return { ...workflow, modules: workflow.modules.filter((path) => existsSync(path)) };
}
