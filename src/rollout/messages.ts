import type { ChatMessage } from '../policy/index.js';
import {
  type Agent,
  type FactsByArtifact,
  fillTemplate,
  type Lookup,
  lookupFacts,
  type Task,
  type Workflow,
} from '../workflow/index.js';

/** What an earlier agent said last; later agents may see it. */
export interface Said {
  agent: string;
  text: string;
}

/** The first messages of an agent's visit: who it is, what it owes and is handed, and the task. */
export function firstMessages(
  workflow: Workflow,
  agent: Agent,
  task: Task,
  facts: FactsByArtifact,
  said: readonly Said[],
): ChatMessage[] {
  const context = contextOf(workflow, agent, said);
  const base = lookupFacts(facts, task);
  const lookup: Lookup = (parts) => (parts.length === 1 && parts[0] === 'context' ? context : base(parts));
  const parts = [`You are ${agent.name}, one agent of a team. Your responsibility: ${agent.role}`];
  if (agent.instructions) parts.push(fillTemplate(agent.instructions.text, lookup).trim());
  const handed = handover(workflow, agent);
  if (handed) parts.push(handed);
  if (agent.tools.includes('python'))
    parts.push(
      'Python in fenced ```python blocks of your reply is run in order, in your working folder. What it prints comes back to you.',
    );
  const prompt = agent.prompt
    ? fillTemplate(agent.prompt.text, lookup).trim()
    : [task.prompt, context].filter((text) => text !== '').join('\n\n');
  return [
    { role: 'system', content: parts.join('\n\n') },
    { role: 'user', content: prompt || task.prompt || 'Begin.' },
  ];
}

/** What earlier agents said: all of it, or the last and the messages that the agent is handed. */
function contextOf({ agents, artifacts }: Workflow, agent: Agent, said: readonly Said[]): string {
  const messages = agent.consumes.filter((name) => artifacts[name]!.path === null);
  const handed = new Set(
    Object.values(agents)
      .filter(({ produces }) => produces.some((name) => messages.includes(name)))
      .map(({ name }) => said.findLastIndex((each) => each.agent === name)),
  );
  const seen =
    agent.context === 'full' ? said : said.filter((_, at) => at === said.length - 1 || handed.has(at));
  return seen.map(({ agent: who, text }) => `${who} wrote:\n${text}`).join('\n\n');
}

function handover(workflow: Workflow, agent: Agent): string {
  const line = (name: string) => {
    const artifact = workflow.artifacts[name]!;
    const where = artifact.path === null ? 'your last message' : artifact.path;
    const checks = artifact.checks.map((check) => check.text).join('; ');
    return `- ${where} (${artifact.kind})${checks ? `: ${checks}` : ''}`;
  };
  const parts: string[] = [];
  if (agent.consumes.length > 0)
    parts.push(
      `You are handed:\n${agent.consumes.map((name) => `- ${workflow.artifacts[name]!.path ?? name}`).join('\n')}`,
    );
  if (agent.produces.length > 0) parts.push(`You owe:\n${agent.produces.map(line).join('\n')}`);
  return parts.join('\n\n');
}
