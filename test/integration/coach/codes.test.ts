// What agents get wrong whatever their task is, each in a real run of its own: the code, who is blamed, and the score.
import { expect, test } from 'vitest';
import { folderWith, runCli } from '../cli/command.js';

const python = (program: string) => `\`\`\`python\n${program}\n\`\`\``;
const write = (path: string, text: string) =>
  python(`open(${JSON.stringify(path)}, "w").write(${JSON.stringify(text)})`);
const note = write('note.json', '{"a": 1}');
const report = write('report.txt', 'done');

const bands = { useless: [0, 1], flawed: [2, 3] } as const;

interface Case {
  code: string;
  blamed: 'first' | 'second';
  /** What the two roles reply. */
  first?: string;
  second?: string;
  finish?: string;
  /** In which band of the method its score is; null: it has none. */
  band: keyof typeof bands | null;
  says: RegExp;
}

const cases: Case[] = [
  {
    code: 'artifact.missing',
    blamed: 'first',
    first: python('pass'),
    band: 'useless',
    says: /note.json is missing/,
  },
  {
    code: 'artifact.unreadable',
    blamed: 'first',
    first: write('note.json', '{"a"'),
    band: 'useless',
    says: /note.json/,
  },
  {
    code: 'artifact.unsafe',
    blamed: 'first',
    first: python('import os\nos.symlink("/etc/passwd", "note.json")'),
    band: 'useless',
    says: /note.json.*link/,
  },
  {
    code: 'schema.mismatch',
    blamed: 'first',
    first: write('note.json', '{"b": 1}'),
    band: 'flawed',
    says: /does not match its schema/,
  },
  {
    code: 'artifact.overwritten',
    blamed: 'second',
    second: `${write('note.json', '{"a": 2}')}\n${report}`,
    band: 'useless',
    says: /belongs to another role/,
  },
  {
    code: 'program.failed',
    blamed: 'second',
    second: python('1 / 0'),
    band: 'useless',
    says: /ZeroDivisionError/,
  },
  {
    code: 'program.timeout',
    blamed: 'second',
    second: python('while True: pass'),
    band: 'useless',
    says: /"timeout"/,
  },
  {
    code: 'program.memory',
    blamed: 'second',
    second: python('x = bytearray(10**9)'),
    band: 'useless',
    says: /program/,
  },
  {
    code: 'program.limit',
    blamed: 'second',
    second: python('print("x" * 10**7)\nopen("big", "wb").write(b"x" * 10**8)'),
    band: 'useless',
    says: /limit/,
  },
  {
    code: 'program.none',
    blamed: 'second',
    second: 'I would rather not.',
    band: 'useless',
    says: /holds no program/,
  },
  {
    code: 'reply.truncated',
    blamed: 'second',
    second: '```python\nopen("rep',
    finish: 'length',
    band: null,
    says: /cut at its longest/,
  },
  {
    code: 'reply.filtered',
    blamed: 'second',
    second: '',
    finish: 'content_filter',
    band: null,
    says: /content filter/,
  },
];

const workflow = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks:
${cases.map(({ code }) => `  - {id: ${code}, prompt: ${code}}`).join('\n')}
artifacts:
  note: {path: note.json, kind: json, schema: {type: object, required: [a]}}
  report: {path: report.txt, kind: text}
agents:
  first: {role: Note., prompt: 'first of {{task.prompt}}', produces: [note]}
  second: {role: Report., prompt: 'second of {{task.prompt}}', consumes: [note], produces: [report]}
limits: {action: {seconds: 3, memory_mb: 200, disk_mb: 16}}
`;

test('each fault has its code, its role, its score and a sentence that says what it was', async () => {
  const replies = cases.flatMap(({ code, first = note, second = report, finish = 'stop', blamed }) => [
    { when: `first of ${code}`, reply: first, finish: blamed === 'first' ? finish : 'stop' },
    { when: `second of ${code}`, reply: second, finish: blamed === 'second' ? finish : 'stop' },
  ]);
  const folder = folderWith({
    'team.baton.yaml': workflow,
    'replies.jsonl': replies.map((each) => `${JSON.stringify(each)}\n`).join(''),
  });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  for (const { code, blamed, band, says } of cases) {
    const why = await runCli(folder, ['why', 'last', `run.${code}.0`, '--json']);
    const { verdicts } = JSON.parse(why.stdout) as {
      verdicts: { verdict: { action: string; code: string; diagnosis: string }; score: number | null }[];
    };
    const found = verdicts.find(({ verdict }) => verdict.action === `${blamed}.0.0`)!;
    expect(found, code).toMatchObject({ verdict: { code, diagnosis: expect.stringMatching(says) } });
    if (band) expect(bands[band], code).toContain(found.score);
    else expect(found.score, code).toBeNull();
  }
});

test('who only reads a file and owes a message is judged by the check of that message', async () => {
  const folder = folderWith({
    'team.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts:
  note: {path: note.json, kind: json}
  answer: {kind: message, checks: [{check: number == 4, code: answer.wrong, says: the sum is wrong}]}
agents:
  first: {role: Note., prompt: first, produces: [note]}
  second: {role: Say., prompt: second, consumes: [note], produces: [answer]}
`,
    'replies.jsonl': `${JSON.stringify({ when: 'first', reply: note })}\n{"when": "second", "reply": "It is 5."}\n`,
  });
  expect((await runCli(folder, ['run', '--json'])).code).toBe(0);
  const why = await runCli(folder, ['why', 'last', 'run.task-1.0', '--json']);
  expect(JSON.parse(why.stdout)).toMatchObject({
    culprit: { agent: 'second', code: 'answer.wrong', score: 2, diagnosis: 'answer: the sum is wrong.' },
  });
});
