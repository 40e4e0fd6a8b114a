/** One message of a conversation, as OpenAI-compatible servers take it. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Ask {
  messages: ChatMessage[];
  temperature: number;
  topP: number;
  maxTokens: number;
  seed: number;
  signal: AbortSignal;
  /** A JSON Schema the reply should match; servers may ignore it, so the reply is checked in any case. */
  schema?: object;
  /** Tools that may be called natively, where the policy does that at all. */
  tools?: readonly 'python'[];
  /** Deterministic engines compose a batch of `size` requests with this id. */
  batch?: { id: string; size: number };
  /** Called with each piece of text as it arrives. */
  onText?: (text: string) => void;
}

export interface Usage {
  promptTokens: number;
  replyTokens: number;
  /** false: the server gave no usage, and these are our estimate. */
  counted: boolean;
}

/** What a model answered. Ids and log-probabilities are those of the sampled tokens, end token included. */
export interface Reply {
  text: string;
  finish: string;
  promptIds: number[] | null;
  ids: number[] | null;
  /** One per id, of logits / temperature, natural logarithm. */
  logprobs: number[] | null;
  /** Hash of the weights that sampled, where the server tells. */
  weights: string | null;
  usage: Usage;
  seconds: number;
}

/**
 * The most tokens a prompt may have: a third of its Latin letters and blanks, which tokenizers know by the word, and
 * the bytes of all else, of which none makes more.
 */
export function mostTokens(messages: readonly ChatMessage[]): number {
  const text = messages.map(({ content }) => content).join('');
  const other = text.replace(/[a-zA-Z\s]/g, '');
  return (text.length - other.length) / 3 + Buffer.byteLength(other);
}

/** Something that can be asked to act. */
export interface Policy {
  /** The name it is logged under: `role@version`, or the server's model. */
  name: string;
  ask(ask: Ask): Promise<Reply>;
}

/** A call that failed, and whether it makes sense to call again. */
export class CallFailed extends Error {
  constructor(
    message: string,
    readonly again: boolean,
    /** Seconds the server asked us to wait. */
    readonly wait: number | null = null,
    /** Nobody was there: the call was not made. */
    readonly unreachable = false,
  ) {
    super(message);
    this.name = 'CallFailed';
  }
}
