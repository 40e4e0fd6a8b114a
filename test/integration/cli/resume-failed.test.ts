import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RolloutPages, RunFolder, readLog } from '../../../src/trace/index.js';
import { countingServer, folderWith, runCli } from './command.js';

const workflow = (url: string) => `baton: 1
models: {m: {provider: openai, base_url: "${url}", model: m, timeout: 2}}
tasks: [{prompt: alpha}, {prompt: beta}, {prompt: gamma}]
artifacts: {note: {kind: message, checks: [words > 0]}, answer: {kind: message}}
agents:
  reader: {role: I read., produces: [note]}
  writer: {role: I write., consumes: [note], produces: [answer]}
`;

const lastOf = (said: string) => JSON.parse(said.trim().split('\n').at(-1)!) as Record<string, never>;

test('rollouts that failed while the server was down are carried again, and nothing answered is bought again', {
  timeout: 90_000,
}, async () => {
  // It is gone for the writers of two of the tasks.
  let down = true;
  const gone = (said: string) => down && said.includes('I write.') && !said.includes('alpha');
  const asked: string[] = [];
  const server = await countingServer(({ messages }) => {
    const said = messages.map(({ content }) => content).join('\n');
    if (gone(said)) return null;
    asked.push(said);
    return `noted: ${messages.at(-1)!.content.slice(0, 40)}`;
  });
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const first = await runCli(folder, ['run']);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain("2 rollouts failed, of no agent's doing:");
  const left = "2 failed of no agent's doing and are left out";
  expect(first.stdout).toContain(`1 rollout, 100 % succeeded; ${left}`);
  const [, name] = /when that is mended: baton resume (\S+) --failed/.exec(first.stdout)!;
  expect(asked).toHaveLength(4);
  const why = await runCli(folder, ['why']);
  expect(why.stdout).toContain(`when that is mended: baton resume ${name} --failed`);

  const compared = await runCli(folder, ['compare', name!, name!]);
  expect(compared.stdout).toContain("2 rollouts failed, of no agent's doing:");
  expect(compared.stdout).toContain(`${left} above; when that is mended: baton resume ${name} --failed`);
  expect(compared.stdout).toMatch(/success +100 %/);
  const listed = await runCli(folder, ['runs']);
  expect(listed.stdout).toContain(`${name}: ${left}`);
  expect(listed.stdout).toMatch(/1 +100 %/);

  // Unasked they stay as they are.
  const plain = await runCli(folder, ['resume', name!, '--json']);
  expect(lastOf(plain.stdout)).toMatchObject({
    summary: { rollouts: 1, lost: 2, success: 1 },
    failed: [{}],
  });
  // It is still down: they fail once more, and there is one row of each.
  const still = await runCli(folder, ['resume', name!, '--failed', '--json']);
  expect(lastOf(still.stdout)).toMatchObject({ summary: { rollouts: 1, lost: 2 }, failed: [{}] });
  expect(asked).toHaveLength(4);

  down = false;
  const again = await runCli(folder, ['resume', name!, '--failed', '--json']);
  expect(again.code, again.stderr).toBe(0);
  expect(lastOf(again.stdout)).toMatchObject({ summary: { rollouts: 3, success: 1 }, failed: [] });
  // Two writers were asked, and nobody else.
  expect(asked.slice(4).map((said) => said.includes('I write.'))).toEqual([true, true]);

  const run = new RunFolder(join(folder, '.baton/runs', name!));
  expect(new RolloutPages(run).all().map(({ status }) => status)).toEqual(['done', 'done', 'done']);
  const logs = readdirSync(join(run.path, 'rollouts')).map((log) => readLog(join(run.path, 'rollouts', log)));
  expect(logs.flatMap(({ damage }) => damage)).toEqual([]);
  const events = logs.flatMap((log) => log.events);
  expect(events.filter(({ type }) => type === 'model.called')).toHaveLength(6);
  const shown = await runCli(folder, ['show', name!]);
  expect(shown.stdout).toContain('3 rollouts ended');
  expect(shown.stdout).toContain('3 rollouts, 100 % succeeded');
  // Who follows it sees every sitting, not only the first that came to its end.
  const followed = await runCli(folder, ['follow', name!, '--json']);
  expect(followed.code, followed.stderr).toBe(0);
  expect(lastOf(followed.stdout)).toMatchObject({ type: 'run.finished', data: { summary: { success: 1 } } });
  const none = await runCli(folder, ['resume', name!, '--failed']);
  expect(none.stderr).toContain('No rollout has failed');
  expect(asked).toHaveLength(6);
  server.server.close();
});

test('a cap holds over both sittings, and what it cut is gone on with', { timeout: 60_000 }, async () => {
  let down = true;
  const server = await countingServer(({ messages }) =>
    down && messages.some(({ content }) => content.includes('I write.')) ? null : 'noted',
  );
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  const first = await runCli(folder, ['run', '--json']);
  expect(lastOf(first.stdout)).toMatchObject({ failed: [{}] });
  down = false;
  const came = server.calls();
  const cut = await runCli(folder, ['resume', '--failed', '--calls', String(came + 1), '--json']);
  expect(cut.code).toBe(4);
  expect(server.calls() - came).toBe(1);
  // The two that were taken up and cut are open, not failed.
  const rest = await runCli(folder, ['resume', '--calls', String(came + 3), '--json']);
  expect(rest.code, rest.stderr).toBe(0);
  expect(lastOf(rest.stdout)).toMatchObject({ summary: { rollouts: 3, success: 1 }, failed: [] });
  expect(server.calls() - came).toBe(3);
  server.server.close();
});

/** Cut a run's log as a kill leaves it: nothing after its last event of a type. */
function cutAfter(path: string, type: string): void {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const last = lines.findLastIndex((line) => line.includes(`"type":"${type}"`));
  writeFileSync(
    path,
    lines
      .slice(0, last + 1)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

test('what a killed sitting left open is said, and a second failure on record is not carried again unasked', {
  timeout: 90_000,
}, async () => {
  let down = true;
  const server = await countingServer(({ messages }) => {
    const said = messages.map(({ content }) => content).join('\n');
    return down && said.includes('I write.') && !said.includes('alpha') ? null : 'noted';
  });
  const folder = folderWith({ 'a.baton.yaml': workflow(server.url) });
  expect((await runCli(folder, ['run'])).code).toBe(0);
  const again = await runCli(folder, ['resume', '--failed']);
  expect(again.code, again.stderr).toBe(0);
  const name = readdirSync(join(folder, '.baton/runs'))[0]!;
  const run = new RunFolder(join(folder, '.baton/runs', name));
  cutAfter(run.log, 'rollout.reopened');

  const said = '2 rollouts are open, taken up again and not counted here; go on with: baton resume';
  for (const look of [['runs'], ['why'], ['show', name]])
    expect((await runCli(folder, look)).stdout).toContain(said);
  expect((await runCli(folder, ['export', '--as', 'csv'])).stderr).toContain(said);
  expect(new RolloutPages(run).open()).toHaveLength(2);

  down = false;
  const came = server.calls();
  const plain = await runCli(folder, ['resume', name, '--json']);
  expect(plain.code, plain.stderr).toBe(0);
  expect(lastOf(plain.stdout)).toMatchObject({ summary: { rollouts: 1, lost: 2 }, failed: [{}] });
  expect(server.calls()).toBe(came);
  expect((await runCli(folder, ['why'])).stdout).not.toContain('open');

  // The same kill, and now it is asked for.
  cutAfter(run.log, 'rollout.reopened');
  const asked = await runCli(folder, ['resume', name, '--failed', '--json']);
  expect(lastOf(asked.stdout)).toMatchObject({ summary: { rollouts: 3, success: 1 }, failed: [] });
  expect(server.calls()).toBe(came + 2);
  server.server.close();
});
