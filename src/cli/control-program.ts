import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { ControlClient, capsAmong, type ForkChange } from '../rollout/index.js';
import {
  Blobs,
  type EventData,
  followLog,
  type LogEvent,
  lockOwner,
  type RunFolder,
  readLog,
} from '../trace/index.js';
import { capFlags, editorFlag, list } from './arguments.js';
import { baseAgain } from './base-place.js';
import { reasonOf } from './ended.js';
import { choiceIn, type EngineChoice, engineFor } from './engine.js';
import { findWeights } from './eval.js';
import { findRun, runWord } from './find-run.js';
import { forkHere } from './fork-here.js';
import { openRecorded } from './open-workflow.js';
import { cacheFolder } from './places.js';
import { registryOf } from './policy-program.js';
import { outcomeWord, shareOf } from './report.js';
import { chosenFor, unsaidWords } from './started-here.js';
import { stopOnSignals } from './stop-on-signals.js';
import { commandName, exit, Failure, inert, percent, type Terminal } from './terminal.js';

interface ForkOptions {
  prompt?: string;
  system?: string;
  reply?: string;
  file?: string[];
  policy?: string;
  allowEnv: string[];
  editor?: boolean;
}

/** pause, continue, cancel, follow and fork: for a run of this machine, from any terminal. */
export function controlCommands(
  root: Command,
  json: (command: Command) => Command,
  terminal: () => Terminal,
  done: (code: number) => void,
): void {
  const steer = (name: 'pause' | 'continue' | 'cancel', description: string, said: string) =>
    json(root.command(`${name} [run]`))
      .description(description)
      .action(async (run: string | undefined) => {
        const out = terminal();
        const folder = findRun(run);
        const client = await attached(folder);
        try {
          await client.ask(name, {});
        } catch (error) {
          throw new Failure('run.not-steered', (error as Error).message, exit.environment);
        } finally {
          client.detach();
        }
        out.emit({ run: folder.name, did: name });
        out.say(said.replaceAll('RUN', runWord(folder)));
        done(exit.fine);
      });
  steer(
    'pause',
    'hold a run before the next actions of its rollouts',
    `RUN holds before its next actions. Go on with: ${commandName()} continue RUN`,
  );
  steer('continue', 'let a paused run go on', 'RUN goes on.');
  steer('cancel', 'stop a run; it can be resumed', `RUN stops. Go on with: ${commandName()} resume RUN`);
  json(root.command('follow [run]'))
    .description('show what happens in a run, as it happens, until it ends')
    .action(async (run: string | undefined) => done(await follow(terminal(), findRun(run))));
  capFlags(json(root.command('fork <run> <rollout> <action>')))
    .description('carry a rollout on from before an action, with something changed, as a new branch')
    .option('--prompt <file>', 'what the agent is asked instead (its last message)')
    .option('--system <file>', 'its system message instead')
    .option('--reply <file>', 'what it answered instead; no model is asked')
    .option(
      '--file <path=file>',
      'a file of the workspace instead (path= deletes it); more than once',
      collect,
    )
    .option(
      '--policy <name>',
      'who acts in this role from there on: role@version, or a model of the workflow',
    )
    .option('--allow-env <names>', 'environment variables the workflow may read', list, [])
    .addOption(editorFlag())
    .action(async (run: string, rollout: string, action: string, options: ForkOptions) =>
      done(await fork(terminal(), findRun(run), rollout, action, options)),
    );
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

async function attached(folder: RunFolder): Promise<ControlClient> {
  const found = await ControlClient.attach(folder, { role: 'control', onLost: 'stay', client: 'a terminal' });
  if ('refused' in found) throw new Failure('run.not-steered', found.refused, exit.environment);
  return found.client;
}

async function follow(out: Terminal, folder: RunFolder): Promise<number> {
  const { abort, release } = stopOnSignals();
  const ended = new Map<string, EventData<'rollout.ended'>>();
  const open = new Set<string>();
  let finished = false;
  try {
    const carried = () => lockOwner(folder.lock) !== undefined;
    for await (const event of followLog(folder.log, abort.signal, carried)) {
      out.emit(event);
      if (event.type === 'rollout.ended') {
        ended.set(event.data.rollout, event.data);
        open.delete(event.data.rollout);
        const share = shareOf([...ended.values()]);
        const good = share === null ? 'none came to its end' : `${percent(share)} succeeded`;
        const said = `${ended.size} rollouts ended, ${good}`;
        out.progress(said, ended.size % 20 === 0);
      } else if (!out.json) out.say(line(event));
      if (event.type === 'rollout.reopened') {
        ended.delete(event.data.rollout);
        open.add(event.data.rollout);
      }
      // More may follow in another sitting: its failed rollouts carried again, or a branch.
      if (event.type === 'run.finished') finished = true;
    }
    if (abort.signal.aborted) return exit.cancelled;
    if (finished && open.size === 0) return exit.fine;
    out.note(`Nobody carries it out now; go on with: ${commandName()} resume ${runWord(folder)}`);
    return exit.fine;
  } finally {
    release();
  }
}

function line(event: LogEvent): string {
  const time = new Date(event.at).toISOString().slice(11, 19);
  const { data } = event;
  const words =
    event.type === 'training.step'
      ? `step ${event.data.step}`
      : 'why' in data
        ? data.why
        : 'message' in data
          ? data.message
          : '';
  return inert(`${time} ${event.type} ${words ?? ''}`);
}

async function fork(
  out: Terminal,
  folder: RunFolder,
  rollout: string,
  action: string,
  options: ForkOptions,
): Promise<number> {
  const change = changeFrom(options, new Blobs(folder.blobs));
  const at = { rollout, action, change };
  // Whoever steers the run goes on steering it: a branch is one rollout more.
  const live = await ControlClient.attach(folder, { role: 'follow', client: 'a terminal' });
  let name: string;
  if ('client' in live) {
    const { client } = live;
    try {
      name = (await client.ask('fork', at)).rollout;
    } catch (error) {
      throw new Failure('fork.refused', (error as Error).message, exit.usage);
    } finally {
      client.detach();
    }
    out.emit({ run: folder.name, rollout: name, parent: rollout });
    const { paused } = client.first;
    out.say(
      `${name} goes on in ${folder.name}, which is ${paused ? 'held: the branch waits with it' : 'running'}. Look at it with: ${commandName()} show ${runWord(folder)} ${name}`,
    );
    return exit.fine;
  }
  const chosen = chosenFor(folder);
  const unsaid = unsaidWords(chosen);
  if (unsaid) out.note(unsaid);
  const had: EngineChoice & { promoted?: Record<string, string>; from?: string | null } = {
    ...folder.readInfo().options,
    enginePython: chosen.enginePython ?? undefined,
    base: baseAgain(folder),
  };
  const opened = openRecorded(folder, {
    allowEnv: options.allowEnv,
    embeddedRoles: undefined,
    base: had.base,
  });
  // The fork acts with the weights that its run acted with.
  const weights = had.from ? findWeights(had.from, had.base) : null;
  const dir = weights?.dir ?? join(cacheFolder(), 'engines', folder.name);
  const over = weights ? null : registryOf(opened.workflow.folder).serve(had.promoted ?? {}, dir);
  const choice = weights?.choice ?? (over ? choiceIn(opened.workflow, over, had.base) : had);
  const engine = await engineFor(opened.workflow, dir, choice);
  try {
    if (weights) await engine?.engine.client.checkpoints({ action: 'load', name: weights.checkpoint });
    const ended = await forkHere(folder, opened, at, engine, {
      ...options,
      ...chosen,
      caps: capsAmong(options),
    });
    const before = readLog(folder.rollout(rollout)).events.find((event) => event.type === 'outcome');
    const was = before?.type === 'outcome' ? before.data : null;
    out.emit({
      run: folder.name,
      rollout: ended.rollout,
      parent: rollout,
      before: was,
      after: ended.outcome,
    });
    out.say(inert(`${rollout}: ${outcomeWord(was)}`));
    out.say(inert(`${ended.rollout}: ${outcomeWord(ended.outcome)}`));
    out.say(`next: ${commandName()} diff ${runWord(folder)} ${rollout} ${ended.rollout}`);
    if (ended.status === 'done') return exit.fine;
    out.note(
      inert(`${ended.rollout} failed: ${reasonOf(folder, ended.rollout) ?? 'no reason is on record'}`),
    );
    return exit.environment;
  } finally {
    await engine?.stop();
  }
}

function changeFrom(options: ForkOptions, blobs: Blobs): ForkChange {
  const text = (path: string | undefined) => (path === undefined ? undefined : readText(path));
  const files = (options.file ?? []).map((each): [string, ReturnType<Blobs['keep']> | null] => {
    const at = each.indexOf('=');
    if (at < 1)
      throw new Failure(
        'fork.file',
        `--file takes path=file, for example X_train.pkl=mine.pkl; not "${each}".`,
        exit.usage,
      );
    const [path, from] = [each.slice(0, at), each.slice(at + 1)];
    if (from === '') return [path, null];
    const bytes = readBytes(from);
    return [path, { blob: blobs.put(bytes), bytes: bytes.length }];
  });
  const entries = Object.entries({
    prompt: text(options.prompt),
    system: text(options.system),
    reply: text(options.reply),
    policy: options.policy,
    files: files.length > 0 ? Object.fromEntries(files) : undefined,
  }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ForkChange;
}

function readText(path: string): string {
  return readBytes(path).toString('utf8');
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure('file.missing', `${path} cannot be read: ${(error as Error).message}`, exit.usage);
  }
}
