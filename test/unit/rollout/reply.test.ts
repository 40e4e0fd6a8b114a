import { expect, test } from 'vitest';
import { pythonBlocks } from '../../../src/rollout/index.js';

test('a program in an indented fence loses that indent, and no more', () => {
  const list = '1. First:\n   ```python\n   if True:\n       print(1)\n \n  print(2)\n   ```\n2. Then.';
  expect(pythonBlocks(list)).toEqual({
    programs: ['if True:\n    print(1)\n\nprint(2)\n'],
    beside: '1. First:\n2. Then.',
  });
  expect(pythonBlocks('```py\nif True:\n  print(1)\n  ```').programs).toEqual(['if True:\n  print(1)\n']);
});
