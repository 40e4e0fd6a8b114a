import { describe, expect, test } from 'vitest';
import { withoutPadding } from '../../../src/coach/padding.js';

describe('a text as a coach is shown it', () => {
  test('what is not said twice in a row stays as it is, byte by byte', () => {
    const program = 'import tab\n\nX = tab.read("a.csv")\nfor row in X:\n    print(row)\n\nprint(X)\n';
    expect(withoutPadding(program)).toBe(program);
    expect(withoutPadding('')).toBe('');
  });

  test('a block that is said again at once is shown once, with how often it came', () => {
    expect(withoutPadding('One. Two.\nThree.\nOne. Two.\nThree.\nEnd.')).toBe(
      'One. Two.\nThree.\n\n[the same again, once]\nEnd.',
    );
    expect(withoutPadding('ok\n'.repeat(1000))).toBe('ok\n\n[the same again, 999 times]\n');
  });

  test('a long text keeps its beginning and its end', () => {
    const long = `first\n${Array.from({ length: 20_000 }, (_, at) => `line ${at}`).join('\n')}\nlast`;
    const shown = withoutPadding(long);
    expect(shown.length).toBeLessThan(12_200);
    expect(shown).toMatch(/^first\n/);
    expect(shown).toMatch(/\nlast$/);
    expect(shown).toMatch(/\[\d+ characters are left out here\]/);
  });

  test('text that is made to be slow to fold is folded in under two seconds', () => {
    // Two words in the order of Thue and Morse: no block comes three times, and many nearly twice.
    const parity = (at: number) => at.toString(2).replaceAll('0', '').length % 2;
    const words = Array.from({ length: 100_000 }, (_, at) => (parity(at) ? 'a\n' : 'b\n')).join('');
    const started = performance.now();
    withoutPadding(words);
    withoutPadding('\n'.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
