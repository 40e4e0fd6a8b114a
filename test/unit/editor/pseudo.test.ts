// What the editor shows of a workflow and of a run, in the pseudo language: no word of ours is English in it.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { config } from '@vscode/l10n';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { timelineOf } from '../../../src/editor/debug/timeline.js';
import { scopesOf } from '../../../src/editor/debug/variables.js';
import { analyse, complete, fixesFor, hoverAt } from '../../../src/editor/language/index.js';
import { Run } from '../../../src/editor/runs/run.js';
import { retold } from '../../../src/editor/runs/told.js';
import { trajectory } from '../../../src/editor/runs/trajectory.js';
import { rewardPreview } from '../../../src/editor/training/preview.js';
import { previewText } from '../../../src/editor/training/preview-text.js';
import { PausableGate, type Point } from '../../../src/rollout/index.js';
import { RunFolder, readLog } from '../../../src/trace/index.js';
import { advantagesOf } from '../../../src/training/rewards.js';
import { checkWorkflow, diskFiles } from '../../../src/workflow/index.js';
import { pseudo, untranslatedIn } from '../../pseudo.js';
import { agents, artifacts, cases, head } from '../workflow/broken.js';

const files = diskFiles(import.meta.dirname);
const runs = join(import.meta.dirname, '../../../media/sample/runs');
const sample = Run.open(new RunFolder(join(runs, readdirSync(runs)[0]!)), true) as Run;
const inEnglish = cases.map(([, text]) => said(text));

beforeAll(() => config({ contents: pseudo() }));
afterAll(() => config({ contents: {} }));

function said(text: string): string[] {
  const options = { files, embeddedRoles: ['data_engineer'] };
  return checkWorkflow(text, 'a.baton.yaml', options).problems.map(({ message }) => message);
}

test('the same problems are found in every language, and English is what is said where there is no bundle', () => {
  for (const [at, [, text]] of cases.entries()) {
    const translated = said(text);
    expect(translated).toHaveLength(inEnglish[at]!.length);
    expect(inEnglish[at]!.join()).not.toContain('[');
  }
});

/** Words that problems take over: of the text, of the library that reads YAML, of paths and codes. */
const lent = (text: string) => `${text} ${import.meta.dirname} consumes produces agent python`;

test.each(cases)('a problem has no English word of ours: %s', (_, text) => {
  const messages = said(text);
  expect(messages.length).toBeGreaterThan(0);
  expect(untranslatedIn(messages, lent(text))).toEqual([]);
});

test('nor has a fix of one', () => {
  const titles = cases.flatMap(([, text]) => {
    const analysis = analyse(text, '/a.baton.yaml', files);
    return analysis.problems.flatMap((problem) => fixesFor(problem, analysis)).map(({ title }) => title);
  });
  expect(titles.length).toBeGreaterThan(8);
  expect(untranslatedIn(titles, '')).toEqual([]);
});

const team = head + artifacts.replace('kind: text', 'kind: text, checks: [count(lines) < 3]') + agents;

test('nor a hover, wherever the pointer rests', () => {
  const analysis = analyse(team, '/a.baton.yaml', files);
  const hovers = [...team].map((_, offset) => hoverAt(analysis, offset, []));
  const parts = hovers.flatMap((hover) => hover?.parts ?? []);
  const shown = parts.flatMap((part) => ('code' in part ? [] : (Object.values(part) as string[])));
  expect(shown.length).toBeGreaterThan(100);
  expect(
    untranslatedIn(shown, `${team} json openai embedded editor recorded auto contracts python file`),
  ).toEqual([]);
});

test('nor a completion', () => {
  const analysis = analyse(team, '/a.baton.yaml', files);
  const places = [...team].flatMap((_, offset) => complete(analysis, offset, team).suggestions);
  const inChecks = team.replace('count(lines) < 3', '');
  places.push(...complete(analysis, inChecks.indexOf('checks: [') + 9, inChecks).suggestions);
  const shown = places.flatMap(({ detail, says }) => [detail ?? '', says ?? '']);
  expect(shown.filter((text) => text.startsWith('[')).length).toBeGreaterThan(50);
  expect(untranslatedIn(shown, `${team} json table column model text file folder message openai`)).toEqual(
    [],
  );
});

/** Every text that a log holds: names, codes and sentences as they were recorded. */
function recorded(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(recorded) : [];
}

const { training } = checkWorkflow(head + artifacts + agents, 'a.baton.yaml', { files }).workflow!;
const rows = sample.pages.page(0, 100);
const logged = (rollout: string) => readLog(sample.folder.rollout(rollout)).events;

/** Names that a log has as keys: artifacts, their facts, metrics. */
function namesIn(rollout: string): string {
  return logged(rollout)
    .flatMap((event) =>
      event.type === 'artifact.checked'
        ? Object.entries(event.data.facts).flatMap(([name, facts]) => [name, ...Object.keys(facts)])
        : event.type === 'outcome'
          ? Object.keys(event.data.metrics)
          : [],
    )
    .join(' ');
}

test.each(rows.map((row) => [row.rollout, row] as const))('nor the trajectory of %s', (rollout, row) => {
  const { text } = trajectory(sample, row, rollout);
  // What agents wrote and what facts were taken is shown as it is, and cut where it is long.
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('  \u2502') || line.includes('\u2026'))
    .map((line) => line.replace(/^( {2}\[facts\]).*/, '$1'));
  expect(lines.filter((line) => line.includes('[')).length).toBeGreaterThan(5);
  const data = logged(rollout).map((event) => event.data);
  const known = `${recorded(data).join(' ')} ${namesIn(rollout)} stdout stderr true false null KB`;
  expect(untranslatedIn(lines, known)).toEqual([]);
});

test('nor the reward preview', () => {
  const roles = ['data_engineer', 'modeler', 'analyst', 'nobody'];
  const text = previewText(rewardPreview(sample, training, roles), {
    run: 'a-run',
    plan: { steps: 8, perStep: 48, roles: 3, measured: 20, concurrency: 2, update: null },
    estimate: { rollouts: 404, sampling: 9000, updates: 80, dollars: 1.5, unpriced: ['modeler'] },
    target: 'analyst',
  });
  const names = rows.map(({ rollout }) => rollout).join(' ');
  expect(text).toContain('[Reward preview from');
  expect(untranslatedIn(text.split('\n'), `${roles.join(' ')} a-run ${names}`)).toEqual([]);
});

test('nor what the debugger says at any stop', () => {
  const rollout = 'run.penguins-0.0';
  const events = logged(rollout);
  const timeline = timelineOf(rollout, events);
  const shown = timeline.stops.flatMap((stop) => [
    stop.says,
    ...scopesOf(stop.action, stop, {
      timeline,
      handed: () => ({ consumes: ['train'], produces: ['X_train'] }),
      text: () => '[]',
      workspace: new Map(),
      budget: { at: () => ({ calls: 1, tokens: 2, dollars: 0, seconds: 3 }), limits: null },
    }).flatMap(({ name, variables }) => [name, ...variables().flatMap(({ name, value }) => [name, value])]),
  ]);
  expect(shown.length).toBeGreaterThan(100);
  const known = `${recorded(events.map(({ data }) => data)).join(' ')} ${namesIn(rollout)} train null`;
  expect(untranslatedIn(shown, known)).toEqual([]);
});

test('what a run tells of itself in English is told again', () => {
  const gate = new PausableGate();
  const point = { rollout: 'a', action: 'writer.0.0', agent: 'writer', stage: 'after', score: 2 } as const;
  const rest = {
    messages: [],
    code: null,
    tokens: 1,
    replyTokens: 1,
    seconds: 1,
    programs: 1,
    status: 'done',
    breaches: ['report: missing'],
    tool: 'timeout',
    spent: 0.9,
    facts: () => undefined,
  };
  const whys = [
    { scoreBelow: 5 },
    { contractBroken: true },
    { toolFailed: true },
    { budgetOver: 0.8 },
  ].flatMap((filters) => {
    gate.stops.setFilters(filters);
    return gate.stops
      .at({ ...point, ...rest } as Point)
      .flatMap((stop) => ('stop' in stop ? [stop.stop] : []));
  });
  gate.stops.setFilters({});
  gate.stops.setBreakpoints([{ id: '1', agent: 'writer' }]);
  const before = gate.stops.at({ ...point, ...rest, stage: 'before' } as Point);
  whys.push(...before.flatMap((stop) => ('stop' in stop ? [stop.stop] : [])));
  const options = { algorithm: 'reinforce++', zeroSignal: 0.01 } as never;
  const sampled = [{ role: 'writer' }, { role: 'writer' }] as never;
  for (const rewards of [
    [null, null],
    [1, 1],
  ]) {
    const made = advantagesOf(sampled, rewards, options);
    whys.push('skipped' in made ? made.skipped : '');
  }
  expect(whys).toHaveLength(7);
  expect(untranslatedIn(whys, '').length).toBe(7);
  expect(untranslatedIn(whys.map(retold), 'writer report missing')).toEqual([]);
  expect(retold('somebody else said so')).toBe('somebody else said so');
});
