// Weights as a Hugging Face folder: config.json and model.safetensors.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { type ModelConfig, modelConfigSchema, parameterCount, parameters } from './shape.js';
import { view, type Weights } from './weights.js';

export function weightsToSafetensors(weights: Weights, notes: Readonly<Record<string, string>>): Uint8Array {
  const tensors = parameters(weights.config).map((p) => ({
    name: p.name,
    shape: p.shape,
    data: view(weights.data, p),
  }));
  return writeSafetensors(tensors, notes);
}

/** Weights from bytes. Throws where a parameter is missing or has another shape. */
export function weightsFromSafetensors(config: ModelConfig, bytes: Uint8Array, path: string): Weights {
  const { tensors } = readSafetensors(bytes, path);
  const data = new Float32Array(parameterCount(config));
  for (const p of parameters(config)) {
    const found = tensors.get(p.name);
    if (found === undefined || found.shape.join() !== p.shape.join()) {
      throw new Error(
        `${path}: ${p.name} should have shape [${p.shape}], found [${found?.shape ?? 'nothing'}]`,
      );
    }
    data.set(found.data, p.offset);
  }
  return { config, data };
}

/** Reads the config of a model folder. Throws with every problem named. */
export function readConfig(folder: string): ModelConfig {
  const path = join(folder, 'config.json');
  const parsed = modelConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) {
    throw new Error(`${path} is not a model this engine can run:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export function readModel(folder: string): Weights {
  const path = join(folder, 'model.safetensors');
  return weightsFromSafetensors(readConfig(folder), readFileSync(path), path);
}
