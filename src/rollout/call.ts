import { askWithRetries, type ChatMessage, mostTokens, type Reply } from '../policy/index.js';
import type { EventData } from '../trace/index.js';
import { type Agent, dollarsFor } from '../workflow/index.js';
import { seedFrom } from './ids.js';
import type { TurnPlace } from './place.js';

/** Ask an agent's model once and log the answer; it is on disk when this resolves. */
export async function askModel(
  { deps, log, rollout, seedParts }: TurnPlace,
  agent: Agent,
  action: string,
  visit: number,
  turn: number,
  messages: ChatMessage[],
): Promise<EventData<'model.called'>> {
  const { policy, temperature, topP, maxTokens, price } = deps.acting(agent.name);
  const seed = seedFrom(deps.runSeed, ...seedParts, agent.name, visit, turn);
  const promptTokens = mostTokens(messages);
  const dollars = (input: number, output: number) => dollarsFor(price, input, output);
  const most = { tokens: promptTokens + maxTokens, dollars: dollars(promptTokens, maxTokens) };
  const reserved = await deps.budget.reserve(most, deps.signal);
  let reply: Reply;
  let attempt: number;
  try {
    const batch = await deps.pace?.turn(policy.name);
    ({ reply, attempt } = await askWithRetries(
      policy,
      {
        ...{ messages, temperature, topP, maxTokens, seed, signal: deps.signal, tools: agent.tools },
        ...(batch ? { batch } : {}),
        ...(deps.gate.watched ? { onText: (text) => deps.gate.wrote(rollout, action, text) } : {}),
      },
      {
        attempts: deps.attempts,
        onFailure: async (failure) => {
          log.append({ type: 'call.failed', data: { action, call: 0, ...failure } });
          if (failure.made) await reserved.refused(failure.again);
        },
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
