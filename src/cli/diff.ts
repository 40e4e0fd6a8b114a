import { createTwoFilesPatch } from 'diff';
import {
  Blobs,
  countedVerdicts,
  isCoachCall,
  type LogEvent,
  type RunFolder,
  readLog,
  readReviews,
  stateAfter,
} from '../trace/index.js';
import { mustHaveEnded } from './ended.js';
import { outcomeWord } from './report.js';
import { colours, exit, Failure, inert, type Terminal } from './terminal.js';

/** One side of a comparison: a rollout, as it was at its end or after an action. */
interface Moment {
  name: string;
  rollout: string;
  action: string | null;
  events: LogEvent[];
  /** What judges and people said of it later. */
  reviews: LogEvent[];
}

interface FileDifference {
  path: string;
  a: { sha256: string; bytes: number } | null;
  b: { sha256: string; bytes: number } | null;
}

const MAX_TEXT = 200_000;

/** `baton diff RUN A B`: what two rollouts, or two moments of one (`rollout@action`), differ in. */
export function diffCommand(
  terminal: Terminal,
  folder: RunFolder,
  a: string,
  b: string,
  file?: string,
): number {
  const [left, right] = [moment(folder, a), moment(folder, b)];
  const blobs = new Blobs(folder.blobs);
  const files = fileDifferences(left, right).filter(({ path }) => file === undefined || path === file);
  const actions = actionDifferences(left, right, blobs);
  const outcome = [left, right].map(({ events, action }) => {
    const found = action === null ? events.findLast((event) => event.type === 'outcome') : undefined;
    return found?.type === 'outcome' ? found.data : null;
  });
  terminal.emit({ run: folder.name, a: left.name, b: right.name, outcome, actions, files });
  if (file === undefined) {
    if (outcome.some((each) => each !== null)) {
      terminal.say(inert(`${left.name}: ${outcomeWord(outcome[0] ?? null)}`));
      terminal.say(inert(`${right.name}: ${outcomeWord(outcome[1] ?? null)}`));
    }
    const differ = actions.filter((each) => each.replies || each.scores[0] !== each.scores[1]);
    if (differ.length === 0) terminal.say('No action differs.');
    else
      terminal.table(
        ['action', 'score', 'score', 'reply'],
        differ.map(({ action, scores, replies }) => [
          action,
          scores[0] ?? 'null',
          scores[1] ?? 'null',
          replies ? 'differs' : 'same',
        ]),
      );
    const first = differ.find((each) => each.replies);
    if (first?.replies) patch(terminal, `reply of ${first.action}`, first.replies[0], first.replies[1]);
  }
  if (files.length === 0) terminal.say(file === undefined ? 'No file differs.' : `${file} does not differ.`);
  for (const each of files) showFile(terminal, each, blobs);
  return exit.fine;
}

function moment(folder: RunFolder, name: string): Moment {
  const at = name.indexOf('@');
  const rollout = at < 0 ? name : name.slice(0, at);
  const action = at < 0 ? null : name.slice(at + 1);
  const { events } = readLog(folder.rollout(rollout));
  if (events.length === 0)
    throw new Failure('rollout.unknown', `${folder.name} has no rollout "${rollout}".`, exit.usage);
  if (action !== null) mustHaveEnded(rollout, events, action);
  const reviews = readReviews(folder).get(rollout) ?? [];
  return { name, rollout, action, events, reviews };
}

function fileDifferences(left: Moment, right: Moment): FileDifference[] {
  const [a, b] = [left, right].map(({ events, action }) => stateAfter(events, action ?? undefined)) as [
    ReturnType<typeof stateAfter>,
    ReturnType<typeof stateAfter>,
  ];
  const paths = [...new Set([...a.keys(), ...b.keys()])].sort();
  const side = (file: { sha256: string; bytes: number } | undefined) =>
    file ? { sha256: file.sha256, bytes: file.bytes } : null;
  return paths.flatMap((path) =>
    a.get(path)?.sha256 === b.get(path)?.sha256 ? [] : [{ path, a: side(a.get(path)), b: side(b.get(path)) }],
  );
}

interface ActionDifference {
  action: string;
  scores: [number | null, number | null];
  /** Both replies, where they differ. */
  replies: [string, string] | null;
}

function actionDifferences(left: Moment, right: Moment, blobs: Blobs): ActionDifference[] {
  if (left.rollout === right.rollout) return [];
  const replies = ({ events }: Moment) =>
    new Map(
      events.flatMap((event) =>
        event.type === 'model.called' && !isCoachCall(event.data.action)
          ? [[event.data.action, blobs.text(event.data.reply)] as const]
          : [],
      ),
    );
  const scores = ({ events, reviews }: Moment) => countedVerdicts([...events, ...reviews]);
  const [a, b, was, now] = [replies(left), replies(right), scores(left), scores(right)];
  return [...new Set([...a.keys(), ...b.keys()])].map((action) => {
    const [one, two] = [a.get(action) ?? '', b.get(action) ?? ''];
    return {
      action,
      scores: [was.get(action)?.score ?? null, now.get(action)?.score ?? null],
      replies: one === two ? null : [one, two],
    };
  });
}

function showFile(terminal: Terminal, { path, a, b }: FileDifference, blobs: Blobs): void {
  const read = (side: FileDifference['a']) => (side ? blobs.get(side.sha256) : Buffer.alloc(0));
  const [one, two] = [read(a), read(b)];
  const binary = [one, two].some((bytes) => bytes.includes(0) || bytes.length > MAX_TEXT);
  if (!binary) {
    patch(terminal, path, one.toString('utf8'), two.toString('utf8'));
    return;
  }
  const size = (side: FileDifference['a']) =>
    side ? `${side.bytes} bytes, ${side.sha256.slice(0, 12)}` : 'not there';
  terminal.say(inert(`\n${path}: ${size(a)} -> ${size(b)}`));
}

function patch(terminal: Terminal, title: string, a: string, b: string): void {
  const text = createTwoFilesPatch(title, title, a, b, 'a', 'b', { context: 2 });
  terminal.say();
  for (const line of text.split('\n').slice(1)) {
    const shown = inert(line);
    terminal.say(
      line.startsWith('+') ? colours.green(shown) : line.startsWith('-') ? colours.red(shown) : shown,
    );
  }
}
