// An engine that goes on but answers no call: a training ends there, rather than learn from rollouts that nobody carried.
import { expect, test } from 'vitest';
import { listRuns, RolloutPages, readLog } from '../../../src/trace/index.js';
import { folderWith, startCli } from './command.js';
import { engineBetween, hopeless } from './engine-between.js';

const sizes = ['--steps', '1', '--rollouts', '4', '--eval-tasks', '2', '--select-tasks', '2'];

test('a training ends where its engine answers nothing, in a measurement and in a step, and goes on when it does', {
  timeout: 240_000,
}, async () => {
  const folder = folderWith({ 'a.baton.yaml': hopeless });
  let fails = () => true;
  const { env, end } = await engineBetween(folder, (asked, reply) => {
    if (asked.url !== '/v1/chat/completions' || !fails()) return false;
    const error = { code: 'engine.failed', message: 'the kernel is out of order', type: 'engine' };
    asked.resume().on('end', () => reply.writeHead(500).end(JSON.stringify({ error })));
    return true;
  });
  const events = () => readLog(listRuns(folder)[0]!.log).events;
  const measured = () =>
    events().flatMap((event) =>
      event.type === 'evaluation' ? [`${event.data.split}/${event.data.name}`] : [],
    );

  const first = await startCli(folder, ['train', ...sizes], env).ended;
  expect(first.code, first.stdout + first.stderr).toBe(3);
  expect(first.stderr).toMatch(
    /base on test: all 2 rollouts failed, of no agent's doing: .*the kernel is out of order.*\n.*baton resume/,
  );
  expect(measured()).toEqual([]);

  fails = () => measured().includes('select/base');
  const second = await startCli(folder, ['resume'], env).ended;
  expect(second.code, second.stdout + second.stderr).toBe(3);
  expect(second.stderr).toMatch(/step 1\/1: all 4 rollouts failed, of no agent's doing: .*out of order/);
  expect(measured()).toEqual(['test/base', 'select/base']);
  expect(events().some(({ type }) => type === 'training.step')).toBe(false);

  fails = () => false;
  const whole = await startCli(folder, ['resume'], env).ended;
  expect(whole.code, whole.stdout + whole.stderr).toBe(0);
  expect(events().filter(({ type }) => type === 'training.step')).toHaveLength(1);
  const rows = new RolloutPages(listRuns(folder)[0]!).all();
  expect(rows.map(({ status }) => status)).toEqual(rows.map(() => 'done'));
  expect(new Set(rows.map(({ rollout }) => rollout)).size).toBe(rows.length);
  await end();
});
