import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderWith, runCli } from './command.js';

const workflow = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: {from: tasks.jsonl}
artifacts: {note: {path: note.txt, kind: text, checks: [words > 1]}}
agents: {writer: {role: Write., produces: [note], tools: [python], max_turns: 1}}
`;
const reply = '```python\nopen("note.txt", "w").write("two words")\n```';
let own: string;
let clone: string;
let asked: string;
let env: Record<string, string>;
beforeAll(() => {
  own = folderWith({
    'a.baton.yaml': workflow,
    'tasks.jsonl': '{"id": "sea", "prompt": "the sea"}\n',
    'replies.jsonl': `${JSON.stringify({ reply })}\n`,
    'reply.md': reply,
  });
  env = { XDG_CACHE_HOME: mkdtempSync(join(tmpdir(), 'baton-cache-')) };
  asked = join(own, 'asked');
});
afterAll(() =>
  [own, clone, env.XDG_CACHE_HOME!].map((path) => rmSync(path, { recursive: true, force: true })),
);

/** A Python of the user's, which says in a file that it was started. */
function interpreter(): string {
  const path = join(own, 'my-python');
  writeFileSync(path, `#!/bin/sh\necho asked >> '${asked}'\nexec python3 "$@"\n`, { mode: 0o755 });
  return path;
}

const times = () => (existsSync(asked) ? readFileSync(asked, 'utf8').split('\n').length - 1 : 0);
const fork = (folder: string) => {
  const [run] = readdirSync(join(folder, '.baton/runs'));
  return runCli(folder, ['fork', run!, 'run.sea.0', 'writer.0.0', '--reply', 'reply.md'], env);
};

test('what a user chose for a run holds when it is forked or gone on with here', async () => {
  const ran = await runCli(own, ['run', '--sandbox', 'none', '--python', interpreter()], env);
  expect(ran.code, ran.stderr).toBe(0);
  const before = times();
  expect(before).toBeGreaterThan(0);
  const forked = await fork(own);
  expect(forked.code, forked.stderr).toBe(0);
  expect(times()).toBeGreaterThan(before);
  expect(forked.stderr).not.toContain('not followed');
});

test('a run that came from elsewhere chooses neither interpreter nor confinement, nor which folder is read', async () => {
  clone = mkdtempSync(join(tmpdir(), 'baton-clone-'));
  cpSync(own, clone, { recursive: true });
  const [run] = readdirSync(join(clone, '.baton/runs'));
  const path = join(clone, '.baton/runs', run!, 'run.json');
  const info = JSON.parse(readFileSync(path, 'utf8')) as { file: string; sandbox: { level: string } };
  expect(info.sandbox.level).toBe('none');
  // Where it says that it lay has no tasks.jsonl; the one beside the run is read.
  writeFileSync(path, JSON.stringify({ ...info, file: '/etc/a.baton.yaml' }));
  const before = times();
  const forked = await fork(clone);
  expect(forked.code, forked.stderr).toBe(0);
  expect(forked.stderr).toMatch(/says --sandbox none and --python .*my-python; you did not start it here/);
  const again = await runCli(clone, ['resume', run!], env);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain('that is not followed');
  expect(times()).toBe(before);
  // A flag of now is the user's own word.
  const said = await runCli(clone, ['resume', run!, '--sandbox', 'none'], env);
  expect(said.stderr).toMatch(/The run's folder says --python \S*my-python; you/);
});
