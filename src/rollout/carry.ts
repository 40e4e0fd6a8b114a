import {
  agentOf,
  type EventData,
  type Happening,
  isCoachCall,
  isDiskFull,
  type LogEvent,
  LogWriter,
  type RunFolder,
  scoresOf,
  tookOf,
} from '../trace/index.js';
import { agentsIn, answersOf, type Flow, holds, lookupFacts, type Task } from '../workflow/index.js';
import { Arm } from './arm.js';
import { BudgetSpent, capThatStopped } from './budget.js';
import type { RolloutDeps } from './deps.js';
import type { Edit } from './fork/change.js';
import type { Judged } from './gate/points.js';
import { type RolloutName, rolloutId, seedFrom } from './ids.js';
import { computeOutcome } from './outcome.js';
import { Past } from './past.js';
import type { Repeated, TurnPlace } from './place.js';
import { repairsIn } from './repairs.js';
import { visitAgent } from './visit.js';

export interface RolloutSpec extends RolloutName {
  of: Task;
  policies: Record<string, string>;
  parent?: EventData<'rollout.started'>['parent'];
  /** In a fork: what is changed, and at which action. */
  edit?: Edit;
  /** What roles say again from an earlier rollout, by action. */
  repeated?: Repeated;
}

/** One sample of a task, as nobody forked it. */
export function specOf(
  of: Task,
  sample: number,
  step: string,
  policies: Readonly<Record<string, string>>,
): RolloutSpec {
  return { step, task: of.id, sample, branch: 'main', of, policies: { ...policies } };
}

/** One spec per task and sample, samples outermost, so that early results cover many tasks. */
export function specsFor(
  tasks: readonly Task[],
  samples: number,
  step: string,
  policies: Readonly<Record<string, string>>,
): RolloutSpec[] {
  return Array.from({ length: samples }, (_, sample) =>
    tasks.map((of) => specOf(of, sample, step, policies)),
  ).flat();
}

export type Ended = EventData<'rollout.ended'>;

/** Carry one task through the workflow, from wherever its log left off, and say how it ended. */
export async function carryRollout(
  folder: RunFolder,
  spec: RolloutSpec,
  shared: RolloutDeps,
): Promise<{ ended: Ended; events: LogEvent[] }> {
  const deps = forSpec(shared, spec);
  const id = rolloutId(spec);
  const begun = Date.now();
  const fresh: LogEvent[] = [];
  const { log, recovered } = await LogWriter.open(folder.rollout(id), (event) => fresh.push(event));
  const past = new Past(recovered.events);
  const all = () => [...recovered.events, ...fresh];
  const close = async (status: Ended['status']): Promise<{ ended: Ended; events: LogEvent[] }> => {
    await log.close();
    const events = all();
    return { ended: summary(spec, id, status, events, log.head, (Date.now() - begun) / 1000), events };
  };
  const calls = past.events.flatMap((event) => (event.type === 'model.called' ? [event.data] : []));
  if (!deps.counted?.has(id))
    for (const event of past.events) {
      const took = tookOf(event);
      if (took) deps.budget.add(took);
    }
  deps.pace?.begin(calls.filter((call) => !isCoachCall(call.action)));
  const again = past.finished?.status === 'failed' && deps.again?.has(id) === true;
  if (past.finished && !again) return close(past.finished.status);
  if (again) log.append({ type: 'rollout.reopened', data: { rollout: id } });
  if (!past.started) log.append({ type: 'rollout.started', data: started(spec, id, deps) });
  const main = new Arm('main', id, deps);
  const place: TurnPlace = {
    deps,
    task: spec.of,
    rollout: id,
    seedParts: [spec.step, spec.task, spec.sample, spec.branch],
    past,
    log,
    edit: spec.edit ?? null,
    repeated: spec.repeated ?? new Map(),
  };
  const work = new Work(place, all);
  try {
    await work.run(deps.workflow.flow, main);
    const outcome =
      past.outcome ??
      computeOutcome(deps.workflow, spec.of, main.facts, main.state, deps.blobs, (name) =>
        answersOf(spec.of, name),
      );
    if (!past.outcome) log.append({ type: 'outcome', data: outcome });
    await work.judge(outcome);
    log.append({ type: 'rollout.finished', data: { status: 'done', reason: null } });
    return await close('done');
  } catch (error) {
    if (deps.signal.aborted || error instanceof BudgetSpent || isDiskFull(error)) {
      // Not finished: a resumed run goes on here.
      await log.close().catch(() => undefined);
      throw capThatStopped(deps.signal) === null ? error : deps.signal.reason;
    }
    log.append({
      type: 'rollout.finished',
      data: { status: 'failed', reason: (error as Error).message.slice(0, 2000) },
    });
    return await close('failed');
  } finally {
    main.close();
  }
}

class Work {
  private readonly visits = new Map<string, number>();
  private failed: { error: unknown } | null = null;
  constructor(
    private readonly place: TurnPlace,
    private readonly events: () => LogEvent[],
  ) {}

  async run(flow: Flow, arm: Arm): Promise<void> {
    switch (flow.is) {
      case 'sequence':
        for (const step of flow.steps) await this.run(step, arm);
        return;
      case 'agent':
        await this.visit(flow.agent, arm);
        return;
      case 'repeat':
        for (let at = 0; at < flow.max; at++) {
          await this.run(flow.body, arm);
          if (holds(flow.until.expression, lookupFacts(arm.facts, this.place.task))) return;
        }
        return;
      case 'parallel':
        await this.parallel(flow.arms, arm);
    }
  }

  private async visit(name: string, arm: Arm): Promise<void> {
    // An arm beside this one failed.
    if (this.failed) throw this.failed.error;
    const agent = this.place.deps.workflow.agents[name]!;
    const visit = this.visits.get(name) ?? 0;
    this.visits.set(name, visit + 1);
    await visitAgent(this.place, arm, agent, visit, (action) => this.judgeAction(action));
  }

  private async parallel(flows: Flow[], arm: Arm): Promise<void> {
    const { workflow } = this.place.deps;
    const arms = flows.map((flow, at) => ({ flow, arm: arm.split(`${arm.name}-${at}`) }));
    // All of them come to an end before the rollout does: what they bought and did is on record.
    const stop = (error: unknown) => {
      this.failed ??= { error };
    };
    await Promise.all(arms.map((each) => this.run(each.flow, each.arm).catch(stop)));
    if (this.failed) {
      for (const each of arms) each.arm.close();
      throw this.failed.error;
    }
    const joined = arms.map((each) => ({
      arm: each.arm,
      owns: agentsIn(each.flow).flatMap((agent) =>
        workflow.agents[agent]!.produces.map((name) => workflow.artifacts[name]!),
      ),
    }));
    const data = arm.join(joined);
    if (!this.place.past.takeJoin(data.arms)) this.place.log.append({ type: 'arm.joined', data });
  }

  /** A verdict on an action as it ends, for whoever steps through. */
  private async judgeAction(action: string): Promise<Judged> {
    const { deps, past, log } = this.place;
    if (!(deps.judgeActions || deps.gate.watched) || past.judged.has(`forward/${action}`)) return null;
    const verdicts = (await this.ask(null)).filter((verdict) => verdict.action === action);
    for (const data of verdicts) log.append({ type: 'verdict', data: { ...data, pass: 'forward' } });
    return verdicts.at(-1) ?? null;
  }

  /** Judge the whole rollout, now that its outcome is known. */
  async judge(outcome: EventData<'outcome'>): Promise<void> {
    for (const data of await this.ask(outcome))
      if (!this.place.past.judged.has(`${data.pass}/${data.action}`))
        this.place.log.append({ type: 'verdict', data });
    await this.place.log.sync();
  }

  private ask(outcome: EventData<'outcome'> | null) {
    const { deps, task, rollout, log } = this.place;
    const write = async (event: Happening) => {
      log.append(event);
      await log.sync();
    };
    return deps.judge(
      {
        workflow: deps.workflow,
        task,
        rollout,
        events: this.events(),
        blobs: deps.blobs,
        outcome,
        signal: deps.signal,
      },
      write,
    );
  }
}

/** In a fork everybody acts with what the parent acted with, and the changed role with what the change says. */
function forSpec(deps: RolloutDeps, { edit, policies }: RolloutSpec): RolloutDeps {
  if (!edit) return deps;
  const role = agentOf(edit.action);
  const changed = edit.change.policy;
  const acting: RolloutDeps['acting'] = (agent) =>
    deps.acting(agent, agent === role && changed !== undefined ? changed : policies[agent]);
  return { ...deps, acting };
}

function started(spec: RolloutSpec, id: string, deps: RolloutDeps): EventData<'rollout.started'> {
  const { task, sample, step, branch, policies, of } = spec;
  const seed = seedFrom(deps.runSeed, step, task, sample, branch);
  return {
    rollout: id,
    task,
    stratum: of.stratum,
    sample,
    step,
    branch,
    seed,
    policies,
    parent: spec.parent ?? null,
  };
}

function summary(
  spec: RolloutSpec,
  id: string,
  status: Ended['status'],
  events: LogEvent[],
  head: string,
  seconds: number,
): Ended {
  const scores = scoresOf(events);
  const outcome = events.findLast((event) => event.type === 'outcome')?.data ?? null;
  const { task, sample, step, branch, of } = spec;
  return {
    rollout: id,
    task,
    stratum: of.stratum,
    group: of.group,
    sample,
    step,
    branch,
    status,
    outcome,
    scores,
    repaired: repairsIn(events),
    head,
    seconds,
  };
}
