import { describe, expect, test } from 'vitest';
import { dashboardSchema, toHost } from '../../../src/editor/protocol/training.js';
import { alarmsOf } from '../../../src/editor/training/alarms.js';
import { chartsOf } from '../../../src/editor/training/charts.js';
import { standing } from '../../../src/editor/training/checkpoints.js';
import { coachOf, type JudgedAction } from '../../../src/editor/training/coach.js';
import { dashboardOf } from '../../../src/editor/training/dashboard.js';
import { TrainingHistory } from '../../../src/editor/training/history.js';
import { type Happening, type LogEvent, pauses } from '../../../src/trace/index.js';
import { aligned, told } from '../../../webview/training/values.js';

let seq = 0;
const event = (happening: Happening): LogEvent => ({ ...happening, seq: seq++, at: 0, prev: '', sum: '' });

function ended(
  step: string,
  group: string,
  stratum: string,
  score: number | null,
  success: boolean,
): LogEvent {
  return event({
    type: 'rollout.ended',
    data: {
      rollout: `${step}.${group}-0.0`,
      task: `${group}-0`,
      stratum,
      group,
      sample: 0,
      step,
      status: 'done',
      outcome: { success, metrics: {}, why: null },
      scores: [
        { action: 'writer.0.0', agent: 'writer', score, code: null, blamed: null, diagnosis: '', file: null },
      ],
      repaired: { failed: 0, repaired: 0 },
      head: '',
      seconds: 1,
    },
  });
}

function stepped(
  step: number,
  role: Record<string, unknown> = {},
  activity: Record<string, unknown> = {},
): LogEvent {
  const report = {
    seconds: { sampling: 3, training: 1 },
    roles: [
      {
        ...{ role: 'writer', skipped: null, samples: 4, masked: 0, referenceKl: 0, approximateKl: 0.01 },
        ...{ clipFraction: 0.05, gradientNorm: 1, behaviourGap: 0 },
        ...role,
      },
    ],
    activity: { writer: { length: 40, truncated: 0, ...activity } },
  };
  return event({ type: 'training.step', data: { step, report: report as never } });
}

function saved(name: string, step: number, rank: number, policy: string): LogEvent {
  return event({
    type: 'checkpoint.saved',
    data: { step, name, rank, policies: { writer: policy }, hashes: {} },
  });
}

const historyOf = (...events: LogEvent[]) => {
  const history = new TrainingHistory();
  for (const each of events) history.add(each);
  return history;
};

describe('a training run as curves', () => {
  const history = historyOf(
    ended('train-0001', 'a', 'x', 2, false),
    ended('train-0001', 'b', 'x', 4, true),
    ended('train-0001', 'c', 'y', 6, true),
    ended('train-0001', 'd', 'y', null, true),
    stepped(0),
    ended('train-0002', 'a', 'x', 8, true),
  );

  test('a step has means and intervals over its tables; one that is not whole is left out', () => {
    const charts = chartsOf(history, ['writer'], ['x', 'y']);
    const of = (id: string, name: string, stratum: string | null = null) =>
      charts
        .find((chart) => chart.id === id)!
        .lines.find((line) => line.name === name && line.stratum === stratum)!.points;
    expect(of('success', 'all')).toHaveLength(1);
    expect(of('success', 'all')[0]!.value).toMatchObject({ mean: 0.75, n: 4 });
    expect(of('success', 'all')[0]!.value.low).toBeLessThan(0.75);
    expect(of('success', 'x', 'x')[0]!.value.mean).toBe(0.5);
    // The unscored action counts in no mean.
    expect(of('reward', 'writer')[0]!.value).toMatchObject({ mean: 4, n: 3 });
    // One table alone has no interval, and JSON has no infinity.
    expect(of('reward', 'writer', 'y')[0]!.value).toEqual({ mean: 6, low: null, high: null, n: 1 });
    expect(charts.find(({ id }) => id === 'kl')!.title).toBe('KL of each update');
    expect(history.batch).toEqual({ name: 'train-0002', ended: 1 });
  });

  test('reply length has its interval over tables where the log has one; an update is one number', () => {
    const lengths = { mean: 42, low: 30, high: 54, n: 5 };
    // Of one table there is no interval: JSON has no infinity.
    const alone = { mean: 44, low: null, high: null, n: 1 };
    const charts = chartsOf(
      historyOf(stepped(0), stepped(1, {}, { lengths }), stepped(2, {}, { lengths: alone })),
      ['writer'],
      [],
    );
    const of = (id: string) =>
      charts.find((chart) => chart.id === id)!.lines[0]!.points.map(({ value }) => value);
    expect(of('length')).toEqual([{ mean: 40, low: null, high: null, n: 1 }, lengths, alone]);
    expect(of('clip')).toEqual(Array(3).fill({ mean: 0.05, low: null, high: null, n: 1 }));
    const says = (id: string) => charts.find((chart) => chart.id === id)!.says;
    expect(says('length')).toContain('interval over tables');
    expect([says('kl'), says('clip')]).toEqual(Array(2).fill(expect.stringContaining('one number a step')));
  });

  test('a fork counts in nothing', () => {
    const fork = ended('train-0002', 'z', 'x', 0, false);
    if (fork.type === 'rollout.ended') fork.data.branch = 'fork-1';
    expect(historyOf(fork).batch).toBeNull();
  });

  test('a rollout that is taken up again counts once', () => {
    const [a, b] = [ended('train-0001', 'a', 'x', null, false), ended('train-0001', 'b', 'x', 4, true)];
    const again = event({ type: 'rollout.reopened', data: { rollout: 'train-0001.a-0.0' } });
    const history = historyOf(a, b, again);
    expect(history.batch).toEqual({ name: 'train-0001', ended: 1 });
    for (const each of [ended('train-0001', 'a', 'x', 8, true), stepped(0)]) history.add(each);
    expect(history.steps.get(1)!.all).toMatchObject({ rollouts: 2, success: { mean: 1 } });
  });

  test('a report that is none is passed over', () => {
    expect(
      historyOf(event({ type: 'training.step', data: { step: 0, report: 'nonsense' } })).steps.size,
    ).toBe(0);
  });
});

describe('a paused run', () => {
  const shown = (pausedFor: string | null) =>
    dashboardOf(
      {
        key: 'k',
        folder: { name: 'r' },
        state: () => (pausedFor === null ? 'running' : 'paused'),
        pausedFor,
      },
      historyOf(stepped(0)),
      { steps: 2, acting: new Map(), coach: null },
    );
  test('by hand, it can go on', () => {
    expect(shown(pauses.byHand)).toMatchObject({
      waits: false,
      phase: 'Paused after step 1 of 2: rollouts wait before their next action',
    });
    expect(shown(null)).toMatchObject({ waits: false, state: 'running' });
  });
  test('for want of the editor, that is said, and nothing is offered to continue', () => {
    expect(shown(pauses.editor)).toMatchObject({
      waits: true,
      phase: expect.stringMatching(
        /^Waiting for models of the editor after step 1 of 2: it goes on by itself/,
      ),
    });
  });
});

describe('checkpoints', () => {
  test('the best is marked with its reason, and who acts with which is said', () => {
    const history = historyOf(
      saved('base', 0, 0.5, 'writer@v0'),
      saved('step-2', 2, 0.7, 'writer@v8'),
      saved('step-4', 4, 0.65, 'writer@v16'),
    );
    const found = standing(history, 'run-1', new Map([['writer', { run: 'run-1', checkpoint: 'step-4' }]]));
    expect(found.map(({ name, best, roles, acting }) => [name, best, roles, acting])).toEqual([
      ['base', false, [], []],
      ['step-2', true, ['writer'], []],
      ['step-4', false, ['writer'], ['writer']],
    ]);
    expect(found[1]!.why).toBe('Best on select: 0.700, 0.200 above the untrained team.');
    expect(found[2]!.why).toBe('0.050 behind step-2');
  });

  test('where no step is better than the untrained team, that is said', () => {
    const found = standing(
      historyOf(saved('base', 0, 0.5, 'writer@v0'), saved('step-2', 2, 0.5, 'writer@v8')),
      'r',
      new Map(),
    );
    expect(found[0]).toMatchObject({
      best: true,
      why: expect.stringContaining('no training step is better'),
    });
  });
});

describe('alarms', () => {
  const cases: [string, Record<string, unknown>, RegExp][] = [
    ['role.skipped', { skipped: 'all rewards are equal' }, /writer learned nothing: all rewards are equal/],
    ['samples.masked', { masked: 3 }, /75 % of the actions/],
    ['clip.high', { clipFraction: 0.4 }, /40 % of the tokens/],
    ['sampler.differs', { behaviourGap: 0.25 }, /0\.25 nats/],
  ];
  test.each(cases)('%s', (code, role, words) => {
    const found = alarmsOf(historyOf(stepped(0, role), stepped(1, role)));
    expect(found).toEqual([{ code, message: expect.stringMatching(words), step: 2 }]);
    expect(found[0]!.message).toContain('(in 2 steps)');
  });

  test('a quiet run has none, and the log’s own are shown', () => {
    expect(alarmsOf(historyOf(stepped(0)))).toEqual([]);
    const alarm = event({ type: 'alarm', data: { code: 'strata.diverge', message: 'Strata drift apart' } });
    expect(alarmsOf(historyOf(stepped(0), alarm))).toEqual([
      { code: 'strata.diverge', message: 'Strata drift apart', step: 1 },
    ]);
  });
});

describe('the coach', () => {
  const action = (at: number, score: number | null): JudgedAction => ({
    ...{ rollout: `r${at}`, role: at % 2 ? 'writer' : 'reader', stratum: 'x', group: `g${at % 3}` },
    ...{ score, length: 10 * at + 10 },
  });
  test('scores are counted by role and by length, null ones apart', () => {
    const found = coachOf(
      Array.from({ length: 16 }, (_, at) => action(at, at === 0 ? null : Math.min(10, at))),
      [],
    );
    expect(found.byRole.map(({ name }) => name)).toEqual(['reader', 'writer']);
    expect(found.byRole[0]!.none).toBe(1);
    expect(found.byRole.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count)).toBe(15);
    expect(found.byLength.map(({ name }) => name)[0]).toBe('10 to 40 tokens');
    expect(found.lengthCorrelation).toBeGreaterThan(0.9);
  });

  test('scores that are all alike correlate with nothing', () => {
    expect(
      coachOf(
        Array.from({ length: 16 }, (_, at) => action(at, 5)),
        [],
      ).lengthCorrelation,
    ).toBeNull();
  });

  test('agreement counts those that both have scored', () => {
    const review = (coach: number | null, person: number | null) => ({
      ...{
        rollout: 'r',
        action: 'writer.0.0',
        role: 'writer',
        coach,
        person,
        author: 'me',
        reason: 'because',
      },
    });
    const { agreement } = coachOf([], [review(8, 8), review(9, 4), review(null, 3), review(7, null)]);
    expect(agreement).toMatchObject({ both: 2, within: 0.5, bias: 2.5 });
  });
});

test('both ends refuse what is not theirs', () => {
  expect(toHost.safeParse({ type: 'steer', how: 'delete' }).success).toBe(false);
  expect(toHost.safeParse({ type: 'promote', checkpoint: 'step-2', role: null }).success).toBe(true);
  expect(dashboardSchema.safeParse({ run: 'x' }).success).toBe(false);
});

test('numbers are told as they are read, and lines share one axis of steps', () => {
  expect([told(0.123, 'share'), told(7.25, 'score'), told(0.00123, 'number'), told(null, 'share')]).toEqual([
    '12 %',
    '7.3',
    '0.0012',
    'none',
  ]);
  const value = (mean: number) => ({ mean, low: null, high: null, n: 1 });
  const lines = [
    { name: 'a', stratum: null, points: [{ step: 2, value: value(1) }] },
    { name: 'b', stratum: null, points: [{ step: 1, value: value(3) }] },
  ];
  expect(aligned(lines)).toEqual([
    [1, 2],
    [null, 1],
    [null, 1],
    [null, 1],
    [3, null],
    [3, null],
    [3, null],
  ]);
});
