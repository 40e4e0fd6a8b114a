import { describe, expect, it } from 'vitest';
import { groupsOf } from '../../../src/rollout/batch.js';
import { specOf } from '../../../src/rollout/index.js';
import { type BatchMark, type Called, Lockstep } from '../../../src/rollout/lockstep.js';
import type { Flow, Task } from '../../../src/workflow/index.js';

const call = (action: string, policy = 'a@v1') => ({ action, policy }) as Called;

function group(size: number, abort = new AbortController()) {
  const again: string[] = [];
  const lockstep = new Lockstep('g', size, abort.signal, ({ action }, { id, size }) =>
    again.push(`${action} in ${id} of ${size}`),
  );
  return { again, paces: Array.from({ length: size }, (_, at) => lockstep.pace(at)), abort };
}

/** Whether a promise is settled, after everything that could settle it now has run. */
async function open(turn: Promise<BatchMark>): Promise<boolean> {
  const still = Symbol();
  await new Promise((resolve) => setImmediate(resolve));
  return (await Promise.race([turn, still])) === still;
}

describe('a lockstep', () => {
  it('holds a call until every rollout has come to its own, and counts each policy apart', async () => {
    const { paces, again } = group(3);
    for (const pace of paces) pace.begin([]);
    const first = paces[0]!.turn('a@v1');
    const second = paces[1]!.turn('a@v1');
    expect(await open(first)).toBe(true);
    const third = paces[2]!.turn('b@v1');
    expect(await Promise.all([first, second, third])).toEqual([
      { id: 'g/0', size: 2 },
      { id: 'g/0', size: 2 },
      { id: 'g/0', size: 1 },
    ]);
    expect(again).toEqual([]);
  });

  it('does not wait for a rollout that has ended, nor start before all have begun', async () => {
    const { paces } = group(3);
    paces[0]!.begin([]);
    paces[1]!.begin([]);
    const first = paces[0]!.turn('a@v1');
    paces[1]!.end();
    expect(await open(first)).toBe(true);
    paces[2]!.end();
    expect(await first).toEqual({ id: 'g/0', size: 1 });
    expect(await paces[0]!.turn('a@v1')).toEqual({ id: 'g/1', size: 1 });
  });

  it('sends calls on record again only in a round that is not whole', async () => {
    const { paces, again } = group(3);
    // Killed in its second round: one rollout is over, one was answered, one was not.
    paces[0]!.begin([call('a.0.0')]);
    paces[0]!.end();
    paces[1]!.begin([call('a.0.0'), call('b.0.0', 'b@v1')]);
    paces[2]!.begin([call('a.0.0')]);
    expect(await paces[2]!.turn('b@v1')).toEqual({ id: 'g/1', size: 2 });
    expect(again).toEqual(['b.0.0 in g/1 of 2']);
    const next = [paces[1]!.turn('c@v1'), paces[2]!.turn('c@v1')];
    expect(await Promise.all(next)).toEqual([
      { id: 'g/2', size: 2 },
      { id: 'g/2', size: 2 },
    ]);
    expect(again).toHaveLength(1);
  });

  it('keeps the company that a finished rollout was', async () => {
    const { paces, again } = group(2);
    paces[0]!.begin([call('a.0.0')]);
    paces[0]!.end();
    paces[1]!.begin([]);
    expect(await paces[1]!.turn('a@v1')).toEqual({ id: 'g/0', size: 2 });
    expect(again).toEqual(['a.0.0 in g/0 of 2']);
  });

  it('lets nobody wait once the run is stopped', async () => {
    const { paces, abort } = group(2);
    paces[0]!.begin([]);
    paces[1]!.begin([]);
    const first = paces[0]!.turn('a@v1');
    abort.abort(new Error('stopped'));
    await expect(first).rejects.toThrow('stopped');
    await expect(paces[1]!.turn('a@v1')).rejects.toThrow('stopped');
  });
});

describe('groups', () => {
  const specs = Array.from({ length: 10 }, (_, at) => specOf({ id: `t${at}` } as Task, 0, 's', {}));
  const agent: Flow = { is: 'agent', agent: 'a' };
  const sizes = (flow: Flow, together: number | undefined, concurrency: number) =>
    groupsOf(specs, { together, workflow: { flow } }, concurrency).map((group) => group.length);

  it('are as large as is asked, and never larger than what may run at a time', () => {
    expect(sizes(agent, 4, 48)).toEqual([4, 4, 2]);
    expect(sizes({ is: 'sequence', steps: [agent] }, 4, 3)).toEqual([3, 3, 3, 1]);
    expect(sizes(agent, undefined, 48)).toEqual(Array(10).fill(1));
  });

  it('are of one where agents work side by side', () => {
    expect(sizes({ is: 'sequence', steps: [{ is: 'parallel', arms: [agent] }] }, 4, 48)).toHaveLength(10);
  });
});
