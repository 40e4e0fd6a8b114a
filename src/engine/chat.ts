// The embedded model's chat template: `<bos> first user message [<fix> last user message] <act>`.
// System messages, earlier replies and feedback in between are left out: the model is too small to use them.
import type { Tokenizer } from './tokenizer.js';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** Prompt token ids of a conversation. Throws a RangeError where it has no user message. */
export function promptIds(tokenizer: Tokenizer, messages: readonly ChatMessage[]): number[] {
  const said = messages.filter((m) => m.role === 'user').map((m) => m.content);
  const { bos, fix, act } = tokenizer.special;
  const first = said[0];
  if (first === undefined) throw new RangeError('a conversation for the embedded model needs a user message');
  const repair = said.length > 1 ? [fix, ...tokenizer.encode(said[said.length - 1]!)] : [];
  return [bos, ...tokenizer.encode(first), ...repair, act];
}
