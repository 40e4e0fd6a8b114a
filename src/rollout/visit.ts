import type { ChatMessage } from '../policy/index.js';
import type { Agent } from '../workflow/index.js';
import { takeTurn } from './action.js';
import type { Arm } from './arm.js';
import { feedback } from './feedback.js';
import { editWorkspace } from './fork/apply.js';
import type { Judged } from './gate/points.js';
import { actionId } from './ids.js';
import { firstMessages } from './messages.js';
import type { TurnPlace } from './place.js';
import { saysDone } from './reply.js';

/**
 * An agent's turns: they end when its artifacts keep their contracts, when it says so (a line "DONE"), when a reply
 * without tools has nothing left to do, or at `max_turns`. A reply that ran a program is no message that is owed as
 * long as turns are left: what it printed goes back first (`messageToCome`).
 */
export async function visitAgent(
  place: TurnPlace,
  arm: Arm,
  agent: Agent,
  visit: number,
  judge: (action: string) => Promise<Judged>,
): Promise<void> {
  await editWorkspace(place, arm, actionId(agent.name, visit, 0));
  const messages: ChatMessage[] = firstMessages(place.deps.workflow, agent, place.task, arm.facts, arm.said);
  const owesFiles = agent.produces.some((name) => place.deps.workflow.artifacts[name]!.path !== null);
  for (let turn = 0; turn < agent.maxTurns; turn++) {
    if (turn > 0) await editWorkspace(place, arm, actionId(agent.name, visit, turn));
    const done = await takeTurn(place, arm, agent, visit, turn, messages);
    const judged = await judge(actionId(agent.name, visit, turn));
    await done.after?.(judged);
    if (done.status === 'blocked') return;
    const owesNothing = agent.produces.length === 0 && (done.noProgram || agent.tools.length === 0);
    const kept = agent.produces.length > 0 && done.breaches.length === 0 && !done.unsaid;
    if (kept || owesNothing || saysDone(done.reply) || turn === agent.maxTurns - 1) {
      arm.said.push({ agent: agent.name, text: done.reply });
      return;
    }
    messages.push(
      { role: 'assistant', content: done.reply },
      { role: 'user', content: feedback(done.results, done.breaches, done.noProgram && owesFiles) },
    );
  }
}
