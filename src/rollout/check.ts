import { type Agent, type Breach, type FactsByArtifact, judgeContracts } from '../workflow/index.js';
import type { Arm } from './arm.js';
import { factRequests, messageFacts } from './facts.js';
import type { TurnPlace } from './place.js';

/** Take the facts of what an agent owes, judge them by their contracts, and log both; `reply` is null where it is no message yet. */
export async function checkArtifacts(
  place: TurnPlace,
  arm: Arm,
  agent: Agent,
  action: string,
  reply: string | null,
): Promise<Breach[]> {
  if (agent.produces.length === 0) return [];
  const { facts, breaches } = await factsOf(place, arm, agent, reply);
  place.log.append({ type: 'artifact.checked', data: { action, facts, breaches } });
  return breaches;
}

/** Facts of what an agent owes, taken in the sandbox, and of its last message where there is one. The arm keeps them. */
export async function factsOf(
  { deps, task }: TurnPlace,
  arm: Arm,
  agent: Agent,
  reply: string | null,
): Promise<{ facts: FactsByArtifact; breaches: Breach[] }> {
  const artifacts = agent.produces
    .map((name) => deps.workflow.artifacts[name]!)
    .filter((artifact) => artifact.path !== null || reply !== null);
  const requests = factRequests(deps.workflow, agent);
  const taken =
    requests.length > 0 && deps.takeFacts
      ? await deps.takeFacts({ workspace: arm.workspace(), inputs: deps.inputsOf(task), artifacts: requests })
      : {};
  for (const artifact of artifacts)
    if (artifact.path === null && reply !== null) taken[artifact.name] = messageFacts(reply);
  for (const { name, path } of artifacts) {
    const known = taken[name];
    if (path === null || !known?.exists || typeof known.problem === 'string') continue;
    const problem = arm.unkept(path);
    if (problem !== null) taken[name] = { ...known, problem };
  }
  const judged = judgeContracts(artifacts, { ...arm.facts, ...taken }, task);
  arm.facts = judged.facts;
  return {
    facts: Object.fromEntries(artifacts.map(({ name }) => [name, judged.facts[name]!])),
    breaches: judged.breaches,
  };
}
