import * as l10n from '@vscode/l10n';
import { artifactKinds, type Flow, type Problem, type Source } from '../../workflow/index.js';
import { type Analysis, consumersOf, producerOf } from '../language/index.js';
import type { Graph, ShownGroup, ShownProblem, ShownPrompt, ShownRole } from '../protocol/designer.js';

/** What a run says of the roles just now. */
export interface Live {
  scores: ReadonlyMap<string, NonNullable<ShownRole['score']>>;
  acting: ReadonlySet<string>;
}

/** The graph of a workflow's text: roles, artifacts, flow groups, and problems at what they belong to. Pure. */
export function graphOf(analysis: Analysis, title: string, live: Live): Graph {
  const { team, source, problems } = analysis;
  const raw = mapping(source?.value ?? analysis.lastWorkflow);
  const agents = mapping(raw.agents);
  const placed = new Set<Problem>();
  const at = (section: 'agents' | 'artifacts', name: string) => {
    const [first, last] = source ? linesOf(source, section, name) : [0, -1];
    const own = problems.filter(({ line }) => first <= line && line <= last);
    for (const problem of own) placed.add(problem);
    return own.map(shown);
  };
  const roles = [...team.roles].map(([name, { role, model, consumes, produces }]) => {
    const agent = mapping(agents[name]);
    return {
      name,
      role,
      instructions: promptOf(agent.instructions),
      prompt: promptOf(agent.prompt),
      tools: Array.isArray(agent.tools) ? agent.tools.map(String) : null,
      context: typeof agent.context === 'string' ? agent.context : null,
      model,
      ownModel: typeof agent.model === 'string' ? agent.model : null,
      maxTurns: typeof agent.max_turns === 'number' ? agent.max_turns : null,
      trained: agent.trained !== false,
      consumes,
      produces,
      problems: at('agents', name),
      score: live.scores.get(name) ?? null,
      acting: live.acting.has(name),
    };
  });
  const artifacts = [...team.artifacts].map(([name, { kind, path, checks }]) => ({
    name,
    kind,
    path,
    checks,
    producer: producerOf(team, name),
    consumers: consumersOf(team, name),
    problems: at('artifacts', name),
  }));
  return {
    title,
    roles,
    artifacts,
    groups: analysis.lastWorkflow ? groupsOf(analysis.lastWorkflow.flow) : [],
    models: [...team.models.keys()],
    kinds: [...artifactKinds],
    problems: problems.filter((problem) => !placed.has(problem)).map(shown),
    stale: source === undefined,
  };
}

/** The parallel and repeated parts of a flow, nested as they are written; a role stands in the innermost one only. */
export function groupsOf(flow: Flow, id = 'flow'): ShownGroup[] {
  switch (flow.is) {
    case 'agent':
      return [];
    case 'sequence':
      return flow.steps.flatMap((step, at) => groupsOf(step, `${id}.${at}`));
    case 'parallel':
      return [frame(id, l10n.t('in parallel'), flow.arms)];
    case 'repeat':
      return [
        frame(id, l10n.t('repeat until {0}, {1} times at most', flow.until.text, flow.max), [flow.body]),
      ];
  }
}

function frame(id: string, label: string, parts: readonly Flow[]): ShownGroup {
  return {
    id,
    label,
    roles: parts.flatMap(rolesDirectly),
    groups: parts.flatMap((part, at) => groupsOf(part, `${id}.${at}`)),
  };
}

/** The roles of a part that stand in no group inside it. */
function rolesDirectly(flow: Flow): string[] {
  if (flow.is === 'agent') return [flow.agent];
  return flow.is === 'sequence' ? [...new Set(flow.steps.flatMap(rolesDirectly))] : [];
}

/** The first and the last line of a role or an artifact. */
function linesOf(source: Source, section: 'agents' | 'artifacts', name: string): [number, number] {
  const [start] = source.offsets([section, name], 'key');
  const [, end] = source.offsets([section, name]);
  return [source.lineAt(start), source.lineAt(Math.max(start, end - 1))];
}

function shown({ message, severity, line }: Problem): ShownProblem {
  return { message, severity: severity === 'error' ? 'error' : 'warning', line };
}

function promptOf(value: unknown): ShownPrompt {
  if (typeof value === 'string') return { text: value };
  const { file } = mapping(value);
  return typeof file === 'string' ? { file } : null;
}

function mapping(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}
