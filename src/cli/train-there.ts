import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Box, findTarget, passes } from '../target/index.js';
import { attachJob, prepareJob, startJob, workflowPlace } from './box-job.js';
import { checkFile, findWorkflow } from './open-workflow.js';
import { runName } from './start-run.js';
import { preflight, say, targetsFile } from './target-program.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';
import type { TrainOptions } from './train-command.js';

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
  const torch = chosen.engine === 'torch' || chosen.base !== undefined;
  const findings = await preflight(on, { engine: torch ? 'torch' : 'tfjs', ...chosen } as never);
  if (!passes(findings)) {
    say(terminal, findings);
    throw new Failure(
      'target.lacks',
      `${on} lacks what is marked MISSING above; nothing was sent.`,
      exit.environment,
    );
  }
  const name = runName('train');
  const job = { box: await Box.open(target), name, folder: place.folder };
  const gpu = findings.find((finding) => finding.what === 'GPU');
  terminal.note(`${on}: ${gpu?.works ? gpu.why : 'training on the CPU'}`);
  const program = await prepareJob(terminal, job);
  mkdirSync(join(place.folder, '.baton', 'jobs'), { recursive: true });
  writeFileSync(
    join(place.folder, '.baton', 'jobs', `${name}.json`),
    JSON.stringify({ target: on, workflow: place.name }),
  );
  await startJob(
    job,
    1,
    program,
    ['train', place.name, '--run-name', name, ...asArguments(chosen)],
    place.name,
  );
  terminal.emit({ event: 'job.started', job: name, target: on });
  terminal.note(
    `${name} runs on ${on}; this machine may be closed. Attach: ${commandName()} jobs attach ${name}`,
  );
  return detach ? exit.fine : attachJob(terminal, job);
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

/** The same choices as command line arguments, for the program there. */
export function asArguments(options: Omit<TrainOptions, 'allowEnv'> & { allowEnv: string[] }): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false || key === 'json') return [];
    if (value === true) return [flag];
    if (Array.isArray(value)) return value.length === 0 ? [] : [flag, value.join(',')];
    return [flag, String(value)];
  });
}
