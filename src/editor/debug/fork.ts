import * as vscode from 'vscode';
import { type Host, mayRun } from '../host.js';
import type { RunControl } from '../runs/control.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';
import { askChange, type Forked } from './change.js';
import { compareBranches } from './compare.js';
import { forkEdited } from './edited.js';
import { asks, type Frame, type Paused } from './paused.js';

export { forkEdited };

/**
 * Change an action's reply, its prompt, a file that it found or who acts, and carry the rollout on from there as a new
 * branch. Both trajectories are then shown side by side.
 */
export async function editAndFork(
  host: Host,
  control: RunControl,
  store: RunStore,
  run: Run,
  rollout: string,
  action: string,
): Promise<void> {
  if (!(await mayRun())) return;
  if (run.gone) return sayGone(rollout);
  const forked = await askChange(host, run, { rollout, action, messages: null });
  if (forked) await carryOn(control, store, run, rollout, action, forked);
}

function sayGone(rollout: string): void {
  void vscode.window.showWarningMessage(
    vscode.l10n.t('{0} cannot be forked: its run is not in the open folders any more.', rollout),
  );
}

async function carryOn(
  control: RunControl,
  store: RunStore,
  run: Run,
  rollout: string,
  action: string,
  { flags }: Forked,
): Promise<void> {
  const branch = await control.fork(run, rollout, action, flags);
  if (!branch) return;
  store.refresh();
  await compareBranches(run, rollout, branch);
}

/**
 * The same for the action at which the debugger stands, or the one of a frame. A run that the debugger steers carries
 * the branch out itself: it is held before the changed action and stepped through; both are compared at its end.
 */
export async function forkPaused(
  host: Host,
  control: RunControl,
  store: RunStore,
  session: vscode.DebugSession | undefined,
  menu: unknown,
): Promise<void> {
  if (!(await mayRun())) return;
  if (!session) {
    await vscode.window.showInformationMessage(
      vscode.l10n.t('No rollout is open in the debugger: step through one, and fork where it stands.'),
    );
    return;
  }
  const paused = (await session.customRequest(asks.paused, frameOf(session, menu))) as Paused;
  const { rollout, action, live } = paused;
  const run = await store.byKey(paused.run);
  if (!run || run.gone) return sayGone(rollout);
  const forked = await askChange(host, run, paused);
  if (!forked) return;
  if (live) await session.customRequest(asks.fork, { action, change: forked.change });
  else await carryOn(control, store, run, rollout, action, forked);
}

/** The frame that is meant: that of the call stack's menu, else the one that is looked at, else where it stands. */
function frameOf(session: vscode.DebugSession, menu: unknown): Frame {
  const id = (menu as { frameId?: unknown } | undefined)?.frameId;
  // The editor names a row of its call stack by session, thread, place in the stack and source.
  const row = typeof id === 'string' ? /^stackframe:thread:[^:]+:(\d+):(\d+):/.exec(id) : null;
  if (row) return { thread: Number(row[1]), place: Number(row[2]) };
  const item = vscode.debug.activeStackItem;
  return item?.session === session && item instanceof vscode.DebugStackFrame
    ? { frame: item.frameId - 1 }
    : {};
}
