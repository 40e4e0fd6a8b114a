import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countingServer, folderWith, runCli } from './command.js';
import { startServing } from './serving.js';

const workflow = (url: string) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m}}
tasks: [{prompt: one}, {prompt: two}]
artifacts:
  plan: {kind: message, checks: ['words < 4']}
  answer: {path: answer.txt, kind: text, checks: [words > 0]}
agents:
  planner: {role: Plan., produces: [plan]}
  writer: {role: Write., consumes: [plan], produces: [answer], tools: [python], prompt: "write {{plan.words}}"}
`;

let folder: string;
let server: Awaited<ReturnType<typeof countingServer>>;
beforeAll(async () => {
  let planned = 0;
  server = await countingServer(({ messages }) => {
    const asked = messages.at(-1)!.content;
    if (asked.startsWith('write'))
      return `\`\`\`python\nopen("answer.txt", "w").write("words ${asked}")\n\`\`\``;
    planned += 1;
    // Each task is planned well the first time and badly the second.
    return planned <= 2 ? '=SUM(A1) go' : 'far too many words for the contract';
  });
  folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const ran = await runCli(folder, ['run', '--samples', '2', '--concurrency', '1']);
  expect(ran.code, ran.stderr).toBe(0);
});
afterAll(() => void server.server.close());

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
// Many a CI asks for colours, which are for a terminal only.
const cli = (...args: string[]) => runCli(folder, args, { CI: 'true', FORCE_COLOR: '1' });

describe('export', () => {
  test('sft: whole conversations of well-scored actions, and no others', async () => {
    const { stdout, stderr } = await cli('export', '--as', 'sft');
    const found = lines(stdout);
    const planners = found.filter((each) => each.role === 'planner');
    expect(planners).toHaveLength(2);
    expect(planners[0].messages.map((message: { role: string }) => message.role)).toEqual([
      'system',
      'user',
      'assistant',
    ]);
    expect(planners[0].messages.at(-1).content).toBe('=SUM(A1) go');
    expect(found.every((each) => each.score >= 8)).toBe(true);
    expect(stderr).toMatch(/conversations/);
    expect((await cli('export', '--as', 'sft', '--min-score', '10.5')).stderr).toMatch(
      /No action has a score/,
    );
  });

  test('preferences: two replies to the very same prompt, the better one chosen', async () => {
    const found = lines((await cli('export', '--as', 'preferences')).stdout);
    const plans = found.filter((each) => each.role === 'planner');
    expect(plans).toHaveLength(2);
    for (const pair of plans) {
      expect(pair.chosen[0].content).toBe('=SUM(A1) go');
      expect(pair.rejected[0].content).toMatch(/far too many/);
      expect(pair.scores[0] - pair.scores[1]).toBeGreaterThanOrEqual(2);
      expect(pair.prompt.at(-1).role).toBe('user');
    }
  });

  test('csv: a row an action, and no cell that a spreadsheet would run', async () => {
    const out = join(folder, 'actions.csv');
    expect((await cli('export', '--as', 'csv', '--out', out)).stdout).toBe('');
    const rows = parse(readFileSync(out, 'utf8'), { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(8);
    expect(new Set(rows.map((row) => row.role))).toEqual(new Set(['planner', 'writer']));
    expect(rows.filter((row) => row.role === 'planner' && row.code !== '')).toHaveLength(2);
    expect(rows.map((row) => row.success)).toContain('false');
    expect(Object.values(rows[0]!).some((cell) => cell.startsWith('='))).toBe(false);
  });

  test('otlp: a trace a rollout, spans inside their parents, gen_ai names, verdicts as evaluation results', async () => {
    const found = lines((await cli('export', '--as', 'otlp')).stdout);
    expect(found).toHaveLength(4);
    const spans = found[0].resourceSpans[0].scopeSpans[0].spans as {
      traceId: string;
      spanId: string;
      parentSpanId: string;
      name: string;
      startTimeUnixNano: string;
      endTimeUnixNano: string;
      events: { name: string }[];
    }[];
    const ids = new Set(spans.map((span) => span.spanId));
    expect(ids.size).toBe(spans.length);
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(span.parentSpanId === '' || ids.has(span.parentSpanId)).toBe(true);
      expect(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano)).toBe(true);
    }
    expect(spans.filter((span) => span.parentSpanId === '')).toHaveLength(1);
    expect(spans.map((span) => span.name)).toEqual(
      expect.arrayContaining(['rollout task-1', 'invoke_agent planner', 'chat m', 'execute_tool python']),
    );
    expect(spans.flatMap((span) => span.events.map((event) => event.name))).toContain(
      'gen_ai.evaluation.result',
    );
  });

  test('a format that is not there, and a run that is not there', async () => {
    expect(await cli('export', '--as', 'xml')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/sft, preferences/),
    });
    expect(await cli('export', 'nothing', '--as', 'csv')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/No run/),
    });
  });
});

describe('diff', () => {
  test('two rollouts: outcomes, scores, replies and files', async () => {
    const { stdout, code } = await cli('diff', 'last', 'run.task-1.0', 'run.task-1.1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/run.task-1.0: success\nrun.task-1.1: failure/);
    expect(stdout).toMatch(/-=SUM\(A1\) go\n/);
    expect(stdout).toMatch(/\+far too many words/);
    expect(stdout).toMatch(/answer.txt/);
  });
  test('two moments of one rollout', async () => {
    const { stdout } = await cli(
      'diff',
      'last',
      'run.task-1.0@planner.0.0',
      'run.task-1.0@writer.0.0',
      '--json',
    );
    expect(JSON.parse(stdout).files).toMatchObject([{ path: 'answer.txt', a: null }]);
    const same = await cli('diff', 'last', 'run.task-1.0', 'run.task-1.0');
    expect(same.stdout).toMatch(/No action differs.\nNo file differs./);
  });
  test('what is not there', async () => {
    expect(await cli('diff', 'last', 'run.task-1.0', 'nothing')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no rollout "nothing"/),
    });
    expect(await cli('diff', 'last', 'run.task-1.0@x', 'run.task-1.0')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/it has planner.0.0, writer.0.0/),
    });
  });
});

describe('serve', () => {
  test('a role of the base answers as an OpenAI endpoint, to whoever has the key', async () => {
    const serving = await startServing(folder, ['modeler', '--backend', 'wasm']);
    expect(serving.model).toBe('modeler@v0');
    const asked = 'modeler kind="regression" rows=80 num=2 cat=0';
    expect((await serving.ask(asked, 'wrong')).status).toBe(401);
    expect((await serving.ask(asked)).content.length).toBeGreaterThan(0);
    expect(await serving.stop()).toBe(0);
  });
  test('a role or a run that is not there', async () => {
    expect(await cli('serve', 'nobody')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/data_engineer, modeler, analyst/),
    });
    expect(await cli('serve', 'modeler', '--from', 'last')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/did not train/),
    });
    expect(await cli('serve', 'modeler@p7')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no policy modeler@p7 in .*--from RUN/),
    });
  });
});
