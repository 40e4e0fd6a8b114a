// Edit and Fork where the run was deleted meanwhile.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { debugType } from '../../../src/editor/names.js';
import { Run } from '../../../src/editor/runs/run.js';
import { listRuns } from '../../../src/trace/index.js';

const { editor, told } = vi.hoisted(() => {
  const told: string[] = [];
  const editor = {
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    workspace: { isTrusted: true },
    DebugStackFrame: class {},
    debug: { activeDebugSession: undefined as unknown, activeStackItem: undefined },
    window: {
      showWarningMessage: async (text: string) => void told.push(text),
      showQuickPick: async () => void told.push('asked what is different'),
    },
  };
  return { editor, told };
});
vi.mock('vscode', () => editor);
const { editAndFork, forkPaused } = await import('../../../src/editor/debug/fork.js');

const rollout = 'run.r1.0';
const action = 'modeler.0.0';
let place: string;
let run: Run;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-fork-'));
  cpSync(join(import.meta.dirname, '../../../media/sample/runs'), join(place, '.baton/runs'), {
    recursive: true,
  });
  run = Run.open(listRuns(place)[0]!, false) as Run;
  rmSync(run.folder.path, { recursive: true });
  told.length = 0;
  const paused = { run: run.key, rollout, action, live: false, messages: null };
  editor.debug.activeDebugSession = { type: debugType, customRequest: async () => paused };
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const says = [expect.stringMatching(/run\.r1\.0 .*not in the open folders any more/)];

test.each([
  ['not listed any more', () => undefined],
  ['listed still', () => run],
])('the debugger stands in a run that was deleted, and is %s: that is said', async (_is, byKey) => {
  const store = { byKey: async () => byKey() } as never;
  await forkPaused({} as never, {} as never, store, editor.debug.activeDebugSession as never, undefined);
  expect(told).toEqual(says);
});

test('a row of a run that was deleted says so too', async () => {
  await editAndFork({} as never, {} as never, {} as never, run, rollout, action);
  expect(told).toEqual(says);
});
