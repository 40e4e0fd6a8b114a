// Facts about a machine turned into findings: what works, what is missing, what to do, and which engine it will be.
import { baseFindings, findBase } from './base.js';
import { gpus, whichEngine } from './device.js';
import { engineOf, type Finding, found, olderThan, type Wanted } from './finding.js';
import type { MachineFacts } from './probe.js';
import { disk, memory, room } from './room.js';

/** Findings for training on this machine, in the order in which a person would mend them. */
export function assess(facts: MachineFacts, wanted: Wanted): Finding[] {
  const engine = engineOf(wanted);
  const torch = engine === 'torch';
  const base = findBase(facts, wanted);
  return [
    found('system', facts.os.startsWith('Linux'), true, `${facts.os} ${facts.arch}, ${facts.cores} cores`, [
      'Targets run on Linux; on Windows use WSL.',
    ]),
    found('node', olderThan(facts.node, [20, 12]) === false, true, facts.node || 'none', [
      'Install Node 20.12 or newer there, or name one with node: in targets.yaml.',
      'Or have one brought to a box over ssh, with nothing installed there: baton target bring-node NAME',
    ]),
    found('tar', facts.tar !== '', true, facts.tar || 'none', ['Install tar there.']),
    found('git', facts.git !== '', true, facts.git || 'none', [
      'Install git there: sudo apt-get install -y git',
    ]),
    sandbox(facts, wanted),
    found(
      'python',
      olderThan(facts.python, [3, 11]) === false,
      torch && wanted.ready !== 'own',
      facts.python || 'none',
      ['Install Python 3.11 or newer there.'],
    ),
    ...(torch && !wanted.ready ? [environment(facts)] : []),
    disk(facts, wanted, base),
    memory(facts, wanted, base),
    gpus(facts, wanted),
    found('engine', true, false, whichEngine(facts, wanted), []),
    ...baseFindings(base, wanted.base, engine),
    ...(torch ? room(facts, wanted, base) : []),
  ];
}

/** Needed where agents run programs and the loop that runs them is there: it would end before its first rollout. */
function sandbox(facts: MachineFacts, { tools, sandbox: level = 'auto', placement }: Wanted): Finding {
  const works = level === 'auto' ? facts.sandbox !== '' : facts.sandbox.split(' ').includes(level);
  const lacks = level === 'auto' ? 'none works' : `${level} does not work`;
  if (level === 'none')
    return found('sandbox', true, false, '--sandbox none: programs of agents run unconfined', []);
  if (placement === 'here')
    return found('sandbox', works, false, works ? facts.sandbox : `${lacks} there`, [
      'None is needed there: with placement: here rollouts run on this machine.',
    ]);
  return found('sandbox', works, tools === true, works ? facts.sandbox : lacks, [
    'sudo apt-get install -y bubblewrap; in a container allow user namespaces. Podman or Docker with its image does as well: baton doctor says more on the machine itself.',
    ...(placement === 'there'
      ? [
          'Or set placement: here for this target in targets.yaml: rollouts then run on your machine, and only the engine there.',
        ]
      : []),
    'Without a sandbox, agents with tools do not run there.',
  ]);
}

function environment(facts: MachineFacts): Finding {
  const able = facts.uv !== '' || facts.venv === 'yes';
  const how = facts.uv ? `with ${facts.uv}` : able ? 'with venv and pip' : 'neither uv nor venv';
  return found('torch environment', able, true, `made on demand, ${how}`, [
    'Install python3-venv (or uv) there.',
  ]);
}

/** Whether training can start there. */
export function passes(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.works || !finding.needed);
}
