import type { ChatMessage } from '../policy/index.js';
import {
  type Agent,
  type Artifact,
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

/** The first messages of an agent's visit: who it is, what it owes and is handed, where files lie, and the task. */
export function firstMessages(
  workflow: Workflow,
  agent: Agent,
  task: Task,
  facts: FactsByArtifact,
  said: readonly Said[],
): ChatMessage[] {
  const context = contextOf(workflow, agent, said);
  const base = lookupFacts(facts, task);
  let toldTask = agent.prompt === null;
  const lookup: Lookup = (parts) => {
    const name = parts.join('.');
    if (name === 'task.prompt') toldTask = true;
    return name === 'context' ? context : base(parts);
  };
  const parts = [`You are ${agent.name}, one agent of a team. Your responsibility: ${agent.role}`];
  if (agent.instructions) parts.push(fillTemplate(agent.instructions.text, lookup).trim());
  const handed = handover(workflow, agent);
  if (handed) parts.push(handed);
  const prompt = agent.prompt
    ? fillTemplate(agent.prompt.text, lookup).trim()
    : [task.prompt, context].filter((text) => text !== '').join('\n\n');
  if (agent.tools.includes('python')) {
    const files = placesToTell(task, [...parts, prompt].join('\n'), toldTask);
    if (files.length > 0) parts.push(`Files of the task, read-only:\n${files.join('\n')}`);
    parts.push(
      'Python in fenced ```python blocks of your reply is run in order, in your working folder. What it prints comes back to you.',
    );
  }
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

/**
 * Where the task's files lie, as far as an agent has to be told: those of a task that it is told the prompt of, and each
 * that it is told of by name. What says already that it lies in /inputs is not said again.
 */
function placesToTell(task: Task, told: string, toldTask: boolean): string[] {
  return task.files.flatMap(({ name }) => {
    const path = `/inputs/${name}`;
    // The path of another file may begin with this one.
    const placed = told
      .split(path)
      .slice(1)
      .some((rest) => !/^(?:\w|[.-]\w)/.test(rest));
    return !placed && (toldTask || told.includes(name)) ? [`- ${path}`] : [];
  });
}

function handover(workflow: Workflow, agent: Agent): string {
  const handed = (name: string) => {
    const artifact = workflow.artifacts[name]!;
    return [`- ${artifact.path ?? name}`, ...more(artifact)].join('\n');
  };
  const owed = (name: string) => {
    const artifact = workflow.artifacts[name]!;
    const where = artifact.path === null ? 'your last message' : artifact.path;
    const checks = artifact.checks.map((check) => check.text).join('; ');
    return [`- ${where} (${artifact.kind})${checks ? `: ${checks}` : ''}`, ...more(artifact)].join('\n');
  };
  const parts: string[] = [];
  if (agent.consumes.length > 0) parts.push(`You are handed:\n${agent.consumes.map(handed).join('\n')}`);
  if (agent.produces.length > 0) parts.push(`You owe:\n${agent.produces.map(owed).join('\n')}`);
  return parts.join('\n\n');
}

/** What the workflow says an artifact is, below its line. */
function more({ description, kind, schema }: Artifact): string[] {
  const lines = description === null ? [] : description.trim().split('\n');
  if (kind === 'json' && schema !== null) lines.push(`JSON Schema: ${JSON.stringify(schema)}`);
  return lines.map((line) => `  ${line}`);
}
