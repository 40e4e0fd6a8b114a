import { expect, test } from 'vitest';
import {
  countedVerdicts,
  type LogEvent,
  scoresNow,
  scoresOf,
  type Verdict,
} from '../../../src/trace/index.js';

const base: Verdict = {
  action: 'a.0.0',
  judge: 'contracts',
  rubric: null,
  pass: 'forward',
  sample: 0,
  residual: null,
  supersedes: null,
  score: 8,
  reason: null,
  code: null,
  diagnosis: '',
  advice: null,
  blamed: null,
  evidence: [],
  confidence: 1,
};
const event = (data: Partial<Verdict>): LogEvent => ({
  type: 'verdict',
  data: { ...base, ...data },
  seq: 0,
  at: 0,
  prev: '',
  sum: '',
});
const overrule = (score: number, author = 'me'): LogEvent => ({
  type: 'overrule',
  data: { action: 'a.0.0', score, author, reason: 'no' },
  seq: 0,
  at: 0,
  prev: '',
  sum: '',
});
const score = (...events: LogEvent[]) => countedVerdicts(events).get('a.0.0')?.score;

test('one rule says which verdict counts', () => {
  expect(score(event({ score: 8 }), event({ score: 3, pass: 'backward' }))).toBe(3);
  expect(score(event({ score: 3, pass: 'backward' }), event({ score: 8 }))).toBe(3);
  expect(
    score(
      event({ score: 1, code: 'artifact.missing' }),
      event({ score: 9, judge: 'judge', pass: 'backward' }),
    ),
  ).toBe(1);
  expect(score(event({ score: 8 }), event({ score: 5, judge: 'judge' }))).toBe(5);
  expect(score(event({ score: 1, code: 'artifact.missing' }), overrule(7))).toBe(7);
});

test('the last time that somebody judged counts, also where a model said nothing', () => {
  const run = [event({ score: 8 }), event({ score: 7, pass: 'backward' })];
  const model = (score: number | null) => [
    event({ score: 7, pass: 'backward' }),
    event({ score, judge: 'judge', pass: 'backward' }),
  ];
  expect(score(...run, ...model(null))).toBeNull();
  expect(score(...run, ...model(2), ...model(null), event({ score: 7, pass: 'backward' }))).toBe(7);
  expect(score(...run, event({ score: 7, pass: 'backward' }), ...model(2))).toBe(2);
  expect(score(...run, ...model(2), overrule(9), event({ score: 7, pass: 'backward' }))).toBe(9);
});

test('whom a person clears is blamed for nothing', () => {
  const broken = event({
    score: 1,
    code: 'artifact.missing',
    blamed: { agent: 'a', action: 'a.0.0' },
    diagnosis: 'It is missing.',
  });
  expect(scoresOf([broken, overrule(3)])[0]).toMatchObject({ code: 'artifact.missing', blamed: 'a' });
  expect(scoresOf([broken, overrule(9)])[0]).toMatchObject({ score: 9, code: null, blamed: null });
});

test('what a person finds wrong where nobody did is a failure of its role; another’s keeps its name', () => {
  expect(scoresOf([event({ score: 8 }), overrule(1)])).toMatchObject([
    { score: 1, code: 'judged.low', blamed: 'a', diagnosis: 'me: no' },
  ]);
  const broken = event({ score: 2, code: 'artifact.missing', blamed: { agent: 'b', action: 'b.0.0' } });
  expect(scoresOf([broken, overrule(1)])).toMatchObject([{ code: 'artifact.missing', blamed: 'b' }]);
});

test('each person’s last word is kept, and the last of them counts', () => {
  const events = [event({ score: 2 }), overrule(5, 'alice'), overrule(9, 'bob'), overrule(4, 'alice')];
  const { said, overrule: last, score } = countedVerdicts(events).get('a.0.0')!;
  expect(said.map((each) => [each.author, each.score])).toEqual([
    ['bob', 9],
    ['alice', 4],
  ]);
  expect([last?.author, score]).toEqual(['alice', 4]);
});

test('a row says what counts after reviews as the whole log does', () => {
  const broken = { score: 1, code: 'artifact.missing', blamed: { agent: 'a', action: 'a.0.0' } } as const;
  const passes: LogEvent[][] = [
    [event({ score: 8 }), event({ score: 7, pass: 'backward' })],
    [event(broken), event({ ...broken, pass: 'backward' })],
    [event({ score: 8 }), event({ score: 4, judge: 'one' }), event({ score: 8, pass: 'backward' })],
    [event({ score: 8 }), event({ score: null, judge: 'two' })],
    [event(broken), event({ score: 9, judge: 'two' }), event({ ...broken, pass: 'backward' })],
  ];
  const words = [[], [overrule(2)], [overrule(9)], [overrule(2), overrule(8, 'you')]];
  for (const own of passes)
    for (const before of words)
      for (const again of [[], ...passes])
        for (const said of words) {
          const reviews = [...before, ...again, ...said];
          expect(scoresNow(scoresOf(own), reviews)).toEqual(scoresOf([...own, ...reviews]));
        }
});
