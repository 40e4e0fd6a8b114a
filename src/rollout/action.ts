import type { ChatMessage } from '../policy/index.js';
import type { EventData, Recorded } from '../trace/index.js';
import type { Agent, Breach } from '../workflow/index.js';
import type { Arm } from './arm.js';
import { askModel } from './call.js';
import { checkArtifacts } from './check.js';
import { editMessages, spokenFor } from './fork/apply.js';
import { type Judged, pointsOf } from './gate/points.js';
import { actionId } from './ids.js';
import type { TurnPlace } from './place.js';
import { messageToCome, pythonBlocks } from './reply.js';
import { runPython, type ToolResult } from './tool.js';

/** What a turn came to, for the next one. */
export interface Turn {
  reply: string;
  results: ToolResult[];
  breaches: Breach[];
  noProgram: boolean;
  /** It ran a program, and the message that is owed is still to come. */
  unsaid: boolean;
  status: EventData<'action.finished'>['status'];
  /** Hold the rollout here where somebody wants it, now that the action is judged; null for a replayed turn. */
  after: ((judged: Judged) => Promise<void>) | null;
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
  const edit = place.edit?.action === id ? place.edit : null;
  if (before?.finished) return replayTurn(place, arm, agent, id, turn, messages);
  if (edit) editMessages(messages, edit);
  const points = pointsOf(place, arm, agent.name, id, messages);
  const after = (judged: Judged) => points.reach('after', judged);
  await points.reach('before');
  log.append({ type: 'action.started', data: { action: id, agent: agent.name, visit, turn, arm: arm.name } });
  // Whoever follows the run sees who acts while the model is being waited for.
  log.show();
  const lacking = turn === 0 ? agent.consumes.filter((name) => arm.facts[name]?.exists !== true) : [];
  if (lacking.length > 0) {
    const why = `${lacking.join(', ')} ${lacking.length === 1 ? 'was' : 'were'} never handed over`;
    finish(place, agent, id, 'blocked', why, arm.record(id));
    points.ended('blocked', []);
    return {
      reply: '',
      results: [],
      breaches: [],
      noProgram: false,
      unsaid: false,
      status: 'blocked',
      after,
    };
  }
  if (!before?.calls[0]) await points.reach('model');
  const given = givenReply(place, id, edit);
  const call =
    before?.calls[0] ??
    (given
      ? await spokenFor(place, agent, id, messages, given)
      : await askModel(place, agent, id, visit, turn, messages));
  points.called(call);
  const reply = deps.blobs.text(call.reply);
  const { programs } = agent.tools.includes('python') ? pythonBlocks(reply) : { programs: [] };
  const results: ToolResult[] = [];
  for (const [index, program] of programs.entries()) {
    await points.reach('tool');
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
    points.ran(result.outcome);
    if (result.outcome !== 'ok') break;
  }
  await points.reach('check');
  // Before the facts: what of an artifact is not kept is one of them.
  const recorded = arm.record(id);
  const unsaid = isUnsaid(place, agent, turn, reply);
  const breaches = await checkArtifacts(place, arm, agent, id, unsaid ? null : reply);
  const noProgram = agent.tools.includes('python') && programs.length === 0;
  const { status, why } = endOf(call.finish);
  finish(place, agent, id, status, why, recorded);
  points.ended(
    status,
    breaches.map((breach) => breach.code),
  );
  return { reply, results, breaches, noProgram, unsaid, status, after };
}

/** A reply that is known before the model is asked: a fork's, or one that is said again. */
function givenReply(
  { repeated, deps }: TurnPlace,
  id: string,
  edit: TurnPlace['edit'],
): Parameters<typeof spokenFor>[4] | null {
  if (edit?.change.reply !== undefined) return { reply: edit.change.reply, finish: 'stop', policy: 'edited' };
  const again = repeated.get(id);
  return again ? { reply: deps.blobs.text(again.reply), finish: again.finish, policy: 'repeated' } : null;
}

/** Whether the agent has a turn left to say what it owes, and has only run a program so far. */
function isUnsaid({ deps: { workflow } }: TurnPlace, agent: Agent, turn: number, reply: string): boolean {
  if (turn === agent.maxTurns - 1 || !agent.tools.includes('python')) return false;
  return messageToCome(
    agent.produces.map((name) => workflow.artifacts[name]!),
    reply,
  );
}

/** What a reply came to, by how it ended. */
function endOf(finished: string): { status: Turn['status']; why: string | null } {
  if (finished === 'length') return { status: 'truncated', why: 'the reply was cut at its longest' };
  if (finished === 'content_filter')
    return { status: 'filtered', why: "a content filter of the model's server stopped the reply" };
  return { status: 'done', why: null };
}

function finish(
  place: TurnPlace,
  agent: Agent,
  action: string,
  status: Turn['status'],
  why: string | null,
  recorded: Recorded,
): void {
  place.log.append({
    type: 'action.finished',
    data: { action, agent: agent.name, status, why, ...recorded },
  });
}

/** Take over a finished turn from the log; `messages` become what the agent really saw, for the turns that follow. */
function replayTurn(
  place: TurnPlace,
  arm: Arm,
  agent: Agent,
  id: string,
  turn: number,
  messages: ChatMessage[],
): Turn {
  const { past, deps } = place;
  const { calls, tools, checked, finished } = past.action(id)!;
  arm.replay(finished!);
  if (checked) arm.facts = { ...arm.facts, ...checked.facts };
  if (calls[0] && agent.maxTurns > 1)
    messages.splice(0, messages.length, ...(JSON.parse(deps.blobs.text(calls[0].messages)) as ChatMessage[]));
  const text = (body: Parameters<typeof deps.blobs.text>[0]) => deps.blobs.text(body);
  const reply = calls[0] ? text(calls[0].reply) : '';
  return {
    reply,
    results: tools.map((tool) => ({
      outcome: tool.outcome,
      exitCode: tool.exitCode,
      stdout: text(tool.stdout),
      stderr: text(tool.stderr),
    })),
    breaches: (checked?.breaches ?? []) as Breach[],
    noProgram: agent.tools.includes('python') && tools.length === 0,
    unsaid: isUnsaid(place, agent, turn, reply),
    status: finished!.status,
    after: null,
  };
}
