import { createHash } from 'node:crypto';
import { isGiven } from '../action-names.js';
import type { Blobs } from '../bodies.js';
import { type ExportedAction, type ExportedRollout, messagesOf } from './actions.js';

/**
 * Well-scored actions as conversations for supervised fine-tuning, a JSON line each, in the format that TRL and
 * others read: `messages`, the last one the assistant's. Actions without a score are left out.
 */
export function* sftLines(
  rollouts: Iterable<ExportedRollout>,
  blobs: Blobs,
  least: number,
): Generator<Record<string, unknown>> {
  for (const { row, action, call, score } of scored(rollouts)) {
    if (score < least) continue;
    const messages = [...messagesOf(call, blobs), { role: 'assistant', content: blobs.text(call.reply) }];
    yield { messages, role: action.agent, score, rollout: row.rollout, action: action.action };
  }
}

/**
 * Pairs of replies to the very same prompt whose scores differ by `margin` at least: `prompt`, `chosen`, `rejected`
 * as message lists. In a pair both sides saw the same; actions of a later turn rarely do, so most pairs are first turns.
 */
export function* preferenceLines(
  rollouts: Iterable<ExportedRollout>,
  blobs: Blobs,
  margin: number,
): Generator<Record<string, unknown>> {
  interface Side {
    reply: string;
    score: number;
    from: string;
  }
  const prompts = new Map<string, { role: string; messages: unknown; sides: Side[] }>();
  for (const { row, action, call, score } of scored(rollouts)) {
    const messages = messagesOf(call, blobs);
    const key = createHash('sha256')
      .update(JSON.stringify([action.agent, messages]))
      .digest('hex');
    const group = prompts.get(key) ?? { role: action.agent, messages, sides: [] };
    group.sides.push({ reply: blobs.text(call.reply), score, from: `${row.rollout}/${action.action}` });
    prompts.set(key, group);
  }
  for (const { role, messages, sides } of prompts.values()) {
    sides.sort((a, b) => b.score - a.score);
    // The best with the worst, the second best with the second worst: no reply is used twice.
    for (let at = 0; at < Math.floor(sides.length / 2); at++) {
      const [chosen, rejected] = [sides[at]!, sides[sides.length - 1 - at]!];
      if (chosen.score - rejected.score < margin) break;
      // An action that was judged twice is no preference.
      if (chosen.reply === rejected.reply) continue;
      const said = ({ reply }: Side) => [{ role: 'assistant', content: reply }];
      yield {
        prompt: messages,
        chosen: said(chosen),
        rejected: said(rejected),
        role,
        scores: [chosen.score, rejected.score],
        from: [chosen.from, rejected.from],
      };
    }
  }
}

interface Scored {
  row: ExportedRollout['row'];
  action: ExportedAction;
  call: NonNullable<ExportedAction['call']>;
  score: number;
}

/** Actions with a score and a whole reply that a model gave. What a fork took over from its parent is the parent's. */
function* scored(rollouts: Iterable<ExportedRollout>): Generator<Scored> {
  for (const { row, actions } of rollouts)
    for (const action of actions) {
      const { call } = action;
      const score = action.counted?.score ?? null;
      if (call && score !== null && call.finish !== 'length' && !call.copied && !isGiven(call.policy))
        yield { row, action, call, score };
    }
}
