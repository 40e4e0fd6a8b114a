// Roles that a training leaves as they are: they act in it with what they act with in every run of the folder.
import { PolicyProblem, type PolicyRecord } from '../engine/index.js';
import { engineOf } from '../target/index.js';
import { type Workflow, withOwnWeights } from '../workflow/index.js';
import { type EngineChoice, methodOf } from './engine.js';
import { registryOf } from './policy-program.js';
import { exit, Failure } from './terminal.js';

/** The roles to train: those that are named, else all that may learn. */
export function rolesOf(workflow: Workflow, wanted: readonly string[] | undefined): string[] {
  const trainable = withOwnWeights(workflow);
  if (trainable.length === 0) throw nobodyLearns();
  const names = trainable.map((agent) => agent.name);
  const unknown = wanted?.filter((role) => !names.includes(role)) ?? [];
  if (unknown.length > 0)
    throw new Failure(
      'role.not-trainable',
      `${unknown.join(', ')} cannot be trained; the roles with a trainable model are ${names.join(', ')}.`,
      exit.usage,
    );
  const roles = wanted ?? trainable.filter((agent) => agent.trained).map((agent) => agent.name);
  if (roles.length === 0)
    throw new Failure(
      'role.not-trainable',
      wanted
        ? `--roles names no role; those that can be trained are ${names.join(', ')}.`
        : 'No role here learns: each says "trained: false". Name some with --roles, or take that line out.',
      exit.usage,
    );
  return [...roles];
}

export function nobodyLearns(): Failure {
  return new Failure(
    'model.not-trainable',
    'No agent uses a model that Baton can train here; use provider: embedded.',
    exit.environment,
  );
}

/** What to say of promoted weights that stay here when a training runs somewhere else; null where there are none. */
export function staysHere(
  workflow: Workflow,
  wanted: readonly string[] | undefined,
  on: string,
): string | null {
  const stay = Object.values(promotedBeside(workflow, wanted));
  return stay.length === 0
    ? null
    : `Promoted weights do not travel to ${on}: there ${stay.map((each) => each.split('@')[0]).join(', ')} act${stay.length === 1 ? 's' : ''} with the base in place of ${stay.join(', ')}.`;
}

/** What the roles that are not trained act with, `role@version` by role; those that act with their base are left out. */
export function promotedBeside(
  workflow: Workflow,
  wanted: readonly string[] | undefined,
): Record<string, string> {
  const learn = rolesOf(workflow, wanted);
  const others = withOwnWeights(workflow).filter(({ name }) => !learn.includes(name));
  return registryOf(workflow.folder).acting(others.map(({ name }) => name));
}

/**
 * Put promoted weights into the folder of a training's engine, which refuses to come up over another base than theirs
 * (`notBeside`). Throws a PolicyProblem where they were trained in another way than this training is.
 */
export function serveBeside(
  workflow: Workflow,
  promoted: Readonly<Record<string, string>>,
  dir: string,
  choice: EngineChoice,
): PolicyRecord | null {
  const record = registryOf(workflow.folder).serve(promoted, dir);
  const engine = engineOf(choice);
  if (record && (record.engine !== engine || record.method !== methodOf(engine, choice)))
    throw notBeside(record, `in another way (${record.engine}, ${record.method})`);
  return record;
}

/** Why what is promoted cannot act in a training. */
export function notBeside({ role, version }: PolicyRecord, how: string): PolicyProblem {
  return new PolicyProblem(
    `${role}@${version} acts in every run here and was trained ${how} than this training, and one engine plays both: train ${role} too, or roll it back.`,
  );
}
