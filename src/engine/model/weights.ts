// Weights live on the host as one flat Float32Array; devices get copies. That keeps the optimiser,
// the hash and the file format independent of any backend.
import { createHash } from 'node:crypto';
import { normals } from './random.js';
import { type ModelConfig, type Parameter, parameterCount, parameters } from './shape.js';

export interface Weights {
  readonly config: ModelConfig;
  /** all parameters, in the order of `parameters(config)` */
  readonly data: Float32Array;
}

/** A view (no copy) of one parameter in a flat vector laid out as `parameters(config)` says. */
export function view(flat: Float32Array, parameter: Parameter): Float32Array {
  return flat.subarray(parameter.offset, parameter.offset + parameter.size);
}

/** sha256 over the weight bytes, as 64 hex digits. Two policies are the same exactly if this is. */
export function weightsHash(weights: Weights): string {
  const { buffer, byteOffset, byteLength } = weights.data;
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

export function copyWeights(weights: Weights): Weights {
  return { config: weights.config, data: weights.data.slice() };
}

/**
 * Random initial weights. Embeddings are wide and the last norm narrow: the head is tied, so this keeps
 * first logits small while the residual stream starts at the scale of what the layers add to it.
 */
export function initialWeights(config: ModelConfig, seed: number): Weights {
  const data = new Float32Array(parameterCount(config));
  const normal = normals(seed);
  const d = Math.sqrt(config.hidden_size);
  const depth = Math.sqrt(2 * config.num_hidden_layers);
  for (const parameter of parameters(config)) {
    const target = view(data, parameter);
    const name = parameter.name;
    if (name === 'model.norm.weight') target.fill(0.25);
    else if (name.endsWith('norm.weight')) target.fill(1);
    else {
      const residual = name.endsWith('o_proj.weight') || name.endsWith('down_proj.weight');
      const std = name === 'model.embed_tokens.weight' ? 0.2 : residual ? 0.5 / d / depth : 0.7 / d;
      for (let i = 0; i < target.length; i++) target[i] = std * normal();
    }
  }
  return { config, data };
}
