import { expect, test } from 'vitest';
import { lineDash } from '../../../webview/training/dashes.js';

test('no two of many lines have both colour and dash in common', () => {
  const colours = 6;
  const lines = Array.from({ length: colours * colours }, (_, at) => `${at % colours} ${lineDash(at)}`);
  expect(new Set(lines).size).toBe(lines.length);
});
