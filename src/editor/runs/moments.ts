import {
  type Body,
  type LogEvent,
  readLine,
  readLog,
  scanLines,
  stateAfter,
  staysInside,
  type WorkspaceState,
} from '../../trace/index.js';
import type { Run } from './run.js';

/** Bytes of a document of a run, or undefined where there is none of that name. */
export type Bytes = Uint8Array;

/** Names that a moment has beside its files. */
export interface MomentEntry {
  name: string;
  directory: boolean;
}

/** The events of one action, decoded when they are asked for. */
export function eventsOf(run: Run, rollout: string, action: string): LogEvent[] {
  const path = run.folder.rollout(rollout);
  return scanLines(path)
    .filter((line) => line.action === action)
    .flatMap((line) => readLine(path, line) ?? []);
}

/** The files of a rollout's workspace after an action. */
export function filesAt(run: Run, rollout: string, action: string): WorkspaceState {
  const state = stateAfter(readLog(run.folder.rollout(rollout)).events, action);
  return new Map([...state].filter(([path]) => staysInside(path)));
}

/** One of the texts of an action: messages.md, reply.md, program-0.py, stdout-0.txt, stderr-0.txt, facts.json. */
export function textOf(run: Run, rollout: string, action: string, name: string): string | undefined {
  const events = eventsOf(run, rollout, action);
  const body = (of: Body) => run.blobs.text(of);
  const call = events.findLast((event) => event.type === 'model.called');
  if (name === 'reply.md') return call && body(call.data.reply);
  if (name === 'messages.md') return call && messages(body(call.data.messages));
  if (name === 'facts.json') {
    const checked = events.findLast((event) => event.type === 'artifact.checked');
    return checked && `${JSON.stringify(checked.data, null, 2)}\n`;
  }
  const part = /^(program|stdout|stderr)-(\d+)\.(py|txt)$/.exec(name);
  if (!part) return undefined;
  const tool = events
    .filter((event) => event.type === 'tool.ran')
    .find((event) => event.data.index === Number(part[2]));
  return tool && body(tool.data[part[1] as 'program' | 'stdout' | 'stderr']);
}

function messages(json: string): string {
  try {
    const list = JSON.parse(json) as { role: string; content: string }[];
    return list.map(({ role, content }) => `## ${role}\n\n${content}\n`).join('\n');
  } catch {
    return json;
  }
}

/** What lies directly in a folder (`''` is the top) of a workspace. */
export function entriesIn(state: WorkspaceState, folder: string): MomentEntry[] {
  const lead = folder === '' ? '' : `${folder}/`;
  const found = new Map<string, boolean>();
  for (const path of state.keys()) {
    if (!path.startsWith(lead)) continue;
    const rest = path.slice(lead.length);
    const slash = rest.indexOf('/');
    if (slash < 0) found.set(rest, found.get(rest) ?? false);
    else found.set(rest.slice(0, slash), true);
  }
  return [...found]
    .map(([name, directory]) => ({ name, directory }))
    .sort((a, b) => Number(b.directory) - Number(a.directory) || a.name.localeCompare(b.name));
}
