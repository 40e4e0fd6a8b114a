import { isUtf8 } from 'node:buffer';
import { culprit, unblamed } from '../coach/index.js';
import {
  Blobs,
  cameToEnd,
  countedVerdicts,
  FileProblem,
  isFork,
  listRuns,
  RolloutPages,
  type RunInfo,
  readLog,
  readReviews,
  stateAfter,
} from '../trace/index.js';
import {
  againCommand,
  endedOf,
  failedOf,
  mustHaveEnded,
  noteDamage,
  openWords,
  printFailed,
  reasonIn,
} from './ended.js';
import { findRunOrRollout, runsBase, runWord } from './find-run.js';
import { lostWords, printBlame, printSummary, shareOf, summarise } from './report.js';
import { sayRollout } from './show-rollout.js';
import { commandName, counted, exit, Failure, inert, percent, type Terminal } from './terminal.js';

export function listCommand(terminal: Terminal): number {
  const left: string[] = [];
  const rows = listRuns(runsBase()).flatMap((folder) => {
    let info: RunInfo;
    try {
      info = folder.readInfo();
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      terminal.note(`left out: ${inert(error.message)}`);
      return [];
    }
    const ended = endedOf(folder);
    const lost = ended.filter((each) => !cameToEnd(each)).length;
    const open = new RolloutPages(folder).open();
    const words = openWords(folder, open);
    if (words) left.push(`${folder.name}: ${words}`);
    if (lost > 0) left.push(`${folder.name}: ${lostWords(lost)}`);
    return {
      run: folder.name,
      kind: info.kind,
      created: new Date(info.created).toISOString(),
      rollouts: ended.length - lost,
      lost,
      open: open.length,
      success: shareOf(ended),
    };
  });
  terminal.emit({ runs: rows });
  if (rows.length === 0) terminal.say(`No run yet. Start one with: ${commandName()} run`);
  else
    terminal.table(
      ['run', 'kind', 'rollouts', 'success'],
      rows.map((row) => [row.run, row.kind, row.rollouts, row.success === null ? '-' : percent(row.success)]),
    );
  for (const words of left) terminal.say(inert(words));
  return exit.fine;
}

/** `baton why`: who broke a run, or one rollout, from the log alone. */
export function whyCommand(terminal: Terminal, run: string | undefined, named: string | undefined): number {
  const { folder, rollout } = findRunOrRollout(run, named);
  const { kind } = folder.readInfo();
  noteDamage(terminal, folder.name, readLog(folder.log));
  if (rollout === undefined) {
    const ended = endedOf(folder);
    const summary = summarise(ended);
    const { blame } = summary;
    const failed = failedOf(folder, ended);
    const open = new RolloutPages(folder).open();
    terminal.emit({ run: folder.name, blame, unblamed: summary.unblamed, failed, open });
    printBlame(terminal, summary);
    printFailed(terminal, failed);
    const words = openWords(folder, open);
    if (words) terminal.say(inert(words));
    if (failed.length > 0 && kind !== 'train') terminal.say(`when that is mended: ${againCommand(folder)}`);
    if (blame[0])
      terminal.say(
        `\nOne of them in full: ${commandName()} why ${runWord(folder)} ${blame[0].example.rollout}`,
      );
    return exit.fine;
  }
  const one = endedOf(folder, true).find((each) => each.rollout === rollout);
  if (!one)
    throw new Failure('rollout.unknown', `${folder.name} has no ended rollout "${rollout}".`, exit.usage);
  const log = readLog(folder.rollout(rollout));
  noteDamage(terminal, rollout, log);
  const broken = culprit(one);
  const reason = reasonIn(log.events);
  const later = readReviews(folder).get(rollout) ?? [];
  const verdicts = [...countedVerdicts([...log.events, ...later]).values()];
  terminal.emit({
    run: folder.name,
    rollout,
    outcome: one.outcome,
    reason,
    culprit: broken ?? null,
    verdicts,
  });
  const why = one.outcome?.why ?? reason;
  terminal.say(
    inert(`${rollout}: ${one.outcome?.success ? 'succeeded' : `failed${why ? ` (${why})` : ''}`}`),
  );
  if (broken) terminal.say(inert(`broken by ${broken.agent} in ${broken.action}: ${broken.diagnosis}`));
  else if (unblamed([one]) > 0) terminal.say('nobody is blamed for it');
  terminal.table(
    ['action', 'score', 'failure', 'diagnosis', 'advice'],
    verdicts.map(({ verdict, overrule, score }) => [
      verdict.action,
      score === null ? `null (${verdict.reason})` : score,
      verdict.code ?? '',
      overrule ? `overruled by ${overrule.author}: ${overrule.reason}` : verdict.diagnosis,
      verdict.advice ?? '',
    ]),
  );
  return exit.fine;
}

/** `baton show`: a run's summary, or one rollout as it went; with --file the bytes of a file at an action. */
export function showCommand(
  terminal: Terminal,
  run: string | undefined,
  named: string | undefined,
  options: { at?: string; file?: string },
): number {
  const { folder, rollout } = findRunOrRollout(run, named);
  const info = folder.readInfo();
  if (rollout === undefined) {
    noteDamage(terminal, folder.name, readLog(folder.log));
    const ended = endedOf(folder, true);
    const own = ended.filter((row) => !isFork(row));
    const forks = ended.length - own.length;
    const summary = summarise(own);
    const open = new RolloutPages(folder).open();
    terminal.emit({
      ...{ run: folder.name, info: { ...info, workflow: undefined, texts: undefined } },
      ...{ summary, forks, open },
    });
    const count = `${counted(own.length, 'rollout')}${forks > 0 ? ` and ${counted(forks, 'fork')}` : ''} ended`;
    terminal.say(
      inert(`${folder.name}: ${info.kind} of ${info.file}, sandbox ${info.sandbox.level}, ${count}`),
    );
    printSummary(terminal, summary);
    const words = openWords(folder, open);
    if (words) terminal.say(inert(words));
    return exit.fine;
  }
  const log = readLog(folder.rollout(rollout));
  if (log.events.length === 0)
    throw new Failure('rollout.unknown', `${folder.name} has no rollout "${rollout}".`, exit.usage);
  const blobs = new Blobs(folder.blobs);
  if (options.file !== undefined) {
    if (options.at !== undefined) mustHaveEnded(rollout, log.events, options.at);
    const file = stateAfter(log.events, options.at).get(options.file);
    if (!file)
      throw new Failure(
        'file.missing',
        `There is no ${options.file} at ${options.at ?? 'the end'}.`,
        exit.usage,
      );
    const bytes = blobs.get(file.sha256);
    if (!terminal.json) process.stdout.write(bytes);
    terminal.emit({
      ...{ run: folder.name, rollout, at: options.at ?? null, file: options.file, sha256: file.sha256 },
      ...(isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') }),
    });
    return exit.fine;
  }
  noteDamage(terminal, rollout, log);
  for (const event of log.events) terminal.emit(event);
  sayRollout(terminal, log.events, blobs);
  return exit.fine;
}
