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

test('a fence may stand as deep as lists lead, and deeper ones are lines of its program', () => {
  const deep =
    '10. Do:\n    - this:\n\n      ```python\n      text = """\n          ```\n      """\n      ```\n';
  expect(pythonBlocks(deep).programs).toEqual(['text = """\n    ```\n"""\n']);
  expect(pythonBlocks('```python\nt = """\n    ```\n"""\n```').programs).toEqual(['t = """\n    ```\n"""\n']);
  expect(pythonBlocks('```python\nprint(1)\n   ```\n').programs).toEqual(['print(1)\n']);
});
