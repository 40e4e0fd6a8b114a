import { join } from 'node:path';
import { LogWriter, RunFolder } from '../../../src/trace/index.js';

/** Roles of the made-up runs: the first ones of a large workflow. */
const roles = ['agent_0', 'agent_1', 'agent_2'];
const OFTEN = 500;

/** Begin a run of a workflow file, as a finished process left it. */
function begin(file: string, text: string, name: string, tasks: string[]): RunFolder {
  return RunFolder.create(join(file, '..', '.baton', 'runs', name), {
    format: 1,
    run: name,
    kind: 'run',
    version: '0.1.0',
    created: Date.now(),
    file,
    workflow: text,
    texts: {},
    seed: 0,
    tasks,
    options: {},
    sandbox: { level: 'bubblewrap', describe: 'made up' },
    engine: null,
    git: { commit: null, dirty: false },
  });
}

function ended(rollout: string, task: string, at: number) {
  const failed = at % 3 === 0;
  return {
    type: 'rollout.ended' as const,
    data: {
      rollout,
      task,
      stratum: at % 2 === 0 ? 'even' : 'odd',
      group: task,
      sample: 0,
      step: 'run',
      status: 'done' as const,
      outcome: { success: !failed, metrics: {}, why: failed ? 'part_1 is not valid' : null },
      scores: roles.map((agent, role) => ({
        action: `${agent}.0.0`,
        agent,
        score: failed && role === 1 ? 2 : 8,
        code: failed && role === 1 ? 'rows.mismatch' : null,
        blamed: failed && role === 1 ? agent : null,
        diagnosis: failed && role === 1 ? 'part_1 has 3 rows, the task has 30.' : 'As agreed.',
        file: null,
      })),
      repaired: { failed: 0, repaired: 0 },
      head: '0'.repeat(64),
      seconds: 2.5,
    },
  };
}

async function finish(log: LogWriter): Promise<void> {
  log.append({ type: 'run.finished', data: { status: 'done', reason: null, summary: {} } });
  await log.close();
}

/** A finished run of so many rollouts; their own logs are not there. */
export async function manyRollouts(file: string, text: string, count: number): Promise<RunFolder> {
  const tasks = Array.from({ length: count }, (_, at) => `task-${String(at).padStart(5, '0')}`);
  const folder = begin(file, text, '20260101-000000-many', tasks);
  const { log } = await LogWriter.open(folder.log);
  for (const [at, task] of tasks.entries()) {
    log.append(ended(`${task}-0`, task, at));
    if (at % OFTEN === OFTEN - 1) await log.sync();
  }
  await finish(log);
  return folder;
}

/**
 * A run with one rollout whose log is at least so many bytes: calls of 3,000 prompt and 500 sampled tokens with their
 * log-probabilities, as trainable engines log them.
 */
export async function longRollout(file: string, text: string, bytes: number): Promise<RunFolder> {
  const folder = begin(file, text, '20260101-000001-long', ['long']);
  const { log } = await LogWriter.open(folder.rollout('long-0'));
  const promptIds = Array.from({ length: 3000 }, (_, at) => 1000 + ((at * 37) % 40_000));
  const ids = Array.from({ length: 500 }, (_, at) => 1000 + ((at * 91) % 40_000));
  const logprobs = ids.map((id) => -id / 40_001);
  log.append({
    type: 'rollout.started',
    data: {
      rollout: 'long-0',
      task: 'long',
      stratum: 'even',
      sample: 0,
      step: 'run',
      branch: 'main',
      seed: 1,
      policies: {},
      parent: null,
    },
  });
  let written = 0;
  for (let turn = 0; written < bytes; turn++) {
    const agent = roles[turn % roles.length]!;
    const action = `${agent}.0.${turn}`;
    log.append({ type: 'action.started', data: { action, agent, visit: 0, turn, arm: 'main' } });
    for (let call = 0; call < 2; call++) {
      log.append({
        type: 'model.called',
        data: {
          action,
          call,
          attempt: 0,
          model: 'm',
          policy: `${agent}@v0`,
          weights: null,
          messages: JSON.stringify([{ role: 'user', content: `Go on, ${turn}.` }]),
          reply: `This is what I did in turn ${turn}.\n`.repeat(20),
          promptIds,
          ids,
          logprobs,
          temperature: 1,
          topP: 1,
          seed: turn,
          finish: 'stop',
          usage: { promptTokens: 3000, replyTokens: 500, counted: true },
          dollars: 0,
          seconds: 1.5,
        },
      });
      written += 6 * 3500 + 20 * 500;
    }
    log.append({
      type: 'action.finished',
      data: { action, agent, status: 'done', why: null, wrote: [], deleted: [], refused: [], commit: null },
    });
    await log.sync();
  }
  await log.close();
  const { log: run } = await LogWriter.open(folder.log);
  run.append(ended('long-0', 'long', 0));
  await finish(run);
  return folder;
}
