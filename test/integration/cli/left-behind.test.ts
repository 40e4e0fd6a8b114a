// What a program leaves in its workspace ends no run.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readLog } from '../../../src/trace/index.js';
import { folderWith, programReplies, runCli } from './command.js';

const workflow = `baton: 1
models: {m: {provider: recorded, file: replies.jsonl}}
tasks: [{id: one, prompt: go}, {id: two, prompt: go}]
limits: {action: {disk_mb: 16}}
artifacts:
  note: {path: note.txt, kind: text}
agents:
  digger: {role: Dig., produces: [note], prompt: I am digger}
`;
const dig = `import os
open("note.txt", "w").write("here")
for i in range(40):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
for i in range(8): open(f"f{i}", "wb").write(bytes(4 << 20))`;

test('folders too deep for the host: every rollout comes to its end and nothing of them stays', async () => {
  const folder = folderWith({ 'a.baton.yaml': workflow, 'replies.jsonl': programReplies({ digger: dig }) });
  const ran = await runCli(folder, ['run', '--concurrency', '1', '--json']);
  expect(ran.stderr).not.toContain('ENAMETOOLONG');
  expect(ran.code, ran.stderr).toBeLessThan(3);
  const [run] = listRuns(folder);
  for (const task of ['one', 'two']) {
    const { events } = readLog(run!.rollout(`run.${task}.0`));
    expect(events.flatMap((event) => (event.type === 'tool.ran' ? [event.data.outcome] : []))).toContain(
      'disk limit',
    );
    expect(events.at(-1)).toMatchObject({ type: 'rollout.finished', data: { status: 'done' } });
  }
  expect(readdirSync(join(folder, '.cache/baton/work'))).toEqual([]);
});
