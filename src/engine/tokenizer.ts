// Text to token ids and back, by the tokenizer file that ships with the weights.
import { readFileSync } from 'node:fs';
import { Tokenizer as Core } from '@huggingface/tokenizers';

/** Tokens that no text can produce: they are placed by their ids only, so that a prompt cannot forge them. */
export interface SpecialTokens {
  readonly pad: number;
  readonly bos: number;
  readonly eos: number;
  readonly act: number;
  readonly fix: number;
}

export interface Tokenizer {
  readonly special: SpecialTokens;
  readonly size: number;
  /** Token ids of plain text; special tokens never come out of it. */
  encode(text: string): number[];
  /** Text of token ids; special tokens give nothing. */
  decode(ids: readonly number[]): string;
}

/** Loads a `tokenizer.json`. Throws where one of the special tokens is missing. */
export function loadTokenizer(path: string): Tokenizer {
  const file = JSON.parse(readFileSync(path, 'utf8')) as { model: { vocab: Record<string, number> } };
  const core = new Core(file, { clean_up_tokenization_spaces: false });
  const find = (name: string): number => {
    const id = file.model.vocab[`<${name}>`];
    if (id === undefined) throw new Error(`${path}: the vocabulary has no token <${name}>`);
    return id;
  };
  const special = {
    pad: find('pad'),
    bos: find('bos'),
    eos: find('eos'),
    act: find('act'),
    fix: find('fix'),
  };
  const hidden = new Set(Object.values(special));
  return {
    special,
    size: Object.keys(file.model.vocab).length,
    encode: (text) => (text === '' ? [] : core.encode(text, { add_special_tokens: false }).ids),
    decode: (ids) => {
      const shown = ids.filter((id) => !hidden.has(id));
      return shown.length === 0
        ? ''
        : core.decode(shown, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
  };
}
