import { afterAll, expect, test } from 'vitest';
import { countingServer, folderWith, runCli } from './command.js';

const said: Record<string, string> = {
  first: 'one and one',
  second: 'two and two',
  third: 'three and three',
};
const role = (text: string) => /You are (\w+)/.exec(text)![1]!;
const seen: Record<string, string> = {};
const server = await countingServer(({ messages }) => {
  const [system, user] = messages.map(({ content }) => content);
  seen[role(system!)] = user!;
  return said[role(system!)]!;
});
afterAll(() => server.server.close());

const team = (context: string) => `baton: 1
models: {m: {provider: openai, base_url: "${server.url}", model: m}}
tasks: [{prompt: Count.}]
artifacts: {a: {kind: message}, b: {kind: message}, c: {kind: message}}
agents:
  first: {role: Begin., produces: [a]}
  second: {role: Go on., consumes: [a], produces: [b]}
  third: {role: End., consumes: [b], produces: [c]${context}}
`;

test.each([
  ['', 'Count.\n\nfirst wrote:\none and one\n\nsecond wrote:\ntwo and two'],
  [', context: full', 'Count.\n\nfirst wrote:\none and one\n\nsecond wrote:\ntwo and two'],
  [', context: previous', 'Count.\n\nsecond wrote:\ntwo and two'],
])('an agent with "%s" sees of what the others said', async (context, wanted) => {
  const ran = await runCli(folderWith({ 'a.baton.yaml': team(context) }), ['run']);
  expect(ran.code, ran.stderr).toBe(0);
  expect(seen.third).toBe(wanted);
  expect(seen.first).toBe('Count.');
});
