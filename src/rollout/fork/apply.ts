import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ChatMessage } from '../../policy/index.js';
import { type EventData, removeTree } from '../../trace/index.js';
import type { Agent } from '../../workflow/index.js';
import type { Arm } from '../arm.js';
import { factsOf } from '../check.js';
import type { TurnPlace } from '../place.js';
import type { Edit } from './change.js';

/** The messages as the fork has them, in place, so that later turns of the visit see them too. */
export function editMessages(messages: ChatMessage[], { change }: Edit): void {
  const put = (at: number, content: string | undefined) => {
    const message = messages.at(at);
    if (content !== undefined && message) message.content = content;
  };
  put(0, change.system);
  put(-1, change.prompt);
}

/** Put the fork's files into the workspace, take the facts of what they belong to, and log both; or replay that. */
export async function editWorkspace(place: TurnPlace, arm: Arm, action: string): Promise<void> {
  const known = place.past.edited.get(action);
  if (known) {
    arm.replay(known);
    arm.facts = { ...arm.facts, ...known.facts };
    return;
  }
  const edit = place.edit?.action === action ? place.edit.change.files : undefined;
  const files = Object.entries(edit ?? {});
  if (files.length === 0) return;
  const { deps, log } = place;
  const folder = arm.workspace();
  for (const [path, body] of files) {
    const at = join(folder, path);
    // Whatever an agent left there (a link, say) goes first: nothing is written through it.
    removeTree(at);
    if (body === null) continue;
    mkdirSync(dirname(at), { recursive: true, mode: 0o700 });
    writeFileSync(at, typeof body === 'string' ? body : deps.blobs.get(body.blob), {
      flag: 'wx',
      mode: 0o600,
    });
  }
  const { wrote, deleted, folders, commit } = arm.record(`edit before ${action}`);
  const touched = new Set([...wrote.map((file) => file.path), ...deleted]);
  const owners = Object.values(deps.workflow.agents).filter((agent) =>
    agent.produces.some((name) => {
      const path = deps.workflow.artifacts[name]!.path;
      return path !== null && [...touched].some((file) => file === path || file.startsWith(`${path}/`));
    }),
  );
  const facts: EventData<'workspace.edited'>['facts'] = {};
  for (const agent of owners) Object.assign(facts, (await factsOf(place, arm, agent, null)).facts);
  log.append({
    type: 'workspace.edited',
    data: { action, arm: arm.name, wrote, deleted, folders, commit, facts },
  });
  await log.sync();
}

/**
 * A reply that is given in the agent's name, by whoever forks or from another rollout: logged like a call, with no
 * weights and no tokens to learn from.
 */
export async function spokenFor(
  { deps, log }: TurnPlace,
  agent: Agent,
  action: string,
  messages: ChatMessage[],
  { reply, finish, policy }: { reply: string; finish: string; policy: 'edited' | 'repeated' },
): Promise<EventData<'model.called'>> {
  const data: EventData<'model.called'> = {
    action,
    call: 0,
    attempt: 0,
    model: agent.model,
    policy,
    weights: null,
    messages: deps.blobs.keep(JSON.stringify(messages)),
    reply: deps.blobs.keep(reply),
    promptIds: null,
    ids: null,
    logprobs: null,
    temperature: 0,
    topP: 1,
    seed: 0,
    finish,
    usage: { promptTokens: 0, replyTokens: 0, counted: true },
    dollars: 0,
    seconds: 0,
    copied: true,
  };
  log.append({ type: 'model.called', data });
  await log.sync();
  return data;
}
