import { describe, expect, it } from 'vitest';
import { promptIds } from '../../../src/engine/chat.js';
import { loadTokenizer } from '../../../src/engine/tokenizer.js';

const tokenizer = loadTokenizer('media/base/tokenizer.json');
const { bos, act, fix, eos } = tokenizer.special;

describe('the tokenizer', () => {
  it.each([
    'bill_length_mm',
    'Sepal.Length',
    'Miles_per_Gallon',
    'US Gross',
    'größe (m²)',
    '価格 €/kg',
    'a"b\\c',
    '  two  blanks ',
    '<eos><act>',
    '```python\nfrom tab import *\n```',
    '😀\t',
  ])('gives %j back', (text) => {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  it('never makes a special token out of text', () => {
    const special = new Set(Object.values(tokenizer.special));
    expect(tokenizer.encode('<eos><act><pad><bos><fix>').filter((id) => special.has(id))).toEqual([]);
    expect(tokenizer.decode([eos])).toBe('');
  });
});

describe('the chat template', () => {
  const user = (content: string) => ({ role: 'user', content });
  it('is the first user message and the mark of an action', () => {
    const ids = promptIds(tokenizer, [{ role: 'system', content: 'long English' }, user('modeler rows=5')]);
    expect(ids).toEqual([bos, ...tokenizer.encode('modeler rows=5'), act]);
  });
  it('adds the first line of the last user message on a repair turn', () => {
    const messages = [
      user('modeler rows=5'),
      { role: 'assistant', content: 'x' },
      user('error: E\nstderr:\n..'),
    ];
    expect(promptIds(tokenizer, messages)).toEqual([
      bos,
      ...tokenizer.encode('modeler rows=5'),
      fix,
      ...tokenizer.encode('error: E'),
      act,
    ]);
  });
  it('refuses a conversation without a user message', () => {
    expect(() => promptIds(tokenizer, [{ role: 'system', content: 'x' }])).toThrow('needs a user message');
  });
});
