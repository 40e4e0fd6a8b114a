// One artifact of every kind, in the real sandbox: its facts are what the program wrote. Tasks come from every kind of file.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith, runCli } from './command.js';

const program = `import os
open("t.csv", "w").write("a,b\\n1,x\\n,x\\n2,x\\n")
open("c.csv", "w").write("y\\n1\\n0\\n1\\n")
open("v.json", "w").write('{"k": [1, 2, 3]}')
open("w.txt", "w").write("two words\\nand more\\n")
open("f.bin", "w").write("hello")
os.mkdir("d")
for name in ("two.txt", "one.txt"): open("d/" + name, "w").write("x")
`;
const reply = `\`\`\`python\n${program}\`\`\`\nIt is \\boxed{7}, or 42.`;
// The hash is that of "hello", as sha256sum gives it.
const artifacts = `artifacts:
  t: {path: t.csv, kind: table, checks: ["rows == 3 and columns == ['a', 'b']", missing == 1, "constant == ['b']"]}
  c: {path: c.csv, kind: column, checks: [rows == 3 and distinct == 2, name == "y"]}
  v: {path: v.json, kind: json, checks: ["value.k == [1, 2, 3]"], schema: {file: schema.json}}
  w: {path: w.txt, kind: text, checks: [lines == 2 and words == 4]}
  f:
    path: f.bin
    kind: file
    checks:
      - bytes == 5
      - sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
  d: {path: d, kind: folder, checks: ["files == ['one.txt', 'two.txt']"]}
  m: {kind: message, checks: [number == 42 and boxed == "7" and words > 5]}
`;
const workflow = (checks: string) => `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: {from: [tasks/*.yaml, more.jsonl, rest.csv]}
${checks}agents:
  maker: {role: Make everything., tools: [python], produces: [t, c, v, w, f, d, m]}
`;

function team(checks: string): string {
  const folder = folderWith({
    'a.baton.yaml': workflow(checks),
    'replies.jsonl': `${JSON.stringify({ reply })}\n`,
    'schema.json': '{"type": "object", "required": ["k"]}',
    'more.jsonl': '{"prompt": "from a line", "id": "line"}\n',
    'rest.csv': 'prompt,id,level\nfrom a row,row,3\n',
  });
  mkdirSync(join(folder, 'tasks'));
  writeFileSync(join(folder, 'tasks/one.yaml'), 'prompt: from a file\n');
  return folder;
}

test('facts of every kind of artifact, over tasks of every kind of file', async () => {
  const folder = team(artifacts);
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  const { summary } = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as { summary: object };
  // Workspaces are gone from the cache when a run is over.
  expect(readdirSync(join(folder, '.cache/baton/work'))).toEqual([]);
  const why = (await runCli(folder, ['why'])).stdout;
  expect(summary, why).toMatchObject({ rollouts: 3, success: 1, blame: [] });
  const { rollouts } = JSON.parse((await runCli(folder, ['runs', '--json'])).stdout).runs[0] as {
    rollouts: number;
  };
  expect(rollouts).toBe(3);
  const table = (await runCli(folder, ['inspect', 'last', 'run.row.0', 't', 'd'])).stdout;
  expect(table).toContain('rows: 3');
  expect(table).toContain('one.txt');
  // The run has its own copy of all that it was made of.
  rmSync(join(folder, 'schema.json'));
  expect(await runCli(folder, ['score', '--coach', 'contracts'])).toMatchObject({ code: 0 });
});

test('each check that does not hold says what the fact was', async () => {
  const off = artifacts
    .replace('missing == 1', 'missing == 0')
    .replace('distinct == 2', 'distinct == 3')
    .replace('value.k == [1, 2, 3]', 'value.k == [1, 2]')
    .replace('words == 4', 'words == 5')
    .replace('bytes == 5', 'bytes == 6')
    .replace("files == ['one.txt', 'two.txt']", "files == ['one.txt']")
    .replace('number == 42', 'number == 41');
  const folder = team(off);
  await runCli(folder, ['run', '--tasks', 'line']);
  const shown = (await runCli(folder, ['show', 'last', 'run.line.0'])).stdout;
  for (const says of [
    'missing is 1',
    'distinct is 2',
    'words is 4',
    'bytes is 5',
    'number is 42',
    'one.txt',
    'value.k is',
  ])
    expect(shown).toContain(says);
  expect(shown.match(/-- broken: /g)).toHaveLength(7);
});

describe('a check that asks for what a JSON file does not hold fails, and says so', () => {
  const json = (text: string, checks: string, schema = '') => ({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: Go.}]
artifacts: {v: {path: v.json, kind: json, checks: [${checks}]${schema}}}
agents: {maker: {role: Make it., produces: [v]}}
`,
    'replies.jsonl': `${JSON.stringify({ reply: `\`\`\`python\nopen("v.json", "w").write(${text})\n\`\`\`` })}\n`,
  });
  const large = '\'{"k": 99, "rest": "\' + "x" * 40_000 + \'"}\'';
  test.each([
    ['a key that is not there', json('\'{"sum": 5}\'', 'value.total > 3'), 'there is no value.total'],
    ['a list in place of a mapping', json("'[1]'", 'value.total > 3'), 'there is no value.total'],
    ['a file that is too large', json(large, 'value.k == 99'), 'larger than 32 KB'],
    [
      'a schema of a file that is too large',
      json(large, '', ', schema: {type: object}'),
      'larger than 32 KB',
    ],
  ])('%s', async (_what, files, says) => {
    const why = (await runCli(folderWith(files), ['run'])).stdout;
    expect(why).toContain(says);
    expect(why).toContain('0 % succeeded');
  });

  test('what nobody asks for may be large', async () => {
    const ran = await runCli(folderWith(json(large, 'bytes > 40000')), ['run']);
    expect(ran.stdout).toContain('100 % succeeded');
  });
});

test('a table is no column', async () => {
  const folder = folderWith({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: Go.}]
artifacts: {c: {path: c.csv, kind: column}}
agents: {maker: {role: Make it., produces: [c]}}
`,
    'replies.jsonl': `${JSON.stringify({ reply: '```python\nopen("c.csv", "w").write("a,b\\n1,2\\n")\n```' })}\n`,
  });
  expect((await runCli(folder, ['run'])).stdout).toContain('it holds a table of 2 columns, not one column');
});

test('an outcome says which part of success does not hold, or whose contract is broken', async () => {
  const files = (outcome: string) => ({
    'a.baton.yaml': `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{prompt: Go.}]
artifacts: {a: {kind: message, checks: [words > 1]}, b: {kind: message, checks: [words > 9]}}
agents:
  first: {role: Say a., produces: [a]}
  second: {role: Say b., produces: [b]}
${outcome}`,
    'replies.jsonl': '{"reply": "two words"}\n',
  });
  for (const [outcome, says] of [
    ['', 'failure (b does not keep its contract)'],
    ['outcome: {success: a.valid and b.words > 5 and b.valid}\n', 'failure (b.words > 5 does not hold)'],
  ] as const) {
    const folder = folderWith(files(outcome));
    await runCli(folder, ['run']);
    expect((await runCli(folder, ['show', 'last', 'run.task-1.0'])).stdout).toContain(says);
  }
});
