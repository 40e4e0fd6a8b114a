// Brings gradients from the device into one flat vector laid out like the weights.
import type { Tensor2D } from '@tensorflow/tfjs';
import { transposed } from './device.js';
import type { LayerGradients } from './layer.js';
import type { Packed } from './packing.js';
import { type ModelConfig, parameterCount, parameters } from './shape.js';
import { view } from './weights.js';

export interface DeviceGradients {
  /** `[d, vocabulary]` */
  readonly head: Tensor2D;
  readonly norm: Tensor2D;
  readonly layers: readonly LayerGradients[];
  /** `[N, d]` gradient of the embedded tokens */
  readonly input: Tensor2D;
}

function host(tensor: Tensor2D): Float32Array {
  return tensor.dataSync<'float32'>() as Float32Array;
}

/** The transpose of an `[in, out]` gradient, that is in the file's `[out, in]`. */
function turned(tensor: Tensor2D): Float32Array {
  return transposed(host(tensor), tensor.shape[0], tensor.shape[1]);
}

export function collectGradients(config: ModelConfig, packed: Packed, from: DeviceGradients): Float32Array {
  const flat = new Float32Array(parameterCount(config));
  const byName = new Map(parameters(config).map((p) => [p.name, view(flat, p)]));
  const put = (name: string, values: Float32Array): void => byName.get(name)!.set(values);
  const d = config.hidden_size;
  const embedding = byName.get('model.embed_tokens.weight')!;
  embedding.set(turned(from.head));
  const input = host(from.input);
  for (let n = 0; n < packed.ids.length; n++) {
    const row = packed.ids[n]! * d;
    for (let j = 0; j < d; j++) embedding[row + j]! += input[n * d + j]!;
  }
  put('model.norm.weight', host(from.norm));
  from.layers.forEach((layer, i) => {
    const at = `model.layers.${i}.`;
    put(`${at}input_layernorm.weight`, host(layer.attentionNorm));
    put(`${at}post_attention_layernorm.weight`, host(layer.mlpNorm));
    const qkv = turned(layer.qkv);
    for (const [at3, p] of ['q', 'k', 'v'].entries())
      put(`${at}self_attn.${p}_proj.weight`, qkv.subarray(at3 * d * d, (at3 + 1) * d * d));
    put(`${at}self_attn.o_proj.weight`, turned(layer.o));
    for (const p of ['gate', 'up', 'down'] as const) put(`${at}mlp.${p}_proj.weight`, turned(layer[p]));
  });
  return flat;
}
