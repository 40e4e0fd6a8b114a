import { type Base, baseFindings, findBase } from '../base.js';
import { engineOf, type Finding, found, type Wanted } from '../finding.js';
import { assess } from '../preflight.js';
import type { MachineFacts } from '../probe.js';
import { disk, room } from '../room.js';
import type { RayTarget } from '../targets.js';
import type { RayClient } from './client.js';

/**
 * What a cluster has for training, as its own lists tell, and its head node (`facts`), where jobs lie. Each node's
 * programs are looked at when a job starts.
 */
export async function clusterFindings(
  client: RayClient,
  target: RayTarget,
  facts: MachineFacts,
  wanted: Wanted,
): Promise<Finding[]> {
  const { ray_version } = await client.version();
  const nodes = await client.nodes();
  const most = (what: string) => Math.max(0, ...nodes.map((node) => node.resources_total?.[what] ?? 0));
  const sum = (what: string) => nodes.reduce((all, node) => all + (node.resources_total?.[what] ?? 0), 0);
  const [major = 0, minor = 0] = ray_version.split('.').map(Number);
  const recent = major > 2 || (major === 2 && minor >= 9);
  // How many are one a role is known when the job starts.
  const engines = target.engines === 'role' ? 1 : target.engines;
  const fits = (what: string, each: number) => most(what) >= each && sum(what) >= engines * each;
  const able = fits('GPU', target.engine_gpus) && fits('CPU', target.engine_cpus);
  const who =
    target.engines === 1
      ? 'the engine takes'
      : `${target.engines === 'role' ? 'an engine a role' : `${engines} engines`}, each takes`;
  const wants = `${who} ${target.engine_cpus} CPUs and ${target.engine_gpus} GPUs of one node`;
  return [
    {
      what: 'ray',
      works: recent,
      needed: true,
      why: `version ${ray_version}`,
      todo: recent ? [] : ['Install Ray 2.9 or newer on the cluster.'],
    },
    {
      what: 'nodes',
      works: nodes.length > 0,
      needed: true,
      why: `${nodes.length} alive, ${sum('CPU')} CPUs`,
      todo: nodes.length > 0 ? [] : ['Start the cluster: ray start --head'],
    },
    ...headPrograms(facts, wanted, nodes.length),
    ...headFindings(facts, target, wanted, nodes.length),
    gpuFinding(sum('GPU'), target),
    {
      what: 'room',
      works: able,
      needed: true,
      why: wants,
      todo: able ? [] : ['Lower engines, engine_cpus or engine_gpus in targets.yaml, or add a larger node.'],
    },
  ];
}

/** The loop runs on the head node. Rollouts run on every node that can carry them, and on the head where none can. */
function headPrograms(facts: MachineFacts, wanted: Wanted, nodes: number): Finding[] {
  return assess(facts, { ...wanted, placement: undefined }).flatMap((finding) => {
    const { what } = finding;
    if (what !== 'node' && what !== 'git' && what !== 'sandbox') return [];
    const needed = finding.needed && (what === 'node' || nodes <= 1);
    const more = what === 'node' || nodes <= 1 ? '' : '; another node may have it';
    return [{ ...finding, needed, why: `${finding.why}, on the head node${finding.works ? '' : more}` }];
  });
}

/** An engine sees only the GPUs that it takes. */
function gpuFinding(all: number, { engine_gpus }: RayTarget): Finding {
  if (all === 0) return found('GPU', false, false, 'none: training uses the CPU', []);
  const takes =
    engine_gpus > 0 ? `takes ${engine_gpus}` : 'takes none (engine_gpus: 0): training uses the CPU';
  return found('GPU', engine_gpus > 0, false, `${all} of them, and an engine ${takes}`, [
    'To train on one, set engine_gpus: 1 for this target in targets.yaml.',
  ]);
}

/** Whether an engine's part of the roles fits, as the head node tells. */
function whetherFits(facts: MachineFacts, target: RayTarget, wanted: Wanted, base: Base): Finding[] {
  if (engineOf(wanted) !== 'torch') return [];
  const onGpu = target.engine_gpus > 0;
  if (onGpu && facts.gpus.length === 0) {
    const why =
      'how much memory the GPUs have is not known on the head node, so that the model fits is not shown';
    return [found('fit', true, false, why, [])];
  }
  const { roles = 1 } = wanted;
  const own = Math.ceil(roles / (target.engines === 'role' ? roles : target.engines));
  const findings = room({ ...facts, gpus: onGpu ? facts.gpus : [] }, { ...wanted, roles: own }, base);
  return findings.map((each) => ({ ...each, what: 'fit', why: `${each.why}, on the head node` }));
}

/** The disk and the base as the head node has them. An engine has no workflow's folder: only what lies there counts. */
function headFindings(facts: MachineFacts, target: RayTarget, wanted: Wanted, nodes: number): Finding[] {
  const others = nodes > 1;
  const made = facts.environment === 'yes' ? 'made' : undefined;
  const ready = target.engine_python !== undefined ? 'own' : (wanted.ready ?? made);
  const asked: Wanted = { ...wanted, sent: undefined, placement: 'here', ready };
  const base = findBase(facts, asked);
  // Where the engine runs is Ray's choice: elsewhere the head makes no environment, and need not have the base.
  const space = disk(facts, others ? { ...asked, ready: ready ?? 'own' } : asked, base);
  const where = (finding: Finding): Finding => ({ ...finding, why: `${finding.why}, on the head node` });
  return [
    where(space),
    ...baseFindings(base, wanted.base, engineOf(wanted)).map((finding) => {
      if (base.is === 'hub') return finding;
      return others
        ? {
            ...where(finding),
            needed: false,
            why: `${finding.why}, on the head node; an engine may run on another`,
          }
        : where(finding);
    }),
    ...whetherFits(facts, target, asked, base),
  ];
}
