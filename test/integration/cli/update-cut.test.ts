// An update that takes longer than the run may: the run ends then, and not when the engine is done with it.
import { cpSync, mkdtempSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listRuns, readLog, sittingSeconds } from '../../../src/trace/index.js';
import { startCli } from './command.js';

const sizes = ['--steps', '1', '--rollouts', '6', '--eval-tasks', '1', '--select-tasks', '1'];

/** A way to an engine on which updates get no answer while `hangs` says so. */
async function between(engine: string, hangs: () => boolean) {
  const seen = { updates: 0, next: () => {} };
  const server = createServer((asked, reply) => {
    const { method, headers, url } = asked;
    if (url === '/baton/v1/update') {
      seen.updates += 1;
      seen.next();
      if (hangs()) return;
    }
    const there = request(new URL(url!, engine), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    asked.pipe(there.on('error', () => reply.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { seen, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('a cancel and the end of the minutes both end an update, which the run then makes when it goes on', {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-update-'));
  cpSync(join(import.meta.dirname, '../../../media/templates/table-team'), folder, { recursive: true });
  const engine = startCli(
    folder,
    ['engine', '--dir', join(folder, 'weights'), '--backend', 'wasm'],
    {},
    'pipe',
  );
  const said = await new Promise<string>((resolve) =>
    engine.child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { url, token } = JSON.parse(said.split('\n')[0]!) as { url: string; token: string };
  let hangs = true;
  const way = await between(url, () => hangs);
  const env = { BATON_ENGINE_AT: JSON.stringify({ url: way.url, token }) };

  const first = startCli(folder, ['train', ...sizes], env);
  await Promise.race([new Promise<void>((resolve) => (way.seen.next = resolve)), first.ended]);
  const asked = performance.now();
  first.child.kill('SIGTERM');
  const cancelled = await first.ended;
  expect([cancelled.code, way.seen.updates], cancelled.stderr).toEqual([130, 1]);
  expect(performance.now() - asked).toBeLessThan(10_000);

  const [run] = listRuns(folder);
  const used = sittingSeconds(readLog(run!.log).events);
  const minutes = String((used + 15) / 60);
  const cut = await startCli(folder, ['resume', '--minutes', minutes], env).ended;
  expect([cut.code, way.seen.updates], cut.stdout + cut.stderr).toEqual([4, 2]);
  expect(cut.stdout).toContain(`the budget is spent: limits.minutes ${minutes}`);
  expect(cut.stdout).toMatch(/Go on with a higher one: baton resume \S+ --minutes/);
  expect(sittingSeconds(readLog(run!.log).events) - used).toBeLessThan(25);

  hangs = false;
  const whole = await startCli(folder, ['resume', '--minutes', '60'], env).ended;
  expect(whole.code, whole.stderr).toBe(0);
  const updates = readLog(run!.log).events.filter(({ type }) => type === 'training.update');
  expect(updates).toHaveLength(3);
  engine.child.stdin!.end();
  await engine.ended;
  way.server.closeAllConnections();
  way.server.close();
});
