import * as l10n from '@vscode/l10n';
import type { ForkChange } from '../../rollout/index.js';
import type { Message } from './live.js';
import type { Recording } from './recording.js';
import { framesOf, rolesOf } from './timeline.js';

/** What the editor asks a session beside the debug protocol. */
export const asks = { paused: 'baton.paused', fork: 'baton.fork' } as const;
export type Asked = (typeof asks)[keyof typeof asks];

/** The action that is paused: of which run and rollout, and what it is asked where its log does not say that yet. */
export interface Paused {
  run: string;
  rollout: string;
  action: string;
  /** Its run goes on, and this session steers it: the fork is the run's to carry out. */
  live: boolean;
  messages: Message[] | null;
}

/** A frame by its number in the protocol from 0, or by thread (from 1) and place in its stack; neither: the top one. */
export type Frame = { frame?: number } | { thread: number; place: number };

/** Rejects with a sentence where nothing is paused. */
export async function answerTo(
  asked: Asked,
  args: unknown,
  recording: Recording,
  at: { stop: number; going: boolean },
): Promise<Paused | { rollout: string }> {
  if (at.going) throw new Error(l10n.t('The rollout goes on: pause it first.'));
  if (asked === asks.paused) return paused(recording, at.stop, args as Frame);
  const { action, change } = args as { action: string; change: ForkChange };
  if (!recording.live)
    throw new Error(l10n.t('The run has ended meanwhile: fork it once more, from where it stands.'));
  return { rollout: await recording.live.fork(recording.timeline.rollout, action, change) };
}

async function paused({ timeline, run, live }: Recording, stop: number, frame: Frame): Promise<Paused> {
  const index =
    'thread' in frame
      ? framesOf(timeline, stop, rolesOf(timeline)[frame.thread - 1] ?? '')[frame.place]
      : (frame.frame ?? timeline.stops[stop]!.action);
  const action = timeline.actions[index ?? -1];
  if (!action) throw new Error(l10n.t('No action is paused here.'));
  const messages = live && !action.call ? await live.messages(timeline.rollout, action.id) : null;
  return { run, rollout: timeline.rollout, action: action.id, live: live !== null, messages };
}
