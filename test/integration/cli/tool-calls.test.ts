// A server with native tool calls: what it calls is run as the programs of a reply are.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { openaiPolicy } from '../../../src/policy/index.js';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { folderWith, runCli } from './command.js';

interface Asked {
  messages: { content: string }[];
  stream?: boolean;
  tools?: { function: { name: string } }[];
}

const code = 'open("note.txt", "w").write("```\\nfenced\\n```")';
/** Gives each program in two calls of the tool until one printed, or in the text where no tool was offered. */
async function serving(stream: boolean) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
      asked.push(body);
      const calls = ['print("first")', code].map((each, index) => ({
        ...{ index, id: `call_${index}`, type: 'function' },
        function: { name: 'python', arguments: JSON.stringify({ code: each }) },
      }));
      // As some servers do: the arguments as an object.
      const loose = calls.map((each) => ({
        ...each,
        function: { ...each.function, arguments: JSON.parse(each.function.arguments) as object },
      }));
      const printed = body.messages.at(-1)?.content.includes('stdout:\nfirst');
      const message = !body.tools
        ? { content: 'I see no tool.' }
        : printed
          ? { content: 'It printed "first".' }
          : { content: null, tool_calls: [calls[0], loose[1]] };
      const usage = { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 };
      const common = { id: 'x', created: 0, model: 'm' };
      if (!body.stream || !stream) {
        const choices = [
          { index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', ...message } },
        ];
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ ...common, object: 'chat.completion', choices, usage }));
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const send = (delta: object, finish_reason: string | null = null) =>
        response.write(
          `data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`,
        );
      for (const { index, id, type, function: called } of calls) {
        send({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: '' } }] });
        for (let at = 0; at < called.arguments.length; at += 7)
          send({ tool_calls: [{ index, function: { arguments: called.arguments.slice(at, at + 7) } }] });
      }
      send({}, 'tool_calls');
      response.end('data: [DONE]\n\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` };
}

const team = (url: string, more: string) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: x${more}}}
tasks: [{prompt: go}]
artifacts: {note: {path: note.txt, kind: text, checks: [lines == 3]}}
agents: {writer: {role: Write., produces: [note]}}
`;

test('what a server calls is run, in order, and stands in the log as fenced blocks do', async () => {
  const { server, asked, url } = await serving(false);
  const folder = folderWith({ 'a.baton.yaml': team(url, ', tool_calls: true') });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(JSON.parse(ran.stdout.trim().split('\n').at(-1)!)).toMatchObject({ summary: { success: 1 } });
  expect(asked[0]!.tools).toMatchObject([{ function: { name: 'python' } }]);
  const [run] = listRuns(folder);
  const tools = readLog(run!.rollout('run.task-1.0')).events.filter(({ type }) => type === 'tool.ran');
  expect(tools).toHaveLength(2);
  // Where nothing is said no tool is offered: another prompt than before would be another team.
  const plain = folderWith({ 'a.baton.yaml': team(url, '') });
  await runCli(plain, ['run']);
  expect(asked.at(-1)!.tools).toBeUndefined();
  server.close();
});

test('what a called program printed comes back before the message counts', async () => {
  const { server, asked, url } = await serving(false);
  const owing = team(url, ', tool_calls: true').replace(
    /artifacts: .*\nagents: .*/,
    `artifacts: {m: {kind: message}}
agents: {writer: {role: Write., tools: [python], max_turns: 3, produces: [m]}}`,
  );
  const folder = folderWith({ 'a.baton.yaml': owing });
  const ran = await runCli(folder, ['run', '--json']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(asked).toHaveLength(2);
  const checked = readLog(listRuns(folder)[0]!.rollout('run.task-1.0')).events.flatMap((event) =>
    event.type === 'artifact.checked' ? [event.data.facts.m?.text] : [],
  );
  expect(checked).toEqual([undefined, 'It printed "first".']);
  server.close();
});

test('calls that come in pieces are put together', async () => {
  const { server, url } = await serving(true);
  const policy = openaiPolicy({
    ...{ baseUrl: url, model: 'x', apiKey: null, timeoutSeconds: 30, tokens: false, toolCalls: true },
  });
  const asked = { messages: [], temperature: 0, topP: 1, maxTokens: 9, seed: 1, tools: ['python'] as const };
  const { text } = await policy.ask({
    ...asked,
    signal: new AbortController().signal,
    onText: () => undefined,
  });
  expect(text).toBe(`\`\`\`python\nprint("first")\n\`\`\`\n\n\`\`\`\`python\n${code}\n\`\`\`\``);
  server.close();
});
