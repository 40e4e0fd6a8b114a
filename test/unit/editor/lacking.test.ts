import { beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';

const editor = vi.hoisted(() => ({
  version: '1.100.3',
  lm: {} as Record<string, unknown>,
  l10n: { t: (text: string) => text },
  window: { showInformationMessage: vi.fn() },
}));
vi.mock('vscode', () => editor);
const { tellLacking } = await import('../../../src/editor/models/lacking.js');

const kept = new Map<string, unknown>();
const globalState = {
  get: (key: string) => kept.get(key),
  update: async (...[key, value]: [string, unknown]) => kept.set(key, value),
};
const host = { context: { globalState }, log: { warn: vi.fn() } } as unknown as Host;
const said = () => editor.window.showInformationMessage.mock.calls.map(([text]) => text as string);

beforeEach(() => {
  kept.clear();
  editor.lm = {};
  editor.version = '1.100.3';
  editor.window.showInformationMessage.mockClear();
});

test('an editor that takes no chat models says so once, and again after an update that brings none', () => {
  tellLacking(host, 'chatModels');
  tellLacking(host, 'chatModels');
  expect(said()).toEqual([expect.stringMatching(/takes no chat models.*Runs act with them all the same\.$/)]);
  editor.version = '1.101.0';
  tellLacking(host, 'chatModels');
  expect(said()).toHaveLength(2);
});

test('one without tools for its agent says so too, and one that has both says nothing', () => {
  tellLacking(host, 'tools');
  expect(said()).toEqual([expect.stringContaining('no language model tools')]);
  editor.lm = { registerTool: () => undefined, registerLanguageModelChatProvider: () => undefined };
  kept.clear();
  tellLacking(host, 'tools');
  tellLacking(host, 'chatModels');
  expect(said()).toHaveLength(1);
});
