// Storing and deleting keys of model servers, also while another window does the same.
import { beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';

type Picks = { label: string; description: string }[];
const editor = vi.hoisted(() => ({
  l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
  window: { showInputBox: vi.fn(), showQuickPick: vi.fn(), showInformationMessage: vi.fn() },
}));
vi.mock('vscode', () => editor);
const { deleteSecret, readKeys, setSecret } = await import('../../../src/editor/secrets.js');

/** The storage that all windows share. */
const stored = new Map<string, string>();
const secrets = {
  get: async (name: string) => stored.get(name),
  store: async (name: string, value: string) => void stored.set(name, value),
};
const host = { context: { secrets } } as unknown as Host;
const { showInputBox, showQuickPick, showInformationMessage } = editor.window;

/** Answers to what `Store Key` asks, one after the other; `meanwhile` happens before the last is given. */
async function store(
  name: string | undefined,
  url?: string,
  key?: string,
  meanwhile?: () => Promise<void>,
): Promise<void> {
  showInputBox.mockResolvedValueOnce(name).mockResolvedValueOnce(url);
  showInputBox.mockImplementationOnce(async () => {
    await meanwhile?.();
    return key;
  });
  await setSecret(host);
  showInputBox.mockReset();
}

/** Answers `Delete Key` with this name; `meanwhile` happens while the question stands. */
async function remove(name: string | undefined, meanwhile?: () => Promise<void>): Promise<void> {
  showQuickPick.mockImplementationOnce(async (picks: Picks) => {
    await meanwhile?.();
    return picks.find(({ label }) => label === name);
  });
  await deleteSecret(host);
  showQuickPick.mockReset();
}

beforeEach(() => {
  stored.clear();
  vi.resetAllMocks();
});

test('a key is kept for the origin of its address, beside those of other addresses', async () => {
  await store('MODEL_KEY', 'https://api.example.com/v1', 'one');
  await store('MODEL_KEY', 'http://127.0.0.1:8080/v1', 'two');
  await store('OTHER', 'https://api.example.com/v2', 'three');
  await store('MODEL_KEY', 'https://api.example.com/v1', 'four');
  expect(await readKeys(host)).toEqual({
    MODEL_KEY: { 'https://api.example.com': 'four', 'http://127.0.0.1:8080': 'two' },
    OTHER: { 'https://api.example.com': 'three' },
  });
  expect(showInformationMessage).toHaveBeenLastCalledWith('MODEL_KEY is kept for https://api.example.com.');
});

test.each([
  ['https://api.example.com/v1', true],
  ['http://127.0.0.1:8080', true],
  ['https://my host/v1', false],
  ['http://[', false],
  ['http://127.0.0.1:99999', false],
  ['ftp://example.com', false],
])('an address that no key could be kept for is refused as it is typed: %s', async (typed, taken) => {
  showInputBox.mockResolvedValueOnce('MODEL_KEY').mockResolvedValueOnce(undefined);
  await setSecret(host);
  const { validateInput } = showInputBox.mock.lastCall![0] as { validateInput(text: string): string | null };
  expect(validateInput(typed) === null).toBe(taken);
});

test('a question that is not answered stores nothing', async () => {
  await store(undefined);
  await store('MODEL_KEY');
  await store('MODEL_KEY', 'https://api.example.com/v1');
  expect(stored.size).toBe(0);
});

test('deleting takes the key that is picked; none that is picked, none that is there', async () => {
  await remove('MODEL_KEY');
  expect(showInformationMessage).toHaveBeenLastCalledWith('No key is stored.');
  await store('MODEL_KEY', 'https://api.example.com/v1', 'one');
  await store('OTHER', 'https://api.example.com/v2', 'two');
  await remove(undefined);
  expect(Object.keys(await readKeys(host))).toEqual(['MODEL_KEY', 'OTHER']);
  await remove('MODEL_KEY');
  expect(await readKeys(host)).toEqual({ OTHER: { 'https://api.example.com': 'two' } });
});

test('a key that another window stores while one is picked or typed is kept', async () => {
  await store('OLD', 'https://old.example.com', 'one');
  await remove('OLD', () => store('NEW', 'https://new.example.com', 'two'));
  expect(await readKeys(host)).toEqual({ NEW: { 'https://new.example.com': 'two' } });
  const other = {
    NEW: { 'https://new.example.com': 'two' },
    AGAIN: { 'https://again.example.com': 'three' },
  };
  await store('MINE', 'https://mine.example.com', 'four', async () => {
    stored.set('baton.keys', JSON.stringify(other));
  });
  expect(await readKeys(host)).toEqual({ ...other, MINE: { 'https://mine.example.com': 'four' } });
});

test('deleting takes only the addresses that were shown, and what another window deleted stays deleted', async () => {
  await store('KEY', 'https://shown.example.com', 'one');
  await store('GONE', 'https://gone.example.com', 'two');
  await remove('KEY', async () => {
    const now = { KEY: { 'https://shown.example.com': 'one', 'https://later.example.com': 'three' } };
    stored.set('baton.keys', JSON.stringify(now));
  });
  expect(await readKeys(host)).toEqual({ KEY: { 'https://later.example.com': 'three' } });
  await remove('KEY', async () => void stored.set('baton.keys', '{}'));
  expect(await readKeys(host)).toEqual({});
});
