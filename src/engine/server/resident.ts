// Policies in memory and on the device, loaded when asked for and let go when long unused.
import type { Backend } from '../backend/load.js';
import { type DecodeWeights, uploadForDecoding } from '../model/decode.js';
import { type DeviceWeights, upload } from '../model/device.js';
import type { Weights } from '../model/weights.js';
import type { PolicyStore } from './store.js';

interface Resident {
  readonly weights: Weights;
  readonly hash: string;
  device?: DeviceWeights;
  decode?: DecodeWeights;
  users: number;
}

const MOST = 24;

export class Residents {
  private readonly known = new Map<string, Resident>();

  constructor(
    private readonly backend: Backend,
    private readonly store: PolicyStore,
  ) {}

  private get(policy: string): Resident {
    // `v0` of every role is one and the same policy.
    const name = policy.endsWith('@v0') ? 'base@v0' : policy;
    const found = this.known.get(name) ?? {
      weights: this.store.read(policy),
      hash: this.store.hash(policy),
      users: 0,
    };
    this.known.delete(name);
    this.known.set(name, found);
    for (const [other, resident] of this.known) {
      if (this.known.size <= MOST) break;
      if (other !== name && resident.users === 0) this.forget(other);
    }
    return found;
  }

  forget(policy: string): void {
    const found = this.known.get(policy);
    if (found === undefined || found.users > 0) return;
    found.device?.dispose();
    found.decode?.dispose();
    this.known.delete(policy);
  }

  weights(policy: string): { weights: Weights; hash: string } {
    return this.get(policy);
  }

  device(policy: string): DeviceWeights {
    const found = this.get(policy);
    found.device ??= upload(this.backend.tf, found.weights);
    return found.device;
  }

  /** Weights for decoding, held until `release` is called. */
  hold(policy: string): { decode: DecodeWeights; hash: string; release: () => void } {
    const found = this.get(policy);
    found.decode ??= uploadForDecoding(this.backend.tf, found.weights);
    found.users++;
    return {
      decode: found.decode,
      hash: found.hash,
      release: () => {
        found.users--;
      },
    };
  }
}
