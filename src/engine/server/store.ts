// Policies on disk. A version is a folder that appears whole or not at all, and never changes afterwards.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { AdamState } from '../adam.js';
import { weightsFromSafetensors, weightsToSafetensors } from '../model/files.js';
import { readSafetensors, writeSafetensors } from '../model/safetensors.js';
import { type Weights, weightsHash } from '../model/weights.js';
import { type Checkpoint, checkpointSchema, type UpdateReply, updateReply } from '../protocol.js';
import { EngineError } from './errors.js';

/** What made a version: kept beside it, so that the same update sent again gets the same answer. */
const madeSchema = z.object({
  hash: z.string(),
  parent: z.string(),
  parent_hash: z.string(),
  reply: updateReply,
});

const belongsSchema = z.object({ base_hash: z.string() });

/** Writes a file and waits until it is on disk. */
export function writeDurably(path: string, bytes: Uint8Array | string): void {
  const file = openSync(path, 'w');
  try {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export const splitName = (policy: string): [string, string] => {
  const at = policy.indexOf('@');
  return [policy.slice(0, at), policy.slice(at + 1)];
};

export class PolicyStore {
  private readonly policies: string;
  private readonly checkpoints: string;
  readonly baseHash: string;

  constructor(
    folder: string,
    readonly base: Weights,
  ) {
    this.policies = join(folder, 'policies');
    this.checkpoints = join(folder, 'checkpoints');
    mkdirSync(this.policies, { recursive: true });
    mkdirSync(this.checkpoints, { recursive: true });
    this.baseHash = weightsHash(base);
    this.checkBase(join(folder, 'base.json'));
  }

  /** Whoever put policies here may have said which base they were trained over. */
  private checkBase(path: string): void {
    if (!existsSync(path)) return;
    const found = belongsSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).base_hash;
    if (found !== this.baseHash)
      throw new EngineError(
        'base.other',
        409,
        `${dirname(path)} holds policies over another base (${found.slice(0, 12)}; asked for ${this.baseHash.slice(0, 12)})`,
      );
  }

  /** `role@version` of all trained versions. */
  list(): string[] {
    return readdirSync(this.policies).flatMap((role) =>
      readdirSync(join(this.policies, role))
        .filter((v) => !v.startsWith('.'))
        .map((version) => `${role}@${version}`),
    );
  }

  private folder(policy: string): string {
    return join(this.policies, ...splitName(policy));
  }

  has(policy: string): boolean {
    return splitName(policy)[1] === 'v0' || existsSync(this.folder(policy));
  }

  made(policy: string): z.infer<typeof madeSchema> {
    return madeSchema.parse(JSON.parse(readFileSync(join(this.folder(policy), 'made.json'), 'utf8')));
  }

  hash(policy: string): string {
    this.check(policy);
    return splitName(policy)[1] === 'v0' ? this.baseHash : this.made(policy).hash;
  }

  private check(policy: string): void {
    if (!this.has(policy)) {
      const known = this.list().join(', ') || 'none yet';
      throw new EngineError(
        'policy.unknown',
        404,
        `no policy ${policy} here; besides v0 of every role: ${known}`,
      );
    }
  }

  /** Weights of a policy; `v0` is the base. Throws where they are unknown or were changed on disk. */
  read(policy: string): Weights {
    this.check(policy);
    if (splitName(policy)[1] === 'v0') return this.base;
    const path = join(this.folder(policy), 'model.safetensors');
    const weights = weightsFromSafetensors(this.base.config, readFileSync(path), path);
    if (weightsHash(weights) !== this.made(policy).hash) {
      throw new EngineError(
        'checkpoint.damaged',
        409,
        `${path} does not have the hash that it was saved with`,
      );
    }
    return weights;
  }

  /** The optimiser's state of a trained version, or null for the base. */
  readAdam(policy: string): AdamState | null {
    if (splitName(policy)[1] === 'v0') return null;
    const path = join(this.folder(policy), 'optimizer.safetensors');
    if (!existsSync(path)) {
      const hint =
        'it was dropped when a later version was made; start from the latest one or from a checkpoint';
      throw new EngineError('optimizer.missing', 409, `${policy} has no optimiser state: ${hint}`);
    }
    const { tensors, notes } = readSafetensors(readFileSync(path), path);
    return { step: Number(notes.step), mean: tensors.get('mean')!.data, square: tensors.get('square')!.data };
  }

  /** Saves a new version; when this returns it is on disk. */
  write(policy: string, weights: Weights, adam: AdamState, parent: string, reply: UpdateReply): void {
    const [role, version] = splitName(policy);
    const working = join(this.policies, role, `.${version}`);
    // A version whose writer was killed has its working name still: nobody was told about it.
    rmSync(working, { recursive: true, force: true });
    mkdirSync(working, { recursive: true });
    const vector = (
      name: string,
      data: Float32Array,
    ): { name: string; shape: number[]; data: Float32Array } => ({
      name,
      shape: [data.length],
      data,
    });
    writeDurably(join(working, 'model.safetensors'), weightsToSafetensors(weights, {}));
    writeDurably(
      join(working, 'optimizer.safetensors'),
      writeSafetensors([vector('mean', adam.mean), vector('square', adam.square)], {
        step: String(adam.step),
      }),
    );
    const made = { hash: reply.hash, parent, parent_hash: this.hash(parent), reply };
    writeDurably(join(working, 'made.json'), JSON.stringify(made));
    syncFolder(working);
    renameSync(working, this.folder(policy));
    syncFolder(join(this.policies, role));
    this.dropOldAdam(parent);
  }

  /** Keeps optimiser states of the last two versions and of checkpoints: the others are rarely needed again. */
  private dropOldAdam(parent: string): void {
    if (splitName(parent)[1] === 'v0') return;
    const before = this.made(parent).parent;
    if (splitName(before)[1] === 'v0' || this.holders(before).length > 0 || !this.has(before)) return;
    rmSync(join(this.folder(before), 'optimizer.safetensors'), { force: true });
  }

  listCheckpoints(): Checkpoint[] {
    return readdirSync(this.checkpoints)
      .filter((name) => name.endsWith('.json'))
      .map((name) => checkpointSchema.parse(JSON.parse(readFileSync(join(this.checkpoints, name), 'utf8'))));
  }

  private holders(policy: string): string[] {
    const [role, version] = splitName(policy);
    return this.listCheckpoints()
      .filter((c) => c.policies[role]?.version === version)
      .map((c) => c.name);
  }

  saveCheckpoint(name: string, policies: Readonly<Record<string, string>>): Checkpoint {
    const found = Object.entries(policies).map(
      ([role, version]) => [role, { version, hash: this.hash(`${role}@${version}`) }] as const,
    );
    const checkpoint = { name, policies: Object.fromEntries(found) };
    const path = join(this.checkpoints, `${name}.json`);
    writeDurably(`${path}.part`, JSON.stringify(checkpoint));
    renameSync(`${path}.part`, path);
    syncFolder(this.checkpoints);
    return checkpoint;
  }

  /** A checkpoint whose policies were all read and have the hashes they were saved with. */
  loadCheckpoint(name: string): Checkpoint {
    const found = this.listCheckpoints().find((c) => c.name === name);
    if (found === undefined) {
      const names = this.listCheckpoints().map((c) => c.name);
      throw new EngineError(
        'checkpoint.unknown',
        404,
        `no checkpoint ${name}; there are: ${names.join(', ') || 'none'}`,
      );
    }
    for (const [role, { version, hash }] of Object.entries(found.policies)) {
      const policy = `${role}@${version}`;
      if (weightsHash(this.read(policy)) !== hash) {
        throw new EngineError(
          'checkpoint.damaged',
          409,
          `checkpoint ${name}: ${policy} has changed since it was saved`,
        );
      }
    }
    return found;
  }

  deleteCheckpoint(name: string): void {
    this.loadCheckpoint(name);
    rmSync(join(this.checkpoints, `${name}.json`));
  }

  /** Deletes a version. One that is not here is deleted already: a request whose answer was lost is sent again. */
  deletePolicy(policy: string): void {
    if (splitName(policy)[1] === 'v0') throw new EngineError('policy.held', 409, `${policy} is the base`);
    const holders = this.holders(policy);
    if (holders.length > 0) {
      throw new EngineError('policy.held', 409, `${policy} is held by checkpoint ${holders.join(', ')}`);
    }
    rmSync(this.folder(policy), { recursive: true, force: true });
  }
}
