import { baseFindings, findBase } from '../base.js';
import { engineOf, type Finding, type Wanted } from '../finding.js';
import type { MachineFacts } from '../probe.js';
import { disk } from '../room.js';
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
  const room = fits('GPU', target.engine_gpus) && fits('CPU', target.engine_cpus);
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
    ...headFindings(facts, target, wanted, nodes.length),
    {
      what: 'GPU',
      works: sum('GPU') > 0,
      needed: false,
      why: sum('GPU') > 0 ? `${sum('GPU')} of them` : 'none: training uses the CPU',
      todo: [],
    },
    {
      what: 'room',
      works: room,
      needed: true,
      why: wants,
      todo: room ? [] : ['Lower engines, engine_cpus or engine_gpus in targets.yaml, or add a larger node.'],
    },
  ];
}

/** The disk and the base as the head node has them. An engine has no workflow's folder: only what lies there counts. */
function headFindings(facts: MachineFacts, target: RayTarget, wanted: Wanted, nodes: number): Finding[] {
  const others = nodes > 1;
  const made = facts.environment === 'yes' ? 'made' : undefined;
  const ready = target.engine_python !== undefined ? 'own' : (wanted.ready ?? made);
  const asked: Wanted = { ...wanted, sent: undefined, placement: 'here', ready };
  const base = findBase(facts, asked);
  // Where the engine runs is Ray's choice: elsewhere the head makes no environment, and need not have the base.
  const room = disk(facts, others ? { ...asked, ready: ready ?? 'own' } : asked, base);
  const where = (finding: Finding): Finding => ({ ...finding, why: `${finding.why}, on the head node` });
  return [
    where(room),
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
  ];
}
