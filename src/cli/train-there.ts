import { type Finding, findTarget, passes, SshError, targetsFile } from '../target/index.js';
import { attachJob, launchJob, workflowPlace } from './box-job.js';
import { asArguments, engineArguments } from './engine-there.js';
import { openHost } from './job-host.js';
import { noteJob } from './job-notes.js';
import { checkFile, findWorkflow } from './open-workflow.js';
import { runName } from './start-run.js';
import { preflight, say } from './target-program.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';
import type { TrainOptions } from './train-command.js';

/** What a target has; a failure where it lacks something that training needs. */
export async function mustPass(
  terminal: Terminal,
  on: string,
  options: Pick<TrainOptions, 'engine' | 'base' | 'method'>,
): Promise<Finding[]> {
  const { base, method } = options;
  const engine = options.engine ?? (base === undefined ? 'tfjs' : 'torch');
  const findings = await preflight(on, { engine, base, ...(method ? { method } : {}) });
  if (passes(findings)) return findings;
  say(terminal, findings);
  throw new Failure(
    'target.lacks',
    `${on} lacks what is marked MISSING above; nothing was sent.`,
    exit.environment,
  );
}

/** `baton train FILE --target NAME`: preflight, send, start there detached, follow, fetch. */
export async function trainThere(
  terminal: Terminal,
  file: string | undefined,
  options: TrainOptions & { target: string; allowEnv: string[]; detach?: boolean },
): Promise<number> {
  const { target: on, detach, ...chosen } = options;
  const target = findTarget(targetsFile(), on);
  const place = workflowPlace(findWorkflow(file));
  refuseEditorModels(findWorkflow(file), on, options.allowEnv);
  const findings = await mustPass(terminal, on, chosen);
  const name = runName('train');
  const job = { host: await openHost(target), kind: target.kind, name, folder: place.folder };
  const gpu = findings.find((finding) => finding.what === 'GPU');
  terminal.note(`${on}: ${gpu?.works ? gpu.why : 'training on the CPU'}`);
  const engine = engineArguments(chosen);
  const args = ['train', place.name, '--run-name', name, ...asArguments(chosen)];
  noteJob(place.folder, name, { target: on, workflow: place.name, engine }, args);
  try {
    await launchJob(terminal, job, 1, place.name, args, engine).catch((error: unknown) => {
      if (error instanceof SshError) terminal.note(perhapsSent(name, on));
      throw error;
    });
    terminal.emit({ event: 'job.started', job: name, target: on });
    terminal.note(
      `${name} runs on ${on}; this machine may be closed. Attach: ${commandName()} jobs attach ${name}`,
    );
    return detach ? exit.fine : await attachJob(terminal, job);
  } finally {
    await job.host.close();
  }
}

/** What to do where it is not known how far a start came. */
function perhapsSent(name: string, on: string): string {
  const command = commandName();
  return `How much of ${name} came to ${on} is not known. See: ${command} jobs list ${on}; send what is missing and start it: ${command} jobs resume ${name}`;
}

/** An editor's models are served on this machine only. */
function refuseEditorModels(file: string, target: string, allowEnv: string[]): void {
  const { workflow } = checkFile(file, { allowEnv, embeddedRoles: undefined });
  const found = Object.values(workflow?.models ?? {}).find(({ provider }) => provider === 'editor');
  if (found)
    throw new Failure(
      'model.unavailable',
      `"${found.name}" is a model of the editor, which ${target} cannot reach; train here, or name a server that ${target} reaches.`,
      exit.usage,
    );
}
