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

/** What a served policy may differ from the trained one, in nats, where sampler and trainer agreed before. */
const SERVED_TOLERANCE = 1e-3;
/**
 * Where they did not, because they add up in another order or with fewer bits (vLLM, bfloat16), the measure is what
 * they differed by in this step under the old weights, which were proven themselves. Twice: that is a maximum over
 * other tokens.
 */
const OVER_GAP = 2;
/** Standard errors that a served policy must be apart from an old one for the two to be told from each other. */
const SURE = 5;

export interface Proof {
  /** Furthest that log-probabilities moved on the canary, and that two identical calls differ, in nats. */
  moved: number;
  noise: number;
  /** Furthest that served log-probabilities are from trained ones. */
  served: number;
  /** Whether the served tokens tell the new weights from the old: the change was larger than the sampler's rounding. */
  told: boolean;
}

/**
 * After an applied update: the hash changed; the log-probabilities on the canary moved by more than two identical
 * calls differ; and what the engine serves under the new name samples with the trainer's new log-probabilities, not
 * with those of the version before or of the base. `gap`: what sampler and trainer differed by before, in nats.
 */
export async function proveUpdate(
  client: Pick<EngineClient, 'chat' | 'logprobs'>,
  role: string,
  from: { version: string; hash: string },
  to: { version: string; hash: string },
  canary: Canary,
  { temperature, gap }: { temperature: number; gap: number },
): Promise<Proof> {
  const fail = (why: string): never => {
    throw new UpdateNotProven(
      `The update of ${role} from ${from.version} to ${to.version} is not proven: ${why}.`,
    );
  };
  if (from.hash === to.hash) fail('the weights did not change');
  const scores = async (version: string, sequences: Canary['sequences']) =>
    (await client.logprobs({ model: `${role}@${version}`, sequences, temperature })).logprobs.flat();
  const before = await scores(from.version, canary.sequences);
  const noise = furthest(before, await scores(from.version, canary.sequences));
  const moved = furthest(before, await scores(to.version, canary.sequences));
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
  const sampled = choice.logprobs?.content.map((token) => token.logprob) ?? [];
  const trained = await scores(to.version, [{ tokens, mask }]);
  const served = furthest(trained, sampled);
  const allowed = Math.max(SERVED_TOLERANCE, OVER_GAP * gap);
  if (!(served <= allowed))
    fail(
      `served and trained log-probabilities differ by ${served}, before the update they did by ${gap}; ${allowed} is allowed`,
    );
  let told = false;
  for (const version of new Set([from.version, 'v0'])) {
    const { share, error } = shareOfMove(sampled, await scores(version, [{ tokens, mask }]), trained);
    const sure = SURE * error < 0.5;
    if (sure && share < 0.5) fail(`what is served under its name are the weights of ${version}`);
    if (version === from.version) told = sure;
  }
  return { moved, noise, served, told };
}

/**
 * How much of the way from an old policy to the new one a served policy went, by least squares over its tokens'
 * log-probabilities: 1 where it is the new one, 0 where it is the old one; and the standard error of that, from the
 * nearer end. The error is infinite or not a number where the two do not differ.
 */
export function shareOfMove(
  served: readonly number[],
  old: readonly number[],
  now: readonly number[],
): { share: number; error: number } {
  const moves = now.map((value, at) => value - old[at]!);
  const length = moves.reduce((sum, move) => sum + move * move, 0);
  const share = moves.reduce((sum, move, at) => sum + move * (served[at]! - old[at]!), 0) / length;
  const spread = (from: readonly number[]) =>
    served.reduce((sum, value, at) => sum + (value - from[at]!) ** 2, 0) / served.length;
  return { share, error: Math.sqrt(Math.min(spread(now), spread(old)) / length) };
}

function furthest(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.NaN;
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}
