// What a job takes with it to a target, put together before anything is sent: what is wrong with it is said here.
import { dirname } from 'node:path';
import { resolveKey } from '../policy/index.js';
import type { Launch } from '../target/index.js';
import { diskFiles, formatProblem, readReference, type Workflow, withOwnWeights } from '../workflow/index.js';
import { secretsOf, variablesOf } from './carried.js';
import { filesToSend, mustBeItsOwn, notingPaths } from './files-to-send.js';
import { userKeys } from './keys.js';
import { checkFile, type Opened, type OpenOptions, openWorkflow } from './open-workflow.js';
import { exit, Failure, type Terminal } from './terminal.js';

export type Parcel = Pick<Launch, 'work' | 'roles' | 'environment'> & {
  /** Names of the variables in its environment that are this machine's. */
  carried: string[];
};

/** A workflow, and what of its folder it names. */
export interface ToSend {
  opened: Opened | null;
  text: string;
  folder: string;
  asked: Iterable<string>;
}

/** A workflow that is to begin on a target. Throws where it has problems. */
export async function openToSend(file: string, options: OpenOptions): Promise<ToSend & { opened: Opened }> {
  const folder = dirname(file);
  mustBeItsOwn(folder);
  const { files, asked } = notingPaths(diskFiles(folder));
  const opened = await openWorkflow(file, options, files);
  // A base that is named by its path from here on is sent like one that the workflow names.
  if (options.base !== undefined) files.resolve(options.base);
  return { opened, text: opened.workflow.text, folder, asked };
}

/**
 * The workflow of a run that goes on there from its own copy: what has become of the file since is no hindrance. Throws
 * where it names a variable that it may not read, which the run would miss there.
 */
export function openToGoOn(file: string, text: string, allowEnv: string[]): ToSend {
  const folder = dirname(file);
  mustBeItsOwn(folder);
  const { files, asked } = notingPaths(diskFiles(folder));
  const { workflow, problems } = checkFile(file, { allowEnv, embeddedRoles: undefined }, text, files);
  const refused = problems.filter(({ code }) => code === 'secret.not-allowed');
  if (refused.length > 0) throw new Failure('workflow.invalid', refused.map(formatProblem).join('\n'));
  return { opened: workflow ? { workflow, files, tasks: [] } : null, text, folder, asked };
}

/** Throws where the job would lack a file or a key there. */
export async function parcelOf(
  terminal: Terminal,
  kind: 'ssh' | 'ray',
  { opened, text, folder, asked }: ToSend,
  allowEnv: readonly string[],
): Promise<Parcel> {
  if (kind === 'ray') mustNeedNoKey(text);
  else if (opened) mustHaveKeys(terminal, opened.workflow);
  const carried = kind === 'ray' ? [] : variablesOf(text, allowEnv);
  return {
    carried: carried.filter((name) => process.env[name]),
    work: { folder, files: await filesToSend(terminal, folder, asked) },
    roles: opened ? withOwnWeights(opened.workflow).map(({ name }) => name) : [],
    environment: kind === 'ssh' ? secretsOf(text, userKeys(), process.env, allowEnv) : {},
  };
}

/** Throws where a key that the team or its coach needs is not stored here. The machine there may have a variable. */
function mustHaveKeys(terminal: Terminal, { agents, coach, models }: Workflow): void {
  const sources = { secrets: userKeys(), env: process.env, allowEnv: [] };
  const asked = new Set([...Object.values(agents).map(({ model }) => model), coach.model ?? []].flat());
  const missing = [...asked].flatMap((name) => {
    const { api_key, base_url } = models[name]!;
    const reference = api_key === undefined ? undefined : readReference(api_key);
    if (reference?.from === 'env' && !process.env[reference.name])
      terminal.note(`${reference.name} is not set here: the job has it only where it is set there.`);
    if (api_key === undefined || reference?.from !== 'secret') return [];
    const found = resolveKey(api_key, base_url!, sources);
    return 'missing' in found ? [`${name}: ${found.missing}`] : [];
  });
  if (missing.length > 0)
    throw new Failure('model.unavailable', `${missing.join('\n')}\nNothing was sent.`, exit.environment);
}

/** A cluster tells everybody who may ask what a job was given: nothing secret is given. */
function mustNeedNoKey(workflow: string): void {
  for (const [text] of workflow.matchAll(/\$\{secret:\w+\}/g)) {
    const name = readReference(text)?.name;
    throw new Failure(
      'target.keys',
      `The workflow uses the secret ${name}, and no key travels to a Ray cluster: what a job is given can be read there by all. Set BATON_${name} in the environment of the cluster's nodes and write \${env:BATON_${name}} in the workflow.`,
      exit.usage,
    );
  }
}
