/** The agent of an action: an action's id is its agent, visit and turn. */
export function agentOf(action: string): string {
  return action.split('.')[0]!;
}

/** Whether a rollout was carried on from another one with something changed; it is no part of what was measured. */
export function isFork({ branch }: { branch?: string | undefined }): boolean {
  return (branch ?? 'main') !== 'main';
}

/** The same by a rollout's name. */
export function isForkName(rollout: string): boolean {
  return /\.fork-\d+$/.test(rollout);
}

/** Whether a reply was given in an agent's name, by whoever forked or from another rollout: no model wrote it here. */
export function isGiven(policy: string): boolean {
  return policy === 'edited' || policy === 'repeated';
}

/** How a model coach's call on an action is named; it stands in the same log as the agents' calls. */
export function coachCall(action: string, sample: number): string {
  return `coach/${action}/${sample}`;
}

export function isCoachCall(action: string): boolean {
  return action.startsWith('coach/');
}

/** In a review, an action is named with its rollout. */
export function reviewed(rollout: string, action: string): string {
  return `${rollout}/${action}`;
}

/** The rollout and the action of a review's name; null where it names no rollout. */
export function fromReviewed(name: string): { rollout: string; action: string } | null {
  const at = name.indexOf('/');
  return at < 0 ? null : { rollout: name.slice(0, at), action: name.slice(at + 1) };
}
