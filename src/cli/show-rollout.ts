import { type Blobs, byAction, isCoachCall, type LogEvent } from '../trace/index.js';
import { inert, type Terminal } from './terminal.js';

/** One rollout as it went: an action after the other, also where some acted beside each other. */
export function sayRollout(
  terminal: Pick<Terminal, 'say'>,
  events: readonly LogEvent[],
  blobs: Pick<Blobs, 'text'>,
): void {
  for (const event of byAction(events)) for (const line of linesOf(event, blobs)) terminal.say(inert(line));
}

function linesOf(event: LogEvent, blobs: Pick<Blobs, 'text'>): string[] {
  switch (event.type) {
    case 'action.started': {
      const { action, arm } = event.data;
      return [`\n== ${action}${arm === 'main' ? '' : ` (arm ${arm})`}`];
    }
    case 'model.called': {
      const { action, reply } = event.data;
      return [...coachLine(action), blobs.text(reply)];
    }
    case 'call.failed':
      return [...coachLine(event.data.action), `-- the model call failed: ${event.data.error}`];
    case 'tool.ran': {
      const { outcome, seconds, stdout, stderr } = event.data;
      const output = `${blobs.text(stdout)}${blobs.text(stderr)}`.trimEnd();
      return [`-- python: ${outcome}, ${seconds.toFixed(2)} s`, ...(output ? [output] : [])];
    }
    case 'artifact.checked':
      return event.data.breaches.map(({ message, code }) => `-- broken: ${message} [${code}]`);
    case 'action.finished': {
      const { wrote } = event.data;
      return wrote.length > 0 ? [`-- wrote ${wrote.map(({ path }) => path).join(', ')}`] : [];
    }
    case 'arm.joined': {
      const { arms, merged, dropped } = event.data;
      return [
        `\n== arms joined: ${arms.join(', ')}`,
        `-- merged ${merged.join(', ') || 'nothing'}`,
        ...(dropped.length > 0 ? [`-- dropped, as no artifact of its arm: ${dropped.join(', ')}`] : []),
      ];
    }
    case 'verdict': {
      const { action, score, reason, diagnosis } = event.data;
      return [`-- verdict on ${action}: ${score ?? `null (${reason})`} ${diagnosis}`];
    }
    case 'outcome': {
      const { success, why, metrics } = event.data;
      return [`\noutcome: ${success ? 'success' : `failure (${why})`} ${JSON.stringify(metrics)}`];
    }
    case 'rollout.reopened':
      return ['\n== carried again'];
    case 'rollout.finished': {
      const { status, reason } = event.data;
      return status === 'done' ? [] : [`\n${status}: ${reason ?? 'no reason is on record'}`];
    }
    default:
      return [];
  }
}

/** Whose call it was, where it was none of an agent: the action that the coach was asked about. */
function coachLine(action: string): string[] {
  if (!isCoachCall(action)) return [];
  return [`\n== the coach on ${action.split('/')[1]}`];
}
