// Comments on failed actions, over a copy of the recorded run that goes on while somebody reads.
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { analyse } from '../../../src/editor/language/index.js';
import type { Analyses } from '../../../src/editor/providers/analyses.js';
import { Run } from '../../../src/editor/runs/run.js';
import type { RunStore } from '../../../src/editor/runs/store.js';
import { agreed } from '../../../src/editor/scores/review.js';
import { coachOf } from '../../../src/editor/training/coach.js';
import { JudgedActions } from '../../../src/editor/training/judged.js';
import { keepOverrule, LogWriter, listRuns, type RolloutRow } from '../../../src/trace/index.js';
import { diskFiles } from '../../../src/workflow/index.js';

interface Thread {
  collapsibleState: number;
  comments: { author: { name: string }; body: { value: string } }[];
  range: { isEqual(other: unknown): boolean };
  gone: boolean;
}

const { editor, threads, open } = vi.hoisted(() => {
  const threads: Thread[] = [];
  const open: { document: unknown }[] = [];
  const nothing = () => ({ dispose: () => undefined });
  class MarkdownString {
    value = '';
    appendMarkdown = (text: string) => this.append(text);
    appendText = (text: string) => this.append(text);
    private append(text: string) {
      this.value += text;
      return this;
    }
  }
  class EventEmitter {
    event = nothing;
  }
  class Range {
    constructor(readonly line: number) {}
    isEqual = (other: Range) => other.line === this.line;
  }
  const editor = {
    ...{ MarkdownString, EventEmitter, Range },
    l10n: { t: (text: string, ...args: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(args[at])) },
    Uri: { from: (parts: object) => parts },
    CommentMode: { Preview: 1 },
    CommentThreadCollapsibleState: { Collapsed: 0, Expanded: 1 },
    comments: {
      createCommentController: () => ({
        createCommentThread: (_uri: unknown, range: Thread['range']) => {
          const thread = { range, gone: false, dispose: () => undefined };
          thread.dispose = () => void Object.assign(thread, { gone: true });
          threads.push(thread as never);
          return thread;
        },
      }),
    },
    window: { visibleTextEditors: open, onDidChangeVisibleTextEditors: nothing },
    workspace: {
      onDidChangeConfiguration: nothing,
      getConfiguration: () => ({ get: (_name: string, fallback: unknown) => fallback }),
    },
  };
  return { editor, threads, open };
});
vi.mock('vscode', () => editor);
const { VerdictComments } = await import('../../../src/editor/scores/comments.js');

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'baton-comments-'));
  const sample = join(import.meta.dirname, '../../../media/sample/runs');
  cpSync(sample, join(place, '.baton/runs'), { recursive: true });
  threads.length = 0;
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** The threads of the recorded run's copy, and what is to be called when something happened. */
async function shown() {
  const run = Run.open(listRuns(place)[0]!, false);
  if (!(run instanceof Run)) throw new Error(run.unreadable);
  const text = run.workflow;
  const uri = { toString: () => 'file:///a.baton.yaml', scheme: 'file' };
  const positionAt = (offset: number) => ({ line: text.slice(0, offset).split('\n').length - 1 });
  open.splice(0, 1, { document: { uri, languageId: 'baton', getText: () => text, positionAt } });
  const analyses = { of: () => analyse(text, 'a.baton.yaml', diskFiles(place)) } as unknown as Analyses;
  let happens: () => void = () => undefined;
  const onDidChange = (listener: () => void) => {
    happens = listener;
  };
  const store = { chosen: async () => run, onDidChange } as unknown as RunStore;
  const errors: string[] = [];
  const host = { keep: (each: unknown) => each, log: { error: (says: string) => errors.push(says) } };
  const comments = new VerdictComments(host as unknown as Host, analyses, store);
  await vi.waitFor(() => expect(threads.length).toBeGreaterThan(1));
  return { run, comments, errors, happens: () => happens() };
}

test('a thread that is open stays open where a later rollout fails the same way, and tells of that one', async () => {
  const { run, comments, errors, happens } = await shown();
  const read = threads[0]!;
  const before = comments.judgedOf(read as never)!;
  read.collapsibleState = editor.CommentThreadCollapsibleState.Expanded;
  await failAgain(run, before.rollout, 'run.again.0');
  happens();
  await vi.waitFor(() => expect(comments.judgedOf(read as never)!.rollout).toBe('run.again.0'));
  expect(read.collapsibleState).toBe(editor.CommentThreadCollapsibleState.Expanded);
  expect(read.comments[0]!.author.name).toContain('run.again.0');
  expect(threads.filter(({ gone }) => gone)).toEqual([]);
  expect(errors).toEqual([]);
});

test('agreeing agrees with the last word of the thread, which shows what each person said last', async () => {
  const { run, comments, errors, happens } = await shown();
  const thread = threads[0]!;
  const judged = () => comments.judgedOf(thread as never)!;
  const { rollout, action, verdict } = judged();
  expect(agreed(judged()).score).toBe(verdict.score);
  const says = (author: string, score: number, reason: string) =>
    keepOverrule(run.folder, { rollout, action, score, reason, author });
  await says('alice', 7, 'It is fair.');
  await says('bob', 9, 'The table is right.');
  happens();
  await vi.waitFor(() => expect(thread.comments).toHaveLength(3));
  expect(agreed(judged())).toMatchObject({ rollout, action, score: 9 });

  await keepOverrule(run.folder, { ...agreed(judged()), author: 'alice' });
  happens();
  await vi.waitFor(() => expect(thread.comments.at(-1)!.author.name).toBe('alice'));
  expect(thread.comments.slice(1).map(({ author, body }) => `${author.name}: ${body.value}`)).toEqual([
    expect.stringMatching(/^bob: .*Score 9.*The table is right\./),
    expect.stringMatching(/^alice: .*Score 9.*Agreed\./),
  ]);
  expect(judged().score).toBe(9);
  const { reviews } = await new JudgedActions(run).read();
  expect(reviews.map(({ author, coach, person }) => [author, coach, person])).toEqual([
    ['bob', verdict.score, 9],
    ['alice', verdict.score, 9],
  ]);
  expect(coachOf([], reviews).agreement.both).toBe(2);
  expect(errors).toEqual([]);
});

/** A rollout that came out as another one did, written to the end of the run's log. */
async function failAgain(run: Run, like: string, rollout: string): Promise<void> {
  const log = readFileSync(run.folder.rollout(like));
  appendFileSync(run.folder.rollout(rollout), log);
  const row = run.pages.find(like) as RolloutRow;
  const { log: writer } = await LogWriter.open(run.folder.log);
  writer.append({ type: 'rollout.ended', data: { ...row, rollout } });
  await writer.close();
}
