// Models of the editor for runs that wait for them.
import { expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import type { RunStore } from '../../../src/editor/runs/store.js';

const { editor, granted } = vi.hoisted(() => {
  const granted: (() => void)[] = [];
  const editor = {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    lm: undefined,
    window: { showWarningMessage: vi.fn() },
    workspace: {
      isTrusted: false,
      onDidGrantWorkspaceTrust: (listener: () => void) => granted.push(listener),
    },
  };
  return { editor, granted };
});
vi.mock('vscode', () => editor);
const { ModelOffers } = await import('../../../src/editor/models/offers.js');

test('a run that waits in a folder that is not trusted yet is looked at once it is', async () => {
  const run = { key: 'k', info: { options: { editor: true } }, live: true, folder: { name: 'run-1' } };
  const read = vi.fn(async () => [run]);
  const changed: (() => void)[] = [];
  const store = { runs: read, onDidChange: (listener: () => void) => changed.push(listener) };
  const host = { keep: () => undefined, log: { warn: () => undefined } };
  new ModelOffers(host as unknown as Host, store as unknown as RunStore);
  changed[0]!();
  expect(read).not.toHaveBeenCalled();

  editor.workspace.isTrusted = true;
  granted[0]!();
  // This editor has no models, and says so of the run that waits for them.
  const said = () => editor.window.showWarningMessage.mock.calls;
  await expect.poll(said).toEqual([[expect.stringMatching(/^run-1 waits for models of the editor/)]]);
});
