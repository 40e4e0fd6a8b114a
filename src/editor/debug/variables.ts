import type { ActionRecord } from '../../coach/index.js';
import type { Body, WorkspaceState } from '../../trace/index.js';
import { factsAt } from './conditions.js';
import type { Stop, Timeline } from './timeline.js';

/** A variable and what it opens to. */
export interface Shown {
  name: string;
  value: string;
  children?: () => Shown[];
}

export interface VariableSources {
  timeline: Timeline;
  /** What the role consumes and produces. */
  handed: (role: string) => { consumes: string[]; produces: string[] };
  text: (body: Body) => string;
  workspace: WorkspaceState;
}

/** The scopes of one action, as far as a stop lets them be known. */
export function scopesOf(
  index: number,
  stop: Stop,
  sources: VariableSources,
): { name: string; variables: () => Shown[]; costly: boolean }[] {
  const { timeline, handed } = sources;
  const action = timeline.actions[index]!;
  const now = index === stop.action ? known(action, stop) : action;
  const { consumes, produces } = handed(action.agent);
  const facts = factsAt(timeline, { ...stop, action: index });
  const earlier = index > 0 ? factsAt(timeline, { ...stop, action: index - 1 }) : new Map();
  return [
    { name: 'Action', variables: () => about(now), costly: false },
    { name: 'Verdict', variables: () => verdict(timeline, action), costly: false },
    { name: 'Handed to it', variables: () => artifacts(consumes, earlier), costly: false },
    {
      name: 'It hands over',
      variables: () => artifacts(produces, now.checked ? facts : new Map()),
      costly: false,
    },
    { name: 'What it saw', variables: () => messages(now, sources), costly: true },
    { name: 'Workspace', variables: () => files(sources.workspace), costly: true },
  ];
}

/** An action with only what had happened at a stop. */
function known(action: ActionRecord, stop: Stop): ActionRecord {
  const rank = { before: 0, model: 1, tool: 2, checked: 3, finished: 4, verdict: 5, end: 6 }[stop.is];
  return {
    ...action,
    call: rank >= 1 ? action.call : null,
    tools: rank === 2 ? action.tools.slice(0, stop.index + 1) : rank > 2 ? action.tools : [],
    checked: rank >= 3 ? action.checked : null,
    finished: rank >= 4 ? action.finished : null,
  };
}

function about(action: ActionRecord): Shown[] {
  const { call, finished } = action;
  const list: Shown[] = [
    { name: 'agent', value: action.agent },
    { name: 'turn', value: String(action.turn + 1) },
    { name: 'status', value: finished?.status ?? 'not finished' },
  ];
  if (finished?.why) list.push({ name: 'why', value: finished.why });
  if (call)
    list.push(
      { name: 'policy', value: call.policy },
      { name: 'temperature', value: String(call.temperature) },
      { name: 'prompt tokens', value: String(call.usage.promptTokens) },
      { name: 'reply tokens', value: String(call.usage.replyTokens) },
      { name: 'seconds', value: call.seconds.toFixed(2) },
      { name: 'dollars', value: call.dollars.toFixed(4) },
    );
  if (finished && finished.wrote.length > 0)
    list.push({
      name: 'wrote',
      value: `${finished.wrote.length} files`,
      children: () => finished.wrote.map((file) => ({ name: file.path, value: `${file.bytes} bytes` })),
    });
  return list;
}

function verdict(timeline: Timeline, action: ActionRecord): Shown[] {
  const counted = timeline.verdicts.get(action.id);
  if (!counted) return [{ name: 'score', value: 'not judged' }];
  const { verdict: of, overrule, score } = counted;
  const list: Shown[] = [
    { name: 'score', value: score === null ? `null (${of.reason ?? 'no reason'})` : String(score) },
    { name: 'judge', value: overrule ? `${overrule.author}: ${overrule.reason}` : of.judge },
    { name: 'diagnosis', value: of.diagnosis },
  ];
  if (of.code) list.push({ name: 'failure', value: of.code });
  if (of.advice) list.push({ name: 'advice', value: of.advice });
  if (of.blamed)
    list.push({ name: 'blamed', value: [of.blamed.agent, of.blamed.action].filter(Boolean).join(' in ') });
  for (const [at, each] of of.evidence.entries())
    list.push({ name: `evidence ${at + 1}`, value: [each.says, each.file].filter(Boolean).join(' \u2014 ') });
  return list;
}

function artifacts(names: readonly string[], facts: ReadonlyMap<string, Record<string, unknown>>): Shown[] {
  return names.map((name) => {
    const known = facts.get(name);
    if (!known) return { name, value: 'not there yet' };
    const words = [
      known.exists === false ? 'missing' : null,
      known.valid === false ? 'breaks its contract' : null,
      known.valid === true ? 'keeps its contract' : null,
    ];
    return {
      name,
      value: words.filter((word) => word !== null).join(', ') || 'there',
      children: () =>
        Object.entries(known).map(([fact, value]) => ({
          name: fact,
          value: typeof value === 'string' ? value : JSON.stringify(value),
        })),
    };
  });
}

function messages({ call, tools }: ActionRecord, { text }: VariableSources): Shown[] {
  const list: Shown[] = [];
  if (call) {
    for (const [at, each] of parseMessages(text(call.messages)).entries())
      list.push({ name: `${at + 1} ${each.role}`, value: each.content });
    list.push({ name: 'reply', value: text(call.reply) });
  }
  for (const tool of tools)
    list.push({
      name: `program ${tool.index + 1}`,
      value: `${tool.outcome}, exit ${tool.exitCode ?? 'none'}, ${tool.seconds.toFixed(2)} s`,
      children: () =>
        (['program', 'stdout', 'stderr'] as const).map((part) => ({ name: part, value: text(tool[part]) })),
    });
  return list;
}

function parseMessages(json: string): { role: string; content: string }[] {
  try {
    const list: unknown = JSON.parse(json);
    return Array.isArray(list) ? (list as { role: string; content: string }[]) : [];
  } catch {
    return [{ role: 'messages', content: json }];
  }
}

function files(state: WorkspaceState): Shown[] {
  if (state.size === 0) return [{ name: 'empty', value: 'no file yet' }];
  return [...state.values()].map((file) => ({ name: file.path, value: `${file.bytes} bytes` }));
}
