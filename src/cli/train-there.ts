import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findTarget, passes } from '../target/index.js';
import { attachJob, launchJob, workflowPlace } from './box-job.js';
import type { EngineChoice } from './engine.js';
import { openHost } from './job-host.js';
import { findWorkflow } from './open-workflow.js';
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
  const place = workflowPlace(findWorkflow(file));
  const name = runName('train');
  const job = { host: await openHost(target), kind: target.kind, name, folder: place.folder };
  const gpu = findings.find((finding) => finding.what === 'GPU');
  terminal.note(`${on}: ${gpu?.works ? gpu.why : 'training on the CPU'}`);
  const engine = engineArguments(chosen);
  mkdirSync(join(place.folder, '.baton', 'jobs'), { recursive: true });
  writeFileSync(
    join(place.folder, '.baton', 'jobs', `${name}.json`),
    JSON.stringify({ target: on, workflow: place.name, engine }),
  );
  try {
    const args = ['train', place.name, '--run-name', name, ...asArguments(chosen)];
    await launchJob(terminal, job, 1, place.name, args, engine);
    terminal.emit({ event: 'job.started', job: name, target: on });
    terminal.note(
      `${name} runs on ${on}; this machine may be closed. Attach: ${commandName()} jobs attach ${name}`,
    );
    return detach ? exit.fine : await attachJob(terminal, job);
  } finally {
    await job.host.close();
  }
}

/** The engine of a choice as arguments of `baton engine`. */
function engineArguments(options: EngineChoice): string[] {
  const { engine, base, method, backend, enginePython, deterministic } = options;
  return asArguments({ engine, base, method, backend, enginePython, deterministic });
}

/** The same choices as command line arguments, for the program there. */
export function asArguments(options: object): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined || value === false || key === 'json') return [];
    if (value === true) return [flag];
    if (Array.isArray(value)) return value.length === 0 ? [] : [flag, value.join(',')];
    return [flag, String(value)];
  });
}
