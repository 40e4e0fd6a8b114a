import { askWithRetries, type ChatMessage, type Reply } from '../policy/index.js';
import type { EventData, Happening } from '../trace/index.js';
import { type Agent, type Breach, judgeContracts, type Task } from '../workflow/index.js';
import type { Arm } from './arm.js';
import type { RolloutDeps } from './deps.js';
import { factRequests, messageFacts } from './facts.js';
import { actionId, seedFrom } from './ids.js';
import type { Past } from './past.js';
import { pythonBlocks } from './reply.js';
import { runPython, type ToolResult } from './tool.js';

/** What a turn came to, for the next one. */
export interface Turn {
  reply: string;
  results: ToolResult[];
  breaches: Breach[];
  noProgram: boolean;
  status: EventData<'action.finished'>['status'];
}

/** Where a turn happens. */
export interface TurnPlace {
  deps: RolloutDeps;
  task: Task;
  rollout: string;
  /** The parts of the step id before the agent. */
  seedParts: (string | number)[];
  past: Past;
  log: { append(event: Happening): void; sync(): Promise<void> };
}

/** One turn of one agent: one reply, the programs it holds, and what they did to the workspace. */
export async function takeTurn(
  place: TurnPlace,
  arm: Arm,
  agent: Agent,
  visit: number,
  turn: number,
  messages: ChatMessage[],
): Promise<Turn> {
  const { deps, log, past } = place;
  const id = actionId(agent.name, visit, turn);
  const before = past.action(id);
  if (before?.finished) return replayTurn(place, arm, agent, id);
  await deps.gate.reach({ rollout: place.rollout, action: id, agent: agent.name, when: 'before' });
  deps.signal.throwIfAborted();
  log.append({ type: 'action.started', data: { action: id, agent: agent.name, visit, turn, arm: arm.name } });
  const lacking = turn === 0 ? agent.consumes.filter((name) => arm.facts[name]?.exists !== true) : [];
  if (lacking.length > 0) {
    const why = `${lacking.join(', ')} ${lacking.length === 1 ? 'was' : 'were'} never handed over`;
    finish(place, arm, agent, id, 'blocked', why);
    return { reply: '', results: [], breaches: [], noProgram: false, status: 'blocked' };
  }
  const call = before?.calls[0] ?? (await askModel(place, agent, id, visit, turn, messages));
  const reply = deps.blobs.text(call.reply);
  const truncated = call.finish === 'length';
  const { programs } = agent.tools.includes('python') ? pythonBlocks(reply) : { programs: [] };
  const results: ToolResult[] = [];
  for (const [index, program] of programs.entries()) {
    if (!deps.sandbox) throw new Error(`${agent.name} has tools, and there is no sandbox to run them in.`);
    const { result, event } = await runPython(
      deps.sandbox,
      program,
      {
        workspace: arm.workspace(),
        inputs: deps.inputsOf(place.task),
        modules: deps.workflow.modules,
        limits: deps.workflow.limits.action,
        signal: deps.signal,
      },
      deps.blobs,
    );
    deps.signal.throwIfAborted();
    log.append({ type: 'tool.ran', data: { action: id, index, ...event } });
    results.push(result);
    if (result.outcome !== 'ok') break;
  }
  const breaches = await checkArtifacts(place, arm, agent, id, reply);
  const noProgram = agent.tools.includes('python') && programs.length === 0;
  const status = truncated ? 'truncated' : 'done';
  finish(place, arm, agent, id, status, truncated ? 'the reply was cut at its longest' : null);
  await deps.gate.reach({ rollout: place.rollout, action: id, agent: agent.name, when: 'after' });
  return { reply, results, breaches, noProgram, status };
}

function finish(
  place: TurnPlace,
  arm: Arm,
  agent: Agent,
  action: string,
  status: Turn['status'],
  why: string | null,
): void {
  const { wrote, deleted, refused, commit } = arm.record(action);
  place.log.append({
    type: 'action.finished',
    data: { action, agent: agent.name, status, why, wrote, deleted, refused, commit },
  });
}

function replayTurn({ past, deps }: TurnPlace, arm: Arm, agent: Agent, id: string): Turn {
  const { calls, tools, checked, finished } = past.action(id)!;
  arm.replay(finished!);
  if (checked) arm.facts = { ...arm.facts, ...checked.facts };
  const text = (body: Parameters<typeof deps.blobs.text>[0]) => deps.blobs.text(body);
  return {
    reply: calls[0] ? text(calls[0].reply) : '',
    results: tools.map((tool) => ({
      outcome: tool.outcome,
      exitCode: tool.exitCode,
      stdout: text(tool.stdout),
      stderr: text(tool.stderr),
    })),
    breaches: (checked?.breaches ?? []) as Breach[],
    noProgram: agent.tools.includes('python') && tools.length === 0,
    status: finished!.status,
  };
}

async function askModel(
  { deps, log, seedParts }: TurnPlace,
  agent: Agent,
  action: string,
  visit: number,
  turn: number,
  messages: ChatMessage[],
): Promise<EventData<'model.called'>> {
  const { policy, temperature, topP, maxTokens, price } = deps.acting(agent.name);
  const seed = seedFrom(deps.runSeed, ...seedParts, agent.name, visit, turn);
  const promptTokens = messages.reduce((sum, message) => sum + message.content.length, 0) / 3;
  const dollars = (input: number, output: number) => (input * price.input + output * price.output) / 1e6;
  const reserved = deps.budget.reserve({
    tokens: promptTokens + maxTokens,
    dollars: dollars(promptTokens, maxTokens),
  });
  let reply: Reply;
  let attempt: number;
  const batch = deps.batch?.(agent.name, turn);
  try {
    ({ reply, attempt } = await askWithRetries(
      policy,
      { messages, temperature, topP, maxTokens, seed, signal: deps.signal, ...(batch ? { batch } : {}) },
      {
        attempts: deps.attempts,
        onFailure: ({ attempt, error, again }) =>
          log.append({ type: 'call.failed', data: { action, call: 0, attempt, error, again } }),
      },
    ));
  } catch (error) {
    reserved.release();
    throw error;
  }
  const { usage } = reply;
  const cost = dollars(usage.promptTokens, usage.replyTokens);
  reserved.settle({ tokens: usage.promptTokens + usage.replyTokens, dollars: cost });
  const data: EventData<'model.called'> = {
    action,
    call: 0,
    attempt,
    model: deps.workflow.agents[agent.name]!.model,
    policy: policy.name,
    weights: reply.weights,
    messages: deps.blobs.keep(JSON.stringify(messages)),
    reply: deps.blobs.keep(reply.text),
    promptIds: reply.promptIds,
    ids: reply.ids,
    logprobs: reply.logprobs,
    temperature,
    topP,
    seed,
    finish: reply.finish,
    usage,
    dollars: cost,
    seconds: reply.seconds,
  };
  log.append({ type: 'model.called', data });
  // Nothing acknowledged is lost: the reply is on disk before anything uses it.
  await log.sync();
  return data;
}

async function checkArtifacts(
  { deps, task, log }: TurnPlace,
  arm: Arm,
  agent: Agent,
  action: string,
  reply: string,
): Promise<Breach[]> {
  if (agent.produces.length === 0) return [];
  const artifacts = agent.produces.map((name) => deps.workflow.artifacts[name]!);
  const requests = factRequests(deps.workflow, agent);
  const taken =
    requests.length > 0 && deps.takeFacts
      ? await deps.takeFacts({ workspace: arm.workspace(), inputs: deps.inputsOf(task), artifacts: requests })
      : {};
  for (const artifact of artifacts) if (artifact.path === null) taken[artifact.name] = messageFacts(reply);
  const judged = judgeContracts(artifacts, { ...arm.facts, ...taken }, task);
  arm.facts = judged.facts;
  const facts = Object.fromEntries(artifacts.map(({ name }) => [name, judged.facts[name]!]));
  log.append({ type: 'artifact.checked', data: { action, facts, breaches: judged.breaches } });
  return judged.breaches;
}
