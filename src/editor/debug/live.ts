import { existsSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import {
  type Breakpoint,
  ControlClient,
  type Filters,
  type ForkChange,
  type HeldAt,
} from '../../rollout/index.js';
import type { RunFolder } from '../../trace/index.js';

export interface Message {
  role: string;
  content: string;
}

/** What the debug session needs of a run that goes on in another process. */
export interface LiveRun {
  step(mode: 'action' | 'into'): Promise<void>;
  continue(): Promise<void>;
  pause(): Promise<void>;
  cancel(): Promise<void>;
  /** Breakpoints and filters are evaluated in the runner; gives what is wrong with each, by its id. */
  arm(breakpoints: Breakpoint[], filters: Filters): Promise<void>;
  /** The run writes the workspace as it was after an action (null: before all) into a folder, and gives its path. */
  goTo(action: string | null): Promise<string>;
  /** What a held action is asked. */
  messages(rollout: string, action: string): Promise<Message[]>;
  /** Begin a branch before an action of a rollout. From then on the branch is followed; its parent goes on beside it. */
  fork(rollout: string, action: string, change: ForkChange): Promise<string>;
  detach(): void;
}

export interface LiveListener {
  held(at: HeldAt): void;
  logged(text: string): void;
  /** A piece of what an action's model is writing. */
  wrote(action: string, text: string): void;
  /** Another rollout is followed now: a branch of the one before. */
  forked(parent: string, branch: string): void;
  /** The rollout ended, or its run did. */
  ended(): void;
}

/** The rollout that the run holds first, or the one that is held next. */
export type FirstHeld = Promise<HeldAt>;

/**
 * Attach to a run as its controller; where the editor vanishes, the run goes on. `pause`: hold it before its next
 * actions, unless it is held already. Rejects with a sentence where it cannot be steered.
 */
export async function attachLive(
  folder: RunFolder,
  listener: LiveListener,
  pause = false,
): Promise<{ run: LiveRun; first: FirstHeld }> {
  await listening(folder);
  const attached = await ControlClient.attach(folder, {
    role: 'control',
    onLost: 'continue',
    client: 'editor',
  });
  if ('refused' in attached) throw new Error(attached.refused);
  const { client } = attached;
  let rollout: string | null = client.first.held[0]?.rollout ?? null;
  let ended = false;
  /** Where each rollout was held last: a branch may be held before the answer names it. */
  const last = new Map<string, HeldAt>();
  const end = () => {
    // Where no rollout was held, nobody looks at one.
    if (!ended && rollout !== null) listener.ended();
    ended = true;
  };
  const first = new Promise<HeldAt>((resolve, reject) => {
    const here = client.first.held[0];
    if (here) resolve(here);
    client.on('held', (at) => {
      rollout ??= at.rollout;
      last.set(at.rollout, at);
      resolve(at);
      if (at.rollout === rollout) listener.held(at);
    });
    client.onClose(() => reject(new Error(l10n.t('{0} ended before it could be held.', folder.name))));
  });
  client.on('logged', ({ text }) => listener.logged(text));
  client.on('wrote', (piece) => {
    if (piece.rollout === rollout) listener.wrote(piece.action, piece.text);
  });
  client.on('rolloutEnded', (notice) => {
    if (notice.rollout === rollout) end();
  });
  client.on('finished', end);
  client.onClose(end);
  if (pause && client.first.held.length === 0) await client.ask('pause', {});
  return {
    first,
    run: {
      step: async (mode) => void (await client.ask('step', { rollout: rollout ?? '', mode })),
      continue: async () => void (await client.ask('continue', {})),
      pause: async () => void (await client.ask('pause', {})),
      cancel: async () => void (await client.ask('cancel', {})),
      arm: async (breakpoints, filters) => void (await client.ask('breakpoints', { breakpoints, filters })),
      goTo: async (action) => (await client.ask('goTo', { rollout: rollout ?? '', action })).folder,
      messages: async (of, action) => (await client.ask('messages', { rollout: of, action })).messages,
      fork: async (parent, action, change) => {
        const branch = (await client.ask('fork', { rollout: parent, action, change })).rollout;
        rollout = branch;
        listener.forked(parent, branch);
        const at = last.get(branch);
        if (at) listener.held(at);
        return branch;
      },
      detach: () => client.detach(),
    },
  };
}

const PATIENCE_MS = 30_000;

/** A run says that it started a moment before it listens: wait for its address, but not for ever. */
async function listening(folder: RunFolder): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!existsSync(folder.control) && Date.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
}
