import { describe, expect, test } from 'vitest';
import { cleanScore } from '../../../src/coach/rules.js';

describe('what an action that broke nothing is worth', () => {
  test('who makes the result is scored by how far it came from the fallback to the best there is', () => {
    // An accuracy of 0.9 with the fallback 0.5: four fifths of the way.
    expect(cleanScore((0.9 - 0.5) / (1 - 0.5), true, true)).toBeCloseTo(9);
    expect(cleanScore(0, true, true)).toBe(5);
    expect(cleanScore(1, true, true)).toBe(10);
  });

  test('a result worse than a failure is charged scores no lower than one as bad', () => {
    expect(cleanScore(-0.4, true, true)).toBe(5);
  });

  test('the others are capped where the result is worse than the fallback', () => {
    expect(cleanScore(0.3, true, false)).toBe(9);
    expect(cleanScore(-0.1, true, false)).toBe(8);
  });

  test('without a result nobody gains or loses by it', () => {
    expect(cleanScore(null, true, true)).toBe(8);
    expect(cleanScore(0.9, false, true)).toBe(8);
  });
});
