// The reward preview: what recorded scores would teach, and what a training may take.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Run } from '../../../src/editor/runs/run.js';
import {
  type Estimate,
  estimateOf,
  measuredRollouts,
  type Plan,
  updateSeconds,
} from '../../../src/editor/training/estimate.js';
import { rewardPreview } from '../../../src/editor/training/preview.js';
import { previewText } from '../../../src/editor/training/preview-text.js';
import { coachCall, type Happening, type LogEvent, LogWriter, RunFolder } from '../../../src/trace/index.js';
import { checkWorkflow, diskFiles, type Workflow } from '../../../src/workflow/index.js';

const text = (models: string, coach = '') => `baton: 1
models: ${models}
tasks: [{prompt: one}]
agents:
  reader: {role: Read., model: own}
  writer: {role: Write., model: other}
training: {rollouts: 10, action_gamma: 0.5, zero_signal: 0}
${coach}`;
const own = 'own: {provider: embedded}';
function workflowOf(models: string, coach = ''): Workflow {
  const options = { files: diskFiles(import.meta.dirname), embeddedRoles: ['reader', 'writer'] };
  const { workflow, problems } = checkWorkflow(text(`{${own}, ${models}}`, coach), 'a.baton.yaml', options);
  if (!workflow) throw new Error(JSON.stringify(problems));
  return workflow;
}

const called = (action: string, sampled: boolean): Happening => ({
  type: 'model.called',
  data: {
    ...{
      action,
      call: 0,
      attempt: 0,
      model: 'm',
      policy: 'reader@v0',
      weights: null,
      messages: '',
      reply: '',
    },
    ...(sampled
      ? { promptIds: [1, 2], ids: [3, 4], logprobs: [-1, -2] }
      : { promptIds: null, ids: null, logprobs: null }),
    ...{ temperature: 1, topP: 1, seed: 1, finish: 'stop', dollars: 0, seconds: 1 },
    usage: { promptTokens: 1000, replyTokens: 500, counted: true },
  },
});
const begun = (action: string, agent: string): Happening => ({
  type: 'action.started',
  data: { action, agent, visit: 0, turn: 0, arm: 'main' },
});
const judged = (action: string, score: number | null): Happening => ({
  type: 'verdict',
  data: {
    ...{
      action,
      judge: 'contracts',
      rubric: null,
      pass: 'forward',
      sample: 0,
      residual: null,
      supersedes: null,
    },
    ...{
      score,
      reason: null,
      code: null,
      diagnosis: '',
      advice: null,
      blamed: null,
      evidence: [],
      confidence: 1,
    },
  },
});
const logged = (happenings: Happening[]): LogEvent[] =>
  happenings.map((each, seq) => ({ ...each, seq, at: 0, prev: '', sum: '' }));

/** A run of two rollouts in which the reader acts twice: 4 then 8 of 10, and 2 then nothing that can be judged. */
function recordedRun(): Promise<Run> {
  const reads = (...scores: (number | null)[]) => scores.map((score) => ['reader', score] as const);
  return runOf({ a: reads(4, 8), b: reads(2, null) });
}

/** A run of a rollout for each task: who acted, one after the other, and what each was scored. */
async function runOf(acted: Record<string, readonly (readonly [string, number | null])[]>): Promise<Run> {
  const folder = RunFolder.create(join(mkdtempSync(join(tmpdir(), 'baton-preview-')), 'run-1'), {
    ...{
      format: 1,
      run: 'run-1',
      kind: 'run',
      version: '0',
      created: 0,
      file: '/a.baton.yaml',
      workflow: '',
    },
    ...{ texts: {}, seed: 1, tasks: ['a', 'b'], options: {}, sandbox: { level: 'none', describe: '' } },
    ...{ engine: null, git: { commit: null, dirty: false } },
  });
  const { log } = await LogWriter.open(folder.log);
  for (const [name, actions] of Object.entries(acted)) {
    const rollout = `run.${name}-0.0`;
    const { log: inside } = await LogWriter.open(folder.rollout(rollout));
    for (const [at, [role, score]] of actions.entries())
      for (const each of [
        begun(`${role}.0.${at}`, role),
        called(`${role}.0.${at}`, true),
        judged(`${role}.0.${at}`, score),
      ])
        inside.append(each);
    await inside.close();
    log.append({
      type: 'rollout.ended',
      data: {
        ...{ rollout, task: name, stratum: 'all', group: name, sample: 0, step: 'run', status: 'done' },
        ...{ outcome: null, scores: [], repaired: { failed: 0, repaired: 0 }, head: '', seconds: 6 },
      },
    });
  }
  await log.close();
  return Run.open(folder, false) as Run;
}

const plan: Plan = { steps: 3, perStep: 10, roles: 1, measured: 20, concurrency: 2, update: 4 };

describe('what recorded scores would teach', () => {
  test('every action has its reward, what later ones hand back, and its advantage; masked ones come last', async () => {
    const { training } = workflowOf('other: {provider: recorded, file: r.jsonl}');
    const preview = rewardPreview(await recordedRun(), training, ['reader']);
    const [reader] = preview.roles;
    expect(preview.seconds).toBe(6);
    expect(reader).toMatchObject({ actions: 4, masked: 2, skipped: null });
    const { each } = reader!;
    expect(each).toHaveLength(4);
    expect(
      each
        .slice(0, 2)
        .map(({ rollout, action, reward, returnToGo }) => [rollout, action, reward, returnToGo]),
    ).toEqual(
      expect.arrayContaining([
        // 0.4 and half of the 0.8 that followed.
        ['run.a-0.0', 'reader.0.0', 0.4, 0.8],
        ['run.a-0.0', 'reader.0.1', 0.8, 0.8],
      ]),
    );
    // One without a score, and one whose return would hold it.
    expect(each.slice(2)).toEqual(
      expect.arrayContaining([
        { rollout: 'run.b-0.0', action: 'reader.0.0', reward: 0.2, returnToGo: null, advantage: null },
        { rollout: 'run.b-0.0', action: 'reader.0.1', reward: null, returnToGo: null, advantage: null },
      ]),
    );
  });

  test('what another role did later comes back to an action, as in training, and masks it where it has no score', async () => {
    const { training } = workflowOf('other: {provider: recorded, file: r.jsonl}');
    const run = await runOf({
      a: [
        ['reader', 2],
        ['writer', 4],
        ['editor', 8],
        ['reader', 6],
      ],
      b: [
        ['reader', 4],
        ['writer', 6],
        ['editor', null],
        ['writer', 10],
      ],
    });
    const { roles } = rewardPreview(run, training, ['reader', 'writer', 'editor']);
    const found = roles.map(({ role, actions, masked, each }) => ({
      ...{ role, actions, masked },
      each: new Map(each.map(({ rollout, action, returnToGo }) => [`${rollout} ${action}`, returnToGo])),
    }));
    // Of a, from behind, halved each time: 0.6, then 0.8 + 0.3 = 1.1, 0.4 + 0.55 = 0.95, 0.2 + 0.475 = 0.675.
    // Of b, the editor's action has no score, and everything before it would hold it.
    const of = (entries: Record<string, number | null>) =>
      new Map(
        Object.entries(entries).map(([key, value]) => [
          key,
          value === null ? null : expect.closeTo(value, 12),
        ]),
      );
    expect(found).toEqual([
      {
        ...{ role: 'reader', actions: 3, masked: 1 },
        each: of({
          'run.a-0.0 reader.0.0': 0.675,
          'run.a-0.0 reader.0.3': 0.6,
          'run.b-0.0 reader.0.0': null,
        }),
      },
      {
        ...{ role: 'writer', actions: 3, masked: 1 },
        each: of({ 'run.a-0.0 writer.0.1': 0.95, 'run.b-0.0 writer.0.1': null, 'run.b-0.0 writer.0.3': 1 }),
      },
      {
        ...{ role: 'editor', actions: 2, masked: 1 },
        each: of({ 'run.a-0.0 editor.0.2': 1.1, 'run.b-0.0 editor.0.2': null }),
      },
    ]);
    expect(roles[0]).toMatchObject({
      rewardMean: expect.closeTo(0.6375, 12),
      rewardStd: expect.closeTo(0.0375, 12),
    });
  });

  test('all of it stands in the text, as a table', async () => {
    const workflow = workflowOf('other: {provider: recorded, file: r.jsonl}');
    const preview = rewardPreview(await recordedRun(), { ...workflow.training, action_gamma: 0 }, ['reader']);
    const estimate = estimateOf(workflow, plan, preview.seconds, preview.events);
    const text = previewText(preview, { run: 'run-1', plan, estimate, target: null });
    const rows = text.split('\n').filter((line) => /^\| (rollout|run\.)/.test(line));
    expect(rows.length).toBeGreaterThan(4);
    expect(new Set(rows.map((line) => line.length)).size).toBe(1);
    const lines = text.replace(/ +/g, ' ').split('\n');
    expect(lines).toContain('| rollout | action | reward | return-to-go | normalised advantage |');
    expect(lines).toContain('| run.a-0.0 | reader.0.1 | 0.80 | 0.80 | +1.34 |');
    expect(lines).toContain('| run.b-0.0 | reader.0.1 | masked | – | – |');
    expect(lines).toContain('Cost: none, every model that is asked runs on this machine or is recorded.');
  });
});

describe('what a training may take', () => {
  const recorded = [logged([called('reader.0.0', true), called('writer.0.0', false)])];
  const estimated = (models: string, coach = '', of = plan): Estimate =>
    estimateOf(workflowOf(models, coach), of, 6, recorded);
  const free = 'other: {provider: recorded, file: r.jsonl}';

  test('time holds the rollouts that measure, and updates as the last training took them', () => {
    expect(estimated(free)).toEqual({
      rollouts: 50,
      sampling: 150,
      updates: 12,
      dollars: null,
      unpriced: [],
    });
    // Where none is recorded, updates count as much as the rollouts that they follow.
    expect(estimated(free, '', { ...plan, update: null })).toMatchObject({ updates: 90 });
    expect(measuredRollouts({ select: 8, test: 100 }, { steps: 7, every: 5 })).toBe(2 * 60 + 3 * 8);
    expect(measuredRollouts({ select: 8, test: 10 }, { steps: 7, every: 0 })).toBe(2 * 10 + 2 * 8);
  });

  test('a step’s update time is that of the roles that learned in it', () => {
    const step = (training: number, ...skipped: (string | null)[]): Happening => ({
      type: 'training.step',
      data: {
        step: 0,
        report: { seconds: { sampling: 1, training }, roles: skipped.map((why) => ({ skipped: why })) },
      },
    });
    expect(updateSeconds(logged([step(6, null, null), step(3, null, 'no action has a score')]))).toBe(3);
    expect(updateSeconds(logged([step(1, 'no action has a score')]))).toBeNull();
  });

  test('cost is that of the recorded tokens at the workflow’s prices, the coach’s too', () => {
    const priced =
      'other: {provider: openai, base_url: "https://a.example/v1", model: m, price: {input: 1, output: 2}}';
    // 1000 tokens in and 500 out make 0.002 dollars a rollout; the reader's own model costs nothing.
    expect(estimated(priced).dollars).toBeCloseTo(0.1);
    const coached = [...recorded, logged([called(coachCall('reader.0.0', 0), false)])];
    const workflow = workflowOf(
      `${free}, judge: {provider: openai, base_url: "https://b.example/v1", model: m, price: {input: 10, output: 20}}`,
      'coach: {model: judge}',
    );
    expect(estimateOf(workflow, plan, 6, coached).dollars).toBeCloseTo((0.02 / 2) * 50);
  });

  test('a model without a price costs nothing on this machine, and is not known elsewhere', () => {
    expect(estimated('other: {provider: openai, base_url: "http://127.0.0.1:1/v1", model: m}')).toMatchObject(
      {
        dollars: null,
        unpriced: [],
      },
    );
    expect(
      estimated('other: {provider: openai, base_url: "https://a.example/v1", model: m}').unpriced,
    ).toEqual(['other']);
    expect(estimated('other: {provider: editor, model: m}').unpriced).toEqual(['other']);
  });
});
