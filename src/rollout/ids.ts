import { createHash } from 'node:crypto';

/** Where an action stands: run, training step, task, sample and branch name its rollout; agent, visit and turn the action. */
export interface RolloutName {
  step: string;
  task: string;
  sample: number;
  branch: string;
}

export function rolloutId({ step, task, sample, branch }: RolloutName): string {
  return `${step}.${task}.${sample}${branch === 'main' ? '' : `.${branch}`}`;
}

export function actionId(agent: string, visit: number, turn: number): string {
  return `${agent}.${visit}.${turn}`;
}

/** A seed from a step's id: 31 bits of its SHA-256, so that every generator starts the same on every machine. */
export function seedFrom(...parts: (string | number)[]): number {
  return createHash('sha256').update(parts.join('/')).digest().readUInt32LE(0) & 0x7fffffff;
}
