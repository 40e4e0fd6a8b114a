import { expect, test } from 'vitest';
import { isSave } from '../../../webview/ui/keys.js';

const key = (name: string, ...held: string[]) =>
  isSave({
    key: name,
    ctrlKey: held.includes('ctrl'),
    metaKey: held.includes('meta'),
    shiftKey: held.includes('shift'),
    altKey: held.includes('alt'),
  });

test('Ctrl+S and Cmd+S save; a letter and other keys with it do not', () => {
  expect([key('s', 'ctrl'), key('s', 'meta'), key('S', 'ctrl')]).toEqual([true, true, true]);
  expect([key('s'), key('S', 'shift'), key('s', 'alt'), key('a', 'ctrl')]).toEqual(Array(4).fill(false));
  // Save as, and save with another key held, are other commands.
  expect([key('S', 'ctrl', 'shift'), key('s', 'ctrl', 'alt'), key('s', 'ctrl', 'meta')]).toEqual(
    Array(3).fill(false),
  );
});
