import { type Evidence, type LogEvent, stateAfter } from '../../trace/index.js';

/**
 * Where what a verdict of `action` rests on can be read, below its rollout's folder of documents: the program that
 * ran, the file as it was then, the reply, or the facts where the file was never there. Pure.
 */
export function evidencePath(of: Evidence, action: string, events: readonly LogEvent[]): string {
  const at = of.action ?? action;
  const programs = events.flatMap((event) =>
    event.type === 'tool.ran' && event.data.action === at ? [event.data.index] : [],
  );
  const program = programs.at(-1);
  if (of.event === 'tool.ran' && program !== undefined && [null, 'program.py'].includes(of.file))
    return `at/${at}/program-${program}.py`;
  if (of.file !== null && stateAfter(events, at).has(of.file)) return `at/${at}/files/${of.file}`;
  const has = (type: LogEvent['type']) =>
    events.some((event) => event.type === type && (event.data as { action?: string }).action === at);
  if (of.event !== 'model.called' && has('artifact.checked')) return `at/${at}/facts.json`;
  return has('model.called') ? `at/${at}/reply.md` : `at/${at}/messages.md`;
}
