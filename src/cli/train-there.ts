import { isAbsolute, join } from 'node:path';
import {
  type Finding,
  findTarget,
  passes,
  RayError,
  SshError,
  targetsFile,
  type Wanted,
} from '../target/index.js';
import { baseOf, type Workflow, withOwnWeights } from '../workflow/index.js';
import { attachJob, launchJob, workflowPlace } from './box-job.js';
import { overBaseOf, playableRoles } from './engine.js';
import { asArguments, engineArguments } from './engine-there.js';
import { staysHere } from './frozen.js';
import { openHost } from './job-host.js';
import { noteJob } from './job-notes.js';
import { findWorkflow } from './open-workflow.js';
import { openToSend, parcelOf } from './parcel.js';
import { runName } from './start-run.js';
import { besideHere, preflight, say } from './target-program.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';
import { splitsOf, type TrainOptions } from './train-command.js';

/** What a target has for a workflow; a failure where it lacks something that training needs. */
export async function mustPass(
  terminal: Terminal,
  on: string,
  options: TrainOptions,
  workflow: Workflow,
): Promise<Finding[]> {
  const findings = await preflight(on, wantedBy(workflow, options));
  if (passes(findings)) return findings;
  say(terminal, findings);
  throw new Failure(
    'target.lacks',
    `${on} lacks what is marked MISSING above; nothing was sent.`,
    exit.environment,
  );
}

const wantedOf = ({ engine, base, method, sandbox, enginePython }: TrainOptions): Wanted => ({
  engine,
  base,
  method,
  sandbox,
  ready: enginePython === undefined ? undefined : 'own',
});

/** What a training of this workflow wants of a machine. Its own base lies beside it, and is sent with it. */
function wantedBy(workflow: Workflow, options: TrainOptions): Wanted {
  const { base } = overBaseOf(workflow, options);
  const own = options.base === undefined && base !== undefined && isAbsolute(base);
  const trained = options.roles ?? withOwnWeights(workflow).filter((agent) => agent.trained);
  return {
    ...wantedOf(options),
    base,
    sent: own ? base : besideHere(workflow.folder, options.base),
    roles: Math.max(1, trained.length),
    steps: options.steps ?? workflow.training.steps,
    tools: Object.values(workflow.agents).some(({ tools }) => tools.length > 0),
  };
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
  const toSend = await openToSend(join(place.folder, place.name), {
    allowEnv: chosen.allowEnv,
    embeddedRoles: playableRoles(chosen),
    base: chosen.base,
  });
  const { workflow, tasks } = toSend.opened;
  refuseEditorModels(workflow, on);
  splitsOf(tasks, chosen);
  // On a box the whole loop runs beside the workflow; an engine of a cluster has no such folder.
  if (target.kind === 'ray') refuseBaseBeside(workflow, chosen, on);
  const stays = staysHere(workflow, chosen.roles, on);
  const parcel = await parcelOf(terminal, target.kind, toSend, chosen.allowEnv);
  const findings = await mustPass(terminal, on, chosen, workflow);
  if (stays) terminal.note(stays);
  const name = runName('train');
  const job = { host: await openHost(target), kind: target.kind, name, folder: place.folder };
  const gpu = findings.find((finding) => finding.what === 'GPU');
  terminal.note(`${on}: ${gpu?.works ? gpu.why : 'training on the CPU'}`);
  const engine = engineArguments(target.kind === 'ray' ? overBaseOf(workflow, chosen) : chosen);
  const args = ['train', place.name, '--run-name', name, ...asArguments(chosen)];
  const how = { workflow: place.name, args, engine };
  const note = { target: on, workflow: place.name, engine };
  noteJob(place.folder, name, note, { args, carried: parcel.carried });
  try {
    await launchJob(terminal, job, 1, parcel, how).catch((error: unknown) => {
      const cut = error instanceof SshError || (error instanceof RayError && error.code === 'unreachable');
      if (cut) terminal.note(perhapsSent(name, on));
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

/** An engine that runs without the workflow's folder cannot start from a model that lies in it. */
export function refuseBaseBeside(workflow: Workflow, { base }: Pick<TrainOptions, 'base'>, on: string): void {
  const own = base === undefined ? baseOf(workflow) : undefined;
  if (own !== undefined && isAbsolute(own))
    throw new Failure(
      'model.unavailable',
      `The base ${own} lies beside the workflow, and the engine on ${on} runs without that folder. Name one that it finds there: --base with a hub's id or a path on ${on}.`,
      exit.usage,
    );
}

/** What to do where it is not known how far a start came. */
function perhapsSent(name: string, on: string): string {
  const command = commandName();
  return `How much of ${name} came to ${on} is not known. See: ${command} jobs list ${on}; send what is missing and start it: ${command} jobs resume ${name}`;
}

/** An editor's models are served on this machine only. */
function refuseEditorModels({ models }: Workflow, target: string): void {
  const found = Object.values(models).find(({ provider }) => provider === 'editor');
  if (found)
    throw new Failure(
      'model.unavailable',
      `"${found.name}" is a model of the editor, which ${target} cannot reach; train here, or name a server that ${target} reaches.`,
      exit.usage,
    );
}
