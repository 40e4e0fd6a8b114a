// The embedded model's chat template: `<bos> first user message [<fix> feedback] <act>`, where feedback is
// the first line of the last user message. System messages, earlier replies and what lies in between are
// left out: the model is too small to use them.
import type { Tokenizer } from './tokenizer.js';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

const LONGEST_FEEDBACK = 160;

/** Prompt token ids of a conversation. Throws a RangeError where it has no user message. */
export function promptIds(tokenizer: Tokenizer, messages: readonly ChatMessage[]): number[] {
  const said = messages.filter((m) => m.role === 'user').map((m) => m.content);
  const { bos, fix, act } = tokenizer.special;
  const first = said[0];
  if (first === undefined) throw new RangeError('a conversation for the embedded model needs a user message');
  const feedback = said.length > 1 ? said[said.length - 1]!.trimStart().split('\n', 1)[0]! : null;
  const repair = feedback === null ? [] : [fix, ...tokenizer.encode(feedback.slice(0, LONGEST_FEEDBACK))];
  return [bos, ...tokenizer.encode(first.trim()), ...repair, act];
}
