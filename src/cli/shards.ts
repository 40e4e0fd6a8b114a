import { existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { groupsOf, type RolloutSpec, rolloutId } from '../rollout/index.js';
import { mergeRollouts, RunFolder } from '../trace/index.js';
import type { Shard } from './shard.js';
import type { OpenRun } from './start-run.js';
import type { Terminal } from './terminal.js';

const AT = 'BATON_SHARDS_AT';
const addressSchema = z.object({ url: z.string(), token: z.string(), workers: z.int().min(1) });
const startedSchema = z.object({ id: z.string() });
const stateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('running') }),
  z.object({ state: z.literal('done'), folder: z.string() }),
  z.object({ state: z.literal('failed'), why: z.string() }),
]);

/** Who carries shards of rollouts for this process: a scheduler over the machines of a cluster. */
export type Scheduler = z.output<typeof addressSchema>;

/** What was chosen for the run and holds for its shards. */
export type ShardChoice = Pick<Shard, 'sandbox' | 'allowEnv' | 'concurrency'> & {
  python?: string | undefined;
};

/** Takes the scheduler that started this process out of its environment; null where there is none. */
export function takeScheduler(env: NodeJS.ProcessEnv): Scheduler | null {
  const text = env[AT];
  delete env[AT];
  return text === undefined ? null : addressSchema.parse(JSON.parse(text));
}

/**
 * Has rollouts carried as shards, one a worker, and merges each as it comes back. A shard that is lost is left for
 * this process, and said.
 */
export function shardsOver(
  scheduler: Scheduler,
  terminal: Terminal,
  run: OpenRun,
  options: ShardChoice,
): (specs: readonly RolloutSpec[]) => Promise<void> {
  return async (all) => {
    // What was begun here before a kill goes on here: answered calls are in its log. A group stays together.
    const groups = groupsOf(all, run.deps, options.concurrency).filter(
      (group) => !group.some((spec) => existsSync(run.folder.rollout(rolloutId(spec)))),
    );
    const parts = Math.min(scheduler.workers, groups.length);
    const limits = run.budget.portion(parts);
    await Promise.all(
      Array.from({ length: parts }, async (_, at) => {
        const own = groups.filter((_, i) => i % parts === at).flat();
        const names = own.map(rolloutId);
        const answer = await carry(scheduler, run, shardOf(own, at, limits, run, options));
        if (answer.state === 'failed') {
          const lost = `a shard of ${own.length} rollouts was lost, so they are carried here: ${answer.why}`;
          run.log.append({ type: 'alarm', data: { code: 'shard.lost', message: lost } });
          terminal.note(lost);
          return;
        }
        if (answer.state !== 'done') return;
        await mergeRollouts(new RunFolder(answer.folder), run.folder, names);
        rmSync(answer.folder, { recursive: true, force: true });
      }),
    );
  };
}

function shardOf(
  specs: readonly RolloutSpec[],
  at: number,
  limits: Shard['limits'],
  { deps, folder }: OpenRun,
  options: ShardChoice,
): Shard {
  const { workflow } = deps;
  const { step, policies } = specs[0]!;
  const { texts } = folder.readInfo();
  return {
    file: basename(workflow.file),
    text: workflow.text,
    texts: Object.fromEntries(Object.entries(texts).map(([path, body]) => [path, deps.blobs.text(body)])),
    name: `${step}-shard-${at}`,
    step,
    policies,
    rollouts: specs.map(({ task, sample }) => ({ task, sample })),
    seed: deps.runSeed,
    sandbox: options.sandbox,
    ...(options.python ? { python: options.python } : {}),
    allowEnv: options.allowEnv,
    concurrency: options.concurrency,
    limits,
  };
}

/** Hand a shard over and wait for its end, or for the end of this run. */
async function carry(
  { url, token }: Scheduler,
  { deps: { signal } }: OpenRun,
  shard: Shard,
): Promise<z.output<typeof stateSchema>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = async (path: string, init: RequestInit): Promise<unknown> => {
    const reply = await fetch(`${url}/shards${path}`, { ...init, headers, signal });
    if (!reply.ok) throw new Error(`the scheduler answered ${reply.status}: ${await reply.text()}`);
    return reply.json();
  };
  try {
    const { id } = startedSchema.parse(await ask('', { method: 'POST', body: JSON.stringify(shard) }));
    for (;;) {
      // The scheduler holds each question for some seconds.
      const answer = stateSchema.parse(await ask(`/${id}`, { method: 'GET' }));
      if (answer.state !== 'running') return answer;
    }
  } catch (error) {
    if (signal.aborted) return { state: 'running' };
    return { state: 'failed', why: (error as Error).message };
  }
}
