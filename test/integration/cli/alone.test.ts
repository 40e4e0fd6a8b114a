import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Blobs, RunFolder, readLog, stateAfter } from '../../../src/trace/index.js';
import { countingServer, folderWith, runCli, startCli } from './command.js';

/** Who was asked, in order. */
let asked: string[] = [];
const reply = ({ messages }: { messages: { content: string }[] }) => {
  const who = /^You are (\w+)/.exec(messages[0]!.content)![1]!;
  asked.push(who);
  const said = messages.at(-1)!.content;
  if (who === 'writer')
    return `\`\`\`python\nopen("draft.txt", "w").write("draft ${asked.length} of ${said.at(-1)}")\n\`\`\``;
  if (who === 'speaker') return 'It is written.';
  if (said.includes('forget')) return 'Nothing to do.';
  const program = said.includes('shorten') ? 'read()[-1:]' : 'read()';
  return `\`\`\`python\nopen("short.txt", "w").write(open("draft.txt").${program})\n\`\`\``;
};
const server = await countingServer(reply);
afterAll(() => void server.server.close());
beforeEach(() => {
  asked = [];
});

const workflow = (middle: string, tasks = ['a', 'b', 'c'], url = server.url) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m}}
tasks:
${tasks.map((id) => `  - {id: ${id}, prompt: the draft of ${id}}`).join('\n')}
artifacts:
  draft: {path: draft.txt, kind: text, checks: [words > 0]}
  short: {path: short.txt, kind: text, checks: [words == 1]}
  answer: {kind: message, checks: [words > 0]}
agents:
  writer: {role: Write., tools: [python], produces: [draft]}
  editor: {role: Edit., tools: [python], consumes: [draft], produces: [short], max_turns: 1, prompt: ${middle}}
  speaker: {role: Speak., consumes: [short], produces: [answer], prompt: say it}
`;

type Event = { event: string; run?: string; folder?: string; [key: string]: unknown };

async function run(
  folder: string,
  args: string[],
): Promise<{ code: number | null; events: Event[]; stderr: string }> {
  const { code, stdout, stderr } = await runCli(folder, ['run', '--json', '--concurrency', '1', ...args]);
  return {
    code,
    stderr,
    events: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event),
  };
}

/** How a refused run ends: exit code and message. */
async function refusal(folder: string, args: string[]): Promise<[number | null, string]> {
  const { code, stdout } = await runCli(folder, ['run', '--json', ...args]);
  return [code, (JSON.parse(stdout) as { error: { message: string } }).error.message];
}

const only = (events: Event[], name: string) => events.find(({ event }) => event === name)!;

/** What a rollout's workspace holds at its end. */
function files(folder: string, rollout: string): Record<string, string> {
  const run = new RunFolder(folder);
  const state = stateAfter(readLog(run.rollout(rollout)).events);
  const blobs = new Blobs(run.blobs);
  return Object.fromEntries([...state].map(([path, { sha256 }]) => [path, blobs.get(sha256).toString()]));
}

describe('one role alone', () => {
  test('acts anew with the text of today, and the others say again what they wrote', async () => {
    const folder = folderWith({ 'a.baton.yaml': workflow('repeat it') });
    const first = await run(folder, []);
    const like = only(first.events, 'run.started').folder!;
    // The editor broke all three, so that the speaker was handed a file of four words.
    expect(asked.sort()).toEqual([...'aaa'].flatMap(() => ['editor', 'speaker', 'writer']).sort());
    const drafts = ['a', 'b', 'c'].map((task) => files(like, `run.${task}.0`)['draft.txt']);

    asked = [];
    writeFileSync(join(folder, 'a.baton.yaml'), workflow('shorten it'));
    const second = await run(folder, ['--alone', 'editor']);
    expect(second.code, second.stderr).toBe(0);
    expect(asked).toEqual(['editor', 'editor', 'editor']);
    const now = only(second.events, 'run.started').folder!;
    expect(['a', 'b', 'c'].map((task) => files(now, `run.${task}.0`))).toEqual(
      drafts.map((draft) => ({ 'draft.txt': draft, 'short.txt': draft!.slice(-1) })),
    );
    expect(only(second.events, 'alone')).toMatchObject({
      role: 'editor',
      before: { rollouts: 3, success: 0, broke: 3 },
      now: { rollouts: 3, success: 1, broke: 0 },
    });
  });
  test('a role is asked where it said nothing then; rollouts in which nothing was handed over are left out', async () => {
    const folder = folderWith({ 'a.baton.yaml': workflow('forget it', ['a']) });
    await run(folder, []);
    expect(asked).toEqual(['writer', 'editor']);
    expect(await refusal(folder, ['--alone', 'speaker'])).toEqual([
      2,
      expect.stringMatching(
        /^speaker was never asked in \S+: what it takes was never handed over. .* baton why /,
      ),
    ]);

    asked = [];
    writeFileSync(join(folder, 'a.baton.yaml'), workflow('shorten it', ['a']));
    const editor = await run(folder, ['--alone', 'editor', '--samples', '2']);
    expect(asked).toEqual(['editor', 'speaker', 'editor', 'speaker']);
    const now = new RunFolder(only(editor.events, 'run.started').folder!);
    const calls = readLog(now.rollout('run.a.1')).events.flatMap((event) =>
      event.type === 'model.called' ? [event.data] : [],
    );
    expect(calls.map(({ action, policy, copied = false }) => [action, policy, copied])).toEqual([
      ['writer.0.0', 'repeated', true],
      ['editor.0.0', 'm', false],
      ['speaker.0.0', 'm', false],
    ]);
    // What nobody wrote here is nothing to learn from.
    const { stdout } = await runCli(folder, ['export', now.path, '--as', 'sft']);
    expect(stdout).not.toMatch(/"role":"writer"/);
  });

  test('goes on after a kill with what it had, also where the earlier run is gone', async () => {
    let goOn = () => {};
    const until = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = await countingServer(reply, 0, until);
    const folder = folderWith({ 'a.baton.yaml': workflow('repeat it') });
    const first = await run(folder, []);
    writeFileSync(join(folder, 'a.baton.yaml'), workflow('shorten it', undefined, slow.url));
    asked = [];
    const { child, ended } = startCli(folder, ['run', '--json', '--alone', 'editor', '--limit', '2']);
    while (slow.calls() < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    await ended;
    rmSync(only(first.events, 'run.started').folder!, { recursive: true });
    goOn();
    asked = [];
    const { code, stdout, stderr } = await runCli(folder, ['resume', '--json']);
    slow.server.close();
    expect(code, stderr).toBe(0);
    expect(asked).toEqual(['editor', 'editor']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    expect(only(events, 'alone')).toMatchObject({
      before: { rollouts: 2, broke: 2 },
      now: { rollouts: 2, broke: 0 },
    });
  });

  test.each([
    [['--alone', 'painter'], 2, 'There is no role "painter"; the workflow has writer, editor, speaker.'],
    [['--like', 'last'], 2, '--like needs --alone: the role that acts anew.'],
    [['--alone', 'editor'], 2, /^There is no run under .*start one with: baton run$/],
  ])('%j is refused', async (args, code, message) => {
    const folder = folderWith({ 'a.baton.yaml': workflow('repeat it') });
    expect(await refusal(folder, args)).toEqual([
      code,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
  });

  test('tasks that the workflow no longer has are left out, and said where none is left', async () => {
    const folder = folderWith({ 'a.baton.yaml': workflow('repeat it', ['a']) });
    await run(folder, []);
    writeFileSync(join(folder, 'a.baton.yaml'), workflow('repeat it', ['b']));
    expect(await refusal(folder, ['--alone', 'editor'])).toEqual([
      2,
      expect.stringMatching(/has no rollout of a task that is chosen here/),
    ]);
  });
});
