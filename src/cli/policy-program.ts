import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { type Candidate, PolicyProblem, PolicyRegistry, servedOf } from '../engine/index.js';
import { listRuns, RunFolder, readLog } from '../trace/index.js';
import { bestCheckpoint, savedCheckpoints } from '../training/index.js';
import { baseFlag } from './arguments.js';
import { movedBase } from './base-place.js';
import { type EngineChoice, methodOf } from './engine.js';
import { type ExportHow, exportModel } from './export-model.js';
import { findRun, policiesBase, runsBase } from './find-run.js';
import { checkFile } from './open-workflow.js';
import { cacheFolder } from './places.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

const engineSchema = z.object({ engine: z.enum(['tfjs', 'torch']), base: z.string() });

export const registryOf = (folder: string): PolicyRegistry =>
  new PolicyRegistry(join(folder, '.baton', 'policies'));

/** `policies`, `promote`, `rollback`, `pin` and `export-model`. */
export function policyCommands(
  root: Command,
  json: (command: Command) => Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  const act = async (
    work: (out: Terminal, registry: PolicyRegistry) => void | Promise<void>,
    home = () => policiesBase(),
  ): Promise<void> => {
    try {
      await work(terminal(), registryOf(home()));
    } catch (error) {
      if (error instanceof PolicyProblem) throw new Failure('policy', error.message);
      throw error;
    }
    done(exit.fine);
  };
  json(root.command('policies'))
    .description('the trained weights that this folder keeps, and which one each role acts with')
    .option(
      '--gc',
      'remove those that no role acts with or can go back to, no run refers to and nobody serves',
    )
    .option('--dry-run', 'with --gc: only say what would be removed')
    .action(({ gc, dryRun }: { gc?: boolean; dryRun?: boolean }) =>
      act(async (out, registry) => {
        if (gc) {
          const collect = () => registry.collect(usedBy(registry.home), dryRun === true);
          const gone = await registry.alone(collect);
          out.emit({ removed: gone, dryRun: dryRun === true });
          out.say(
            gone.length === 0
              ? 'Nothing to remove.'
              : `${dryRun ? 'Would remove' : 'Removed'} ${gone.join(', ')}.`,
          );
          return;
        }
        const current = registry.current();
        const policies = registry.list();
        const served = servedOf(registry.home);
        out.emit({ current, policies, served });
        if (policies.length === 0) out.say('None yet: train, then promote a role.');
        else
          out.table(
            ['policy', 'acts', 'engine', 'method', 'rank', 'from', 'weights', 'served at'],
            policies.map((each) => [
              `${each.role}@${each.version}`,
              current[each.role]?.version === each.version
                ? current[each.role]!.pinned
                  ? 'pinned'
                  : 'yes'
                : '',
              each.engine,
              each.method,
              each.rank?.toFixed(3) ?? '',
              `${each.from.run} ${each.from.checkpoint}`,
              each.hash.slice(0, 12),
              served
                .filter(({ policy }) => policy === `${each.role}@${each.version}`)
                .map(({ base_url }) => base_url)
                .join(' '),
            ]),
          );
        const kept = new Set(policies.map(({ role, version }) => `${role}@${version}`));
        for (const { policy, from, base_url } of served)
          if (!kept.has(policy))
            out.say(`${policy}${from ? ` (${from.run}, ${from.checkpoint})` : ''} is served at ${base_url}`);
      }),
    );
  json(root.command('promote <role> [run]'))
    .description("let a role act with the weights of a training run's best checkpoint")
    .option('--checkpoint <name>', 'another checkpoint than the best one')
    .action((role: string, run: string | undefined, { checkpoint }: { checkpoint?: string }) => {
      const folder = run === undefined ? newestTraining() : findRun(run);
      // It acts where the team is that was trained, wherever this is typed.
      const home = resolve(folder.home);
      return act(
        async (out, registry) => {
          const found = candidate(folder, role, checkpoint);
          const record = await registry.alone(() => registry.promote(found), true);
          out.emit(record);
          const where = home === process.cwd() ? '' : ` in ${home}`;
          out.say(
            `${role} acts with ${role}@${record.version} now${where} (${record.from.run}, ${record.from.checkpoint}).`,
          );
        },
        () => home,
      );
    });
  json(root.command('rollback <role>'))
    .description('let a role act with what it had before')
    .action((role: string) =>
      act(async (out, registry) => {
        const version = await registry.alone(() => registry.rollback(role));
        out.emit({ role, version });
        out.say(`${role} acts with ${version === null ? 'its base' : `${role}@${version}`} again.`);
      }),
    );
  json(root.command('pin <role>'))
    .description('hold a role at what it acts with')
    .option('--off', 'let it be promoted and rolled back again')
    .action((role: string, { off }: { off?: boolean }) =>
      act(async (out, registry) => {
        mustBeKnown(role, registry);
        await registry.alone(() => registry.pin(role, off !== true), true);
        out.emit({ role, pinned: off !== true });
        out.say(`${role} is ${off ? 'free' : 'pinned'}.`);
      }),
    );
  json(root.command('export-model <role> <folder>'))
    .description("write a role's weights for other programs: an adapter in the PEFT format, or a whole model")
    .option('--merged', 'one whole model of base and adapter, which needs no PEFT')
    .addOption(baseFlag())
    .option('--engine-python <path>', "with --merged: a Python with the torch engine's packages")
    .action((role: string, to: string, how: ExportHow) =>
      act((out, registry) => exportModel(out, registry, role, to, how)),
    );
}

/** Throws where neither a workflow of this folder nor its policies have such a role. */
function mustBeKnown(role: string, registry: PolicyRegistry): void {
  const teams = readdirSync(registry.home)
    .filter((name) => /\.baton\.ya?ml$/.test(name))
    .map((name) => checkFile(join(registry.home, name), { allowEnv: [], embeddedRoles: undefined }).workflow);
  const kept = registry.list().map((each) => each.role);
  const agents = teams.flatMap((team) => Object.keys(team?.agents ?? {}));
  const known = new Set([...agents, ...kept, ...Object.keys(registry.current())]);
  // The roles of a workflow with problems are not known.
  if (known.has(role) || teams.includes(undefined)) return;
  throw new PolicyProblem(
    `No team here has a role "${role}"; there are: ${[...known].join(', ') || 'none'}.`,
  );
}

/** Evaluations and runs that came after it trained nothing. Where there is none, the newest run, to say so. */
function newestTraining(): RunFolder {
  const trains = (folder: RunFolder) => {
    try {
      return folder.readInfo().kind === 'train';
    } catch {
      return false;
    }
  };
  return listRuns(runsBase()).find(trains) ?? findRun(undefined);
}

/** The weights of a role at a checkpoint of a training run, as the run's log and its engine's folder have them. */
function candidate(folder: RunFolder, role: string, wanted?: string): Candidate {
  const info = folder.readInfo();
  const ran = engineSchema.safeParse(info.engine);
  if (info.kind !== 'train' || !ran.success)
    throw new PolicyProblem(
      `${folder.name} is not a training run; name one: ${commandName()} promote ${role} RUN`,
    );
  const saved = savedCheckpoints(readLog(folder.log).events);
  const chosen = wanted === undefined ? bestCheckpoint(saved) : saved.find(({ name }) => name === wanted);
  if (!chosen) {
    const names = saved.map(({ name }) => name).join(', ') || 'none';
    throw new PolicyProblem(`${folder.name} has no checkpoint ${wanted ?? ''}; there are: ${names}.`);
  }
  const policy = chosen.policies[role];
  if (policy === undefined)
    throw new PolicyProblem(
      `${folder.name} has no role ${role}; there are: ${Object.keys(chosen.policies).join(', ')}.`,
    );
  if (policy.endsWith('@v0'))
    throw new PolicyProblem(
      `${role} is untrained at ${chosen.name} of ${folder.name}; choose another checkpoint.`,
    );
  const hash = chosen.hashes[role];
  if (hash === undefined)
    throw new PolicyProblem(`${role} was not trained by ${folder.name}: it acted there with ${policy}.`);
  const weights = join(cacheFolder(), 'engines', folder.name, 'policies', role, policy.split('@')[1]!);
  if (!existsSync(weights))
    throw new PolicyProblem(
      `The weights ${weights} are gone; train again, or fetch them: ${commandName()} jobs fetch ${folder.name}`,
    );
  const options = info.options as EngineChoice;
  const { engine, base } = ran.data;
  return {
    role,
    folder: weights,
    engine,
    base: { model: movedBase(folder, folder.home) ?? null, hash: base },
    method: methodOf(engine, options),
    hash,
    from: {
      run: folder.name,
      checkpoint: chosen.name,
      policy,
      data: createHash('sha256').update(readFileSync(folder.log)).digest('hex'),
    },
    rank: chosen.rank,
  };
}

/** `role@version` of every promoted policy that a run of this folder acted with, or that is served now. */
function usedBy(folder: string): Set<string> {
  const runs = join(folder, '.baton', 'runs');
  const used = new Set(servedOf(folder).map(({ policy }) => policy));
  for (const name of existsSync(runs) ? readdirSync(runs) : []) {
    try {
      const { promoted } = new RunFolder(join(runs, name)).readInfo().options as {
        promoted?: Record<string, string>;
      };
      for (const policy of Object.values(promoted ?? {})) used.add(policy);
    } catch {
      // A run that cannot be read refers to nothing that could be named; its weights would be unknown anyway.
    }
  }
  return used;
}
