import type { ChatReply } from '../protocol.js';

/**
 * A whole reply as the events of a stream, as OpenAI's clients read them: all it says at once, why it ended, and, where
 * `usage` is asked for, what it used.
 */
export function streamed(reply: ChatReply, usage: boolean): string {
  const { id, created, model, system_fingerprint, prompt_token_ids, choices } = reply;
  const [{ message, finish_reason, logprobs, ...more }] = choices;
  const chunk = (rest: object) => ({
    ...{ id, object: 'chat.completion.chunk', created, model, system_fingerprint },
    ...rest,
  });
  const chunks = [
    chunk({ prompt_token_ids, choices: [{ ...more, delta: message, logprobs, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, logprobs: null, finish_reason }] }),
    ...(usage ? [chunk({ choices: [], usage: reply.usage })] : []),
  ];
  return [...chunks.map((each) => JSON.stringify(each)), '[DONE]']
    .map((data) => `data: ${data}\n\n`)
    .join('');
}
