// An agent that owes a message and may run programs: what they print comes back before the message counts.
import { expect, test } from 'vitest';
import { type EventData, listRuns, readLog, scoresOf } from '../../../src/trace/index.js';
import { folderWith, runCli } from './command.js';

const python = (code: string) => `\`\`\`python\n${code}\n\`\`\``;
const printed = 'The program ran.\nstdout:\n42';
const written = python('open("n.txt", "w").write("42")\nprint(42)');

interface Expected {
  success: 0 | 1;
  /** What each turn got wrong. */
  codes: (string | null)[];
  /** What the agent was told after each turn but the last. */
  told: string[];
}

/** One solver whose first reply is `first`; once a program printed 42, or failed, it says that it is 42. */
function team(first: string, owes: string, turns: number): string {
  const replies = [
    { reply: first },
    ...['stdout:\n42', 'error: '].map((when) => ({ when, reply: 'It is 42.' })),
    { when: 'stdout:\nmislead', reply: 'It is 41.' },
  ];
  return folderWith({
    'a.baton.yaml': `baton: 1
models: {x: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: go}]
artifacts: {n: {path: n.txt, kind: text}, m: {kind: message, checks: [number == 42]}}
agents: {solver: {role: Compute., tools: [python], max_turns: ${turns}, produces: [${owes}]}}
`,
    'replies.jsonl': replies.map((each) => `${JSON.stringify(each)}\n`).join(''),
  });
}

test.each<[string, string, string, number, Expected]>([
  ['a program', python('print(6 * 7)'), 'm', 3, { success: 1, codes: [null, null], told: [printed] }],
  [
    'words and a program',
    `It may be 42:\n${python('print(6 * 7)')}`,
    'm',
    3,
    { success: 1, codes: [null, null], told: [printed] },
  ],
  [
    'a program that fails',
    python('1 / 0'),
    'm',
    3,
    {
      success: 1,
      codes: ['program.failed', null],
      told: [expect.stringMatching(/^error: ZeroDivisionError/) as string],
    },
  ],
  [
    'a program that does not lead to the answer',
    python('print("mislead")'),
    'm',
    3,
    {
      success: 0,
      codes: [null, 'contract.broken', 'contract.broken'],
      told: [
        'The program ran.\nstdout:\nmislead',
        expect.stringMatching(/^broken: m: "number == 42"/) as string,
      ],
    },
  ],
  [
    'a program, and that it is done',
    `${python('print(42)')}\nDONE`,
    'm',
    3,
    { success: 1, codes: [null], told: [] },
  ],
  ['no program', 'It is 42.', 'm', 3, { success: 1, codes: [null], told: [] }],
  ['a program in its only turn', python('print(42)'), 'm', 1, { success: 1, codes: [null], told: [] }],
  ['a file that is owed', written, 'n', 3, { success: 1, codes: [null], told: [] }],
  ['a file, and words for it', `It is 42.\n${written}`, 'n, m', 3, { success: 1, codes: [null], told: [] }],
  ['a file, and no words', written, 'n, m', 3, { success: 1, codes: [null, null], told: [printed] }],
])('its first reply is %s', async (_name, first, owes, turns, expected) => {
  const folder = team(first, owes, turns);
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const { summary } = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as { summary: { success: number } };
  const { events } = readLog(listRuns(folder)[0]!.rollout('run.task-1.0'));
  const calls = events.flatMap((event) => (event.type === 'model.called' ? [event.data] : []));
  expect({
    success: summary.success,
    codes: scoresOf(events).map(({ code }) => code),
    told: toldIn(calls.at(-1)!),
  }).toEqual(expected);
});

test('a run that stops between the program and the message goes on with what was printed', async () => {
  const folder = team(python('print(6 * 7)'), 'm', 3);
  expect(await runCli(folder, ['run', '--calls', '1'])).toMatchObject({ code: 4 });
  const ran = await runCli(folder, ['resume', '--calls', '9', '--json']);
  expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({ summary: { success: 1 } });
  const { events } = readLog(listRuns(folder)[0]!.rollout('run.task-1.0'));
  const calls = events.flatMap((event) => (event.type === 'model.called' ? [event.data] : []));
  expect([calls.length, toldIn(calls.at(-1)!)]).toEqual([2, [printed]]);
});

/** What an agent was told between its turns, from its last call. */
function toldIn({ messages }: EventData<'model.called'>): string[] {
  const all = JSON.parse(messages as string) as { role: string; content: string }[];
  return all
    .filter(({ role }) => role === 'user')
    .slice(1)
    .map(({ content }) => content);
}
