import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EditorBridge } from '../policy/index.js';
import {
  type Budget,
  beginFork,
  ControlServer,
  carryRollout,
  type Ended,
  type ForkAt,
  type ForkChange,
  type Held,
  type HeldAt,
  type PausableGate,
  type RolloutDeps,
  type RolloutSpec,
  type RunStatus,
  rolloutId,
} from '../rollout/index.js';
import {
  type Blobs,
  type LogWriter,
  pauses,
  type RunFolder,
  readLog,
  restore,
  stateAfter,
} from '../trace/index.js';
import type { Task } from '../workflow/index.js';

/** What can be steered of a run. */
export interface Steered {
  folder: RunFolder;
  log: LogWriter;
  deps: RolloutDeps;
  gate: PausableGate;
  budget: Budget;
  abort: AbortController;
  /** The editor's models; null: the run was started without an editor. */
  editor: EditorBridge | null;
}

/** A run's ear: who attaches can pause, step, look back, fork and cancel. */
export interface Ear {
  /** Carry a fork on, beside whatever else is under way. */
  carry(spec: RolloutSpec): Promise<Ended>;
  rolloutEnded(ended: Ended): void;
  /** Resolves when no fork is under way any more. */
  idle(): Promise<PromiseSettledResult<unknown>[]>;
  close(status: string): Promise<void>;
}

/** Listen for controllers until closed. `tasks` are those that forks may be made of. */
export async function listenFor(run: Steered, tasks: readonly Task[]): Promise<Ear> {
  const { folder, log, deps, gate, budget, abort } = run;
  const forks: Promise<unknown>[] = [];
  const status = (): RunStatus => ({
    run: folder.name,
    paused: gate.paused,
    held: gate.held.map(told),
    spent: { ...budget.spent, seconds: budget.seconds },
  });
  const moved = async (event: 'run.paused' | 'run.continued', why: string) => {
    log.append(event === 'run.paused' ? { type: event, data: { why } } : { type: event, data: {} });
    await log.sync();
  };
  const carry = async (spec: RolloutSpec): Promise<Ended> => {
    const { ended } = await carryRollout(folder, spec, deps);
    log.append({ type: 'rollout.ended', data: ended });
    await log.sync();
    rolloutEnded(ended);
    return ended;
  };
  const rolloutEnded = (ended: Ended) =>
    server.tell('rolloutEnded', { rollout: ended.rollout, success: ended.outcome?.success ?? null });
  const goOn = async () => {
    const waits = run.editor?.waits === true;
    if (waits && !gate.paused)
      throw new Error('It waits for models of an editor: it goes on when its folder is open in VS Code.');
    gate.continue();
    await moved('run.continued', '');
    // What was held goes on; a call that waits for an editor does not.
    if (waits) await moved('run.paused', pauses.editor);
    server.tell('continued', {});
    return status();
  };
  // What is held when the run is stopped, or its minutes are over, must notice it.
  deps.signal.addEventListener('abort', () => gate.continue(), { once: true });
  const cancel = () => {
    abort.abort();
    return {};
  };
  const server = await ControlServer.listen(folder.control, {
    status,
    async pause() {
      gate.pause();
      await moved('run.paused', pauses.byHand);
      return status();
    },
    continue: goOn,
    step({ rollout, mode }) {
      if (!gate.step(rollout, mode)) throw new Error(`${rollout} is not held, so there is nothing to step.`);
      return status();
    },
    breakpoints({ breakpoints, filters }) {
      gate.stops.setFilters(filters);
      const held = gate.held.map(({ point }) => point);
      return { wrong: gate.stops.setBreakpoints(breakpoints, held) };
    },
    goTo({ rollout, action }) {
      const { events } = readLog(folder.rollout(rollout));
      if (events.length === 0) throw new Error(`There is no rollout "${rollout}" in this run.`);
      const state = action === null ? new Map() : stateAfter(events, action);
      const at = join(deps.cache, 'moments', `${rollout}-${action ?? 'start'}`);
      rmSync(at, { recursive: true, force: true });
      mkdirSync(at, { recursive: true, mode: 0o700 });
      restore(state, deps.blobs, at);
      return { folder: at, files: [...state.keys()].sort() };
    },
    messages({ rollout, action }) {
      const held = gate.held.find(({ point }) => point.rollout === rollout && point.action === action);
      if (!held) throw new Error(`${action} of ${rollout} is not held.`);
      return { messages: held.point.messages.map(({ role, content }) => ({ role, content })) };
    },
    async fork(asked: ForkAt) {
      const { rollout, action } = asked;
      const held = gate.held.some(({ point }) => point.rollout === rollout && point.action === action);
      const at = { ...asked, change: kept(asked.change, deps.blobs) };
      const spec = await beginFork(folder, at, { workflow: deps.workflow, tasks }, deps.runSeed, held);
      const going = carry(spec);
      // What became of it is asked when the run is over.
      going.catch(() => undefined);
      forks.push(going);
      return { rollout: rolloutId(spec) };
    },
    cancel,
    editor(endpoint, from) {
      if (!run.editor) throw new Error(`${folder.name} asks no model of an editor.`);
      run.editor.offer(from, endpoint);
      return {};
    },
    left: (from) => run.editor?.withdraw(from),
    lost(onLost) {
      gate.stops.setBreakpoints([]);
      gate.stops.setFilters({});
      if (!gate.paused) return;
      if (onLost === 'continue') void goOn();
      if (onLost === 'cancel') cancel();
    },
  });
  if (run.editor)
    run.editor.listener = {
      waiting: () => void moved('run.paused', pauses.editor),
      back: () => void (gate.paused || moved('run.continued', '')),
    };
  gate.listener = {
    attached: () => server.attached,
    held: (held) => server.tell('held', told(held)),
    logged: (text, point) => server.tell('logged', { rollout: point.rollout, action: point.action, text }),
    wrote: (rollout, action, text) => server.tell('wrote', { rollout, action, text }),
  };
  return {
    carry,
    rolloutEnded,
    async idle() {
      const settled: PromiseSettledResult<unknown>[] = [];
      // More may be made while one is waited for.
      for (let at = 0; at < forks.length; at++) settled.push(...(await Promise.allSettled([forks[at]])));
      return settled;
    },
    async close(finished) {
      server.tell('finished', { status: finished });
      gate.listener = null;
      await server.close();
    },
  };
}

/** A change with the texts of its files where they belong, which is not the log where they are long. */
function kept(change: ForkChange, blobs: Blobs): ForkChange {
  if (!change.files) return change;
  const files = Object.entries(change.files).map(([path, body]): [string, typeof body] => [
    path,
    typeof body === 'string' ? blobs.keep(body) : body,
  ]);
  return { ...change, files: Object.fromEntries(files) };
}

function told({ point, why, breakpoint }: Held): HeldAt {
  const { rollout, action, agent, stage, score } = point;
  return { rollout, action, agent, stage, score, why, breakpoint };
}
