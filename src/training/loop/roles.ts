import type { EngineClient } from '../../engine/index.js';
import type { Ended } from '../../rollout/index.js';
import type { Body, LogEvent } from '../../trace/index.js';
import { experienceOptions, samplesOf, shuffleRewards } from '../experience.js';
import type { Sample } from '../rewards.js';
import { type RoleReport, updateRole } from '../update.js';
import { type Canary, canaryOf, proveUpdate } from '../verify.js';
import type { LoopParts } from './parts.js';
import { adaptKl, type RoleProgress } from './state.js';

/** What a step sampled. */
export interface StepRollouts {
  step: number;
  /** In the order of their specs, so that sums are the same every time. */
  ended: readonly Ended[];
  events: ReadonlyMap<string, LogEvent[]>;
  /** Updates that a broken sitting already put on record, as `step/role`. */
  updated: ReadonlySet<string>;
}

/** Update every trained role from a step's rollouts and prove each update; roles one after the other. */
export async function trainRoles(
  parts: LoopParts,
  roles: Record<string, RoleProgress>,
  rollouts: StepRollouts,
): Promise<{ roles: Record<string, RoleProgress>; reports: RoleReport[] }> {
  const { training } = parts.workflow;
  const { step, ended, events } = rollouts;
  const own = ended.flatMap((done) =>
    samplesOf(done.rollout, done.task, events.get(done.rollout)!, experienceOptions(training)),
  );
  const stratumOf = new Map(ended.map((done) => [done.rollout, done.stratum]));
  const samples =
    training.reward === 'shuffled'
      ? shuffleRewards(own, (sample) => stratumOf.get(sample.rollout) ?? '', `${training.seed}/${step}`)
      : own;
  const next = { ...roles };
  const reports: RoleReport[] = [];
  for (const [role, before] of Object.entries(roles)) {
    const report = await updateOne(parts, role, before, samples, rollouts);
    next[role] = {
      version: report.to,
      hash: report.hash,
      updates: before.updates + report.updates,
      kl: report.skipped === null ? adaptKl(before.kl, report.referenceKl, training.kl.target) : before.kl,
    };
    reports.push(report);
    if (!rollouts.updated.has(`${step}/${role}`))
      parts.log.append({ type: 'training.update', data: { step, role, report: report as never } });
  }
  return { roles: next, reports };
}

async function updateOne(
  parts: LoopParts,
  role: string,
  before: RoleProgress,
  samples: readonly Sample[],
  { step, events }: StepRollouts,
): Promise<RoleReport> {
  const { workflow, deps, watch } = parts;
  const { training } = workflow;
  const client = untilStopped(parts);
  const report = await updateRole(client, role, before, samples, step, training);
  if (report.skipped !== null || training.learning_rate === 0) return report;
  const proof = await proveUpdate(
    client,
    role,
    before,
    { version: report.to, hash: report.hash },
    canaryFrom(role, samples, events, (body) => deps.blobs.text(body)),
    { temperature: training.temperature, gap: report.behaviourGap },
  );
  watch.proven(role, step, proof);
  return report;
}

/**
 * The engine, whose calls end with the run: a pass of training may take longer than the minutes that are left. What it
 * applied by then is there when the same update is asked for again.
 */
function untilStopped({
  client,
  deps: { signal },
}: LoopParts): Pick<EngineClient, 'chat' | 'logprobs' | 'update'> {
  return {
    chat: (body) => client.chat(body, signal),
    logprobs: (body) => client.logprobs(body, signal),
    update: (body) => client.update(body, signal),
  };
}

/** The first samples of a role in this step, with the messages of the first: what its update is proven on. */
function canaryFrom(
  role: string,
  samples: readonly Sample[],
  events: ReadonlyMap<string, LogEvent[]>,
  text: (body: Body) => string,
): Canary {
  const own = samples.filter((sample) => sample.role === role && sample.ids.length > 0);
  const first = own[0]!;
  const call = events
    .get(first.rollout)!
    .find((event) => event.type === 'model.called' && event.data.action === first.action);
  if (call?.type !== 'model.called') throw new Error(`${first.rollout} has no call of ${first.action}.`);
  return canaryOf(own, JSON.parse(text(call.data.messages)) as Canary['messages']);
}
