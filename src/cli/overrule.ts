import { userInfo } from 'node:os';
import {
  countedVerdicts,
  endingOf,
  keepOverrule,
  type RunFolder,
  readLog,
  readReviews,
} from '../trace/index.js';
import { runWord } from './find-run.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

/** `baton overrule`: a person's score for an action counts over every judge's; kept with author, reason and time. */
export async function overruleCommand(
  terminal: Terminal,
  folder: RunFolder,
  rollout: string,
  action: string,
  given: { score: string; reason: string; author?: string },
): Promise<number> {
  const score = given.score === 'null' ? null : given.score.trim() === '' ? Number.NaN : Number(given.score);
  if (score !== null && !(score >= 0 && score <= 10))
    throw new Failure(
      'score.range',
      `--score is a number from 0 to 10, or null; not "${given.score}".`,
      exit.usage,
    );
  if (given.reason.trim() === '') throw new Failure('reason.empty', 'Say why with --reason.', exit.usage);
  const { events } = readLog(folder.rollout(rollout));
  const known = events.flatMap((event) => (event.type === 'action.started' ? [event.data.action] : []));
  if (!known.includes(action))
    throw new Failure(
      'action.unknown',
      `${folder.name} has no action "${action}" in "${rollout}"${known.length > 0 ? `; it has ${known.join(', ')}` : ''}.`,
      exit.usage,
    );
  const verdict = countedVerdicts([...events, ...(readReviews(folder).get(rollout) ?? [])]).get(action);
  if (!verdict && endingOf(events))
    throw new Failure(
      'action.unjudged',
      `${action} was never judged, since ${rollout} did not come to its end: there is no score to overrule.`,
      exit.usage,
    );
  const author = given.author ?? userInfo().username;
  await keepOverrule(folder, { rollout, action, score, author, reason: given.reason });
  const before = verdict?.score ?? null;
  terminal.emit({ run: folder.name, rollout, action, before, score, author });
  terminal.say(`${action} of ${rollout}: ${before ?? 'null'} -> ${score ?? 'null'}, by ${author}.`);
  terminal.say(`next: ${commandName()} why ${runWord(folder)} ${rollout}`);
  return exit.fine;
}
