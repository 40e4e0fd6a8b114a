import type { EngineClient } from '../engine/index.js';
import type { ChatMessage } from '../policy/index.js';
import { type Sample, toSequence } from './rewards.js';

/** Training that changed nothing, or that nobody serves, is an error. */
export class UpdateNotProven extends Error {
  override name = 'UpdateNotProven';
}

/** A fixed batch of a role on which every update is proven. */
export interface Canary {
  sequences: { tokens: number[]; mask: (0 | 1)[] }[];
  messages: ChatMessage[];
}

export function canaryOf(samples: readonly Sample[], messages: ChatMessage[]): Canary {
  const sequences = samples.slice(0, 4).map(toSequence);
  return { sequences, messages };
}

const SERVED_TOLERANCE = 1e-3;

/**
 * After an applied update: the hash changed; the log-probabilities on the canary moved by more than two identical
 * calls differ; and what the engine serves under the new name samples with the trainer's new log-probabilities.
 */
export async function proveUpdate(
  client: EngineClient,
  role: string,
  from: { version: string; hash: string },
  to: { version: string; hash: string },
  canary: Canary,
  temperature: number,
): Promise<{ moved: number; noise: number; served: number }> {
  const fail = (why: string): never => {
    throw new UpdateNotProven(
      `The update of ${role} from ${from.version} to ${to.version} is not proven: ${why}.`,
    );
  };
  if (from.hash === to.hash) fail('the weights did not change');
  const score = async (version: string) =>
    (
      await client.logprobs({ model: `${role}@${version}`, sequences: canary.sequences, temperature })
    ).logprobs.flat();
  const before = await score(from.version);
  const noise = furthest(before, await score(from.version));
  const after = await score(to.version);
  const moved = furthest(before, after);
  if (!(moved > noise))
    fail(`its log-probabilities moved by ${moved}, two identical calls differ by ${noise}`);
  const reply = await client.chat({
    model: `${role}@${to.version}`,
    messages: canary.messages,
    temperature,
    top_p: 1,
    max_tokens: 24,
    seed: 7,
    logprobs: true,
    return_token_ids: true,
  });
  const choice = reply.choices[0];
  if (reply.system_fingerprint !== to.hash) fail('the name serves other weights');
  const tokens = [...(reply.prompt_token_ids ?? []), ...(choice.token_ids ?? [])];
  const mask = tokens.map((_, at) => (at < (reply.prompt_token_ids?.length ?? 0) ? 0 : 1) as 0 | 1);
  const trained = (
    await client.logprobs({ model: `${role}@${to.version}`, sequences: [{ tokens, mask }], temperature })
  ).logprobs.flat();
  const served = furthest(trained, choice.logprobs?.content.map((token) => token.logprob) ?? []);
  if (!(served <= SERVED_TOLERANCE)) fail(`served and trained log-probabilities differ by ${served}`);
  return { moved, noise, served };
}

function furthest(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.NaN;
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}
