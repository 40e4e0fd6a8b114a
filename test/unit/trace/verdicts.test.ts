import { expect, test } from 'vitest';
import { countedVerdicts, type LogEvent, type Verdict } from '../../../src/trace/index.js';

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
const overrule = (score: number): LogEvent => ({
  type: 'overrule',
  data: { action: 'a.0.0', score, author: 'me', reason: 'no' },
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
