import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectationsOf } from '../../../src/editor/tests/expectations.js';
import { regressionTest } from '../../../src/editor/tests/regression.js';
import type { LogEvent } from '../../../src/trace/index.js';
import { checkWorkflow, diskFiles, expectationsIn, loadTasks } from '../../../src/workflow/index.js';

const head = `baton: 1
models: {m: {provider: recorded, file: r.jsonl}}
`;
const tail = `artifacts:
  note: {kind: message, checks: [words > 2]}
agents:
  writer: {role: Write., produces: [note]}
`;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'baton-regression-'));
  put('r.jsonl', '{"reply": "one two three"}\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Make the test, lay everything down as the editor does, and load the tasks again. */
function make(text: string, task: string, expected = 'note.valid') {
  const check = (of: string) => {
    const { workflow, problems } = checkWorkflow(of, 'a.baton.yaml', { files: diskFiles(folder) });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    return workflow!;
  };
  const made = regressionTest(text, check(text), diskFiles(folder), task, expected);
  if ('refused' in made) return made;
  for (const [path, written] of made.texts) if (path !== null) put(path, written);
  const after = made.texts.get(null) ?? text;
  const { tasks, problems } = loadTasks(check(after).tasks, diskFiles(folder));
  return { ...made, after, tasks, problems };
}

describe('a regression test', () => {
  test('is written into the list of the workflow itself, comments kept', () => {
    const tasks = `tasks: # what is asked
  - {id: sea, prompt: the sea, depth: 3} # deep
  # the last one
  - prompt: the sky
`;
    const made = make(head + tasks + tail, 'sea');
    if ('refused' in made) throw new Error(made.refused);
    expect(made.after).toBe(
      `${head}${tasks}  - {id: sea-regression, prompt: the sea, depth: 3, expect: note.valid}\n${tail}`,
    );
    expect(made.tasks.at(-1)).toMatchObject({ id: 'sea-regression', expect: 'note.valid' });
    const again = make(made.after, 'sea');
    expect('id' in again && again.id).toBe('sea-regression-2');
    const unnamed = make(head + tasks + tail, 'task-2');
    expect('id' in unnamed && unnamed.tasks.at(-1)).toMatchObject({
      id: 'task-2-regression',
      prompt: 'the sky',
    });
  });

  test.each([
    ['nte.valid', /note/],
    ['note.wrds > 2', /words/],
    ['note', /which fact/],
    ['note.words', /yes/],
    ['task.deph == 3', /depth/],
    ['note.words >', /./],
    ['note.valid and nothing.valid', /nothing/],
  ])('expects only what can be said of this workflow: %s', (wrong, says) => {
    const text = `${head}tasks: [{id: sea, prompt: the sea, depth: 3}]\n${tail}`;
    expect(make(text, 'sea', wrong)).toEqual({ refused: expect.stringMatching(says) });
    // The same is said while it is being typed.
    expect(expectationsIn(text, diskFiles(folder))(wrong)).toMatch(says);
  });

  test('may expect facts of artifacts and fields of tasks, of those in files too', () => {
    put('more.yaml', '- {id: sky, prompt: the sky, height: 9}\n');
    const text = `${head}tasks: {from: more.yaml}\n${tail}`;
    const wrongWith = expectationsIn(text, diskFiles(folder));
    expect(wrongWith('note.words < task.height and note.valid')).toBeUndefined();
    expect(wrongWith('note.words < task.depth')).toMatch(/task\.depth/);
    expect('id' in make(text, 'sky', 'note.words < task.height')).toBe(true);
    // What is wrong with the workflow itself is said elsewhere.
    expect(expectationsIn('baton: [', diskFiles(folder))('anything')).toBeUndefined();
  });

  test('is written into the YAML list that its task was read from', () => {
    put('tasks/all.yaml', '# of the sea\n- id: sea\n  prompt: the sea\n');
    const made = make(`${head}tasks: {from: tasks/*.yaml}\n${tail}`, 'sea');
    if ('refused' in made) throw new Error(made.refused);
    expect(made.into).toBe('tasks/all.yaml');
    expect(readFileSync(join(folder, 'tasks/all.yaml'), 'utf8')).toContain('# of the sea\n- id: sea\n');
    expect(made.tasks.map(({ id }) => id)).toEqual(['sea', 'sea-regression']);
    expect(made.problems).toEqual([]);
  });

  test('of a CSV row goes beside it, with the files that only it has, and out of the splits', () => {
    put('rows.csv', 'id,prompt,depth\nsea,the sea,3\n');
    put('shared.txt', 'for all\n');
    const made = make(
      `${head}tasks: {from: rows.csv, files: [./shared.txt], split: {train: 0.5, test: 0.5}}\n${tail}`,
      'sea',
    );
    if ('refused' in made) throw new Error(made.refused);
    expect(made.after).toContain('tasks: {from: [rows.csv, regressions.yaml], files');
    expect(made.tasks.at(-1)).toMatchObject({
      id: 'sea-regression',
      split: 'test',
      fields: { depth: 3 },
      files: [{ name: 'shared.txt' }],
    });
    expect(made.problems).toEqual([]);
  });

  test('in a list that is dealt out leaves all other tasks where they are', () => {
    put('list.yaml', Array.from({ length: 12 }, (_, at) => `- {id: t${at}, prompt: p${at}}\n`).join(''));
    const text = `${head}tasks: {from: list.yaml, split: {train: 0.5, test: 0.5}}\n${tail}`;
    const { workflow } = checkWorkflow(text, 'a.baton.yaml', { files: diskFiles(folder) });
    const before = loadTasks(workflow!.tasks, diskFiles(folder)).tasks;
    const made = make(text, 't3');
    if ('refused' in made) throw new Error(made.refused);
    const splits = (tasks: typeof before) => tasks.map(({ id, split }) => `${id} ${split}`);
    expect(splits(made.tasks)).toEqual([...splits(before), 't3-regression test']);
  });

  test('of a made table lays its files down and stays with its table', () => {
    cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
    const text = readFileSync(join(folder, 'table-team.baton.yaml'), 'utf8');
    const made = make(text, 'penguins-0', 'submission.valid');
    if ('refused' in made) throw new Error(made.refused);
    expect(made.problems).toEqual([]);
    const [before, after] = ['penguins-0', 'penguins-0-regression'].map(
      (id) => made.tasks.find((task) => task.id === id)!,
    );
    expect(after).toMatchObject({
      group: before!.group,
      split: before!.split,
      stratum: before!.stratum,
      fields: before!.fields,
    });
    expect(readFileSync(join(folder, 'regressions/penguins-0-regression/train.csv'), 'utf8')).toBe(
      (before!.files[0] as { text: string }).text,
    );
    expect(text.split('\n').filter((line) => !made.after.includes(line))).toEqual([]);
  }, 60_000);

  test('of a task that is gone is refused with a sentence', () => {
    const made = make(`${head}tasks: [{id: sea, prompt: the sea}]\n${tail}`, 'sky');
    expect(made).toEqual({ refused: 'There is no task "sky" in this workflow any more.' });
  });
});

test('what broke is suggested first, then what held, then the numbers of valid artifacts', () => {
  const checked = (facts: object) =>
    ({ type: 'artifact.checked', data: { action: 'a.0.0', facts, breaches: [] } }) as unknown as LogEvent;
  const events = [
    checked({ note: { exists: true, valid: true, words: 4, bytes: 20 } }),
    checked({ report: { exists: true, valid: false, words: 900 } }),
  ];
  expect(expectationsOf(events, false)).toEqual([
    { expression: 'report.valid', artifact: 'report', suggested: true },
    { expression: 'note.valid', artifact: 'note', suggested: false },
    { expression: 'note.words == 4', artifact: 'note', suggested: false },
  ]);
  expect(expectationsOf(events, true)[0]).toMatchObject({ expression: 'note.valid', suggested: true });
});
