// Writes the base model's folder: weights, config, and what one has to know to use them.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { weightsToSafetensors } from '../../src/engine/model/files.js';
import { type Weights, weightsHash } from '../../src/engine/model/weights.js';
import { roles } from './task.js';
import type { Schedule } from './train.js';

export type Stage = Schedule & {
  readonly tokens_seen: number;
  /** Factors on the rates in rates.ts; 1 where nothing is said. */
  readonly habits?: number;
  readonly slips?: number;
};

/** The stages of training that a base says it went through. */
export function stagesOf(folder: string): Stage[] {
  const about = JSON.parse(readFileSync(join(folder, 'baton.json'), 'utf8')) as {
    provenance: { stages: Stage[] };
  };
  return about.provenance.stages;
}

export function writeFolder(folder: string, weights: Weights, stages: readonly Stage[]): void {
  mkdirSync(folder, { recursive: true });
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  writeFileSync(join(folder, 'model.safetensors'), weightsToSafetensors(weights, {}));
  writeFileSync(join(folder, 'config.json'), json(weights.config));
  writeFileSync(
    join(folder, 'baton.json'),
    json({
      name: 'baton-base',
      hash: weightsHash(weights),
      roles,
      context: weights.config.max_position_embeddings,
      max_action_tokens: 200,
      template:
        '<bos> first user message, then on a repair turn <fix> and the first line of the last user message ' +
        '(at most 160 characters), then <act>. System messages and earlier replies are left out.',
      provenance: {
        data: 'demonstrations written by scripts/pretrain, with slips and wrong habits at the rates in rates.ts',
        columns: 'random names only; no name of a real table',
        stages,
      },
      license: 'Apache-2.0',
    }),
  );
}
