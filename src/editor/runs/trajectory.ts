import { culprit } from '../../coach/index.js';
import {
  type Body,
  type Counted,
  type EventData,
  type LogEvent,
  type LogLine,
  type RolloutRow,
  readLine,
  scanLines,
} from '../../trace/index.js';
import type { Run } from './run.js';

/** A rollout as readable text, with links to bodies and files as they were. Offsets are UTF-16 units. */
export interface Trajectory {
  text: string;
  links: { start: number; end: number; path: string; says: string }[];
  /** Line (from 0) at which each action begins, and where the next one does. */
  actions: {
    action: string;
    agent: string;
    line: number;
    end: number;
    score: number | null;
    code: string | null;
  }[];
}

/** Lines longer than this are not decoded until somebody opens them. */
const LONG = 1 << 16;
/** Lines longer than this are decoded while their sum is below `DECODED` bytes: calls with their token ids. */
const SHORT = 1 << 12;
const DECODED = 4 << 20;
/** Lines of a body that are shown in place. */
const SHOWN = 30;

/** Lay a rollout out as text. Long events are named and linked, not read: 100 MB open in under a second. */
export function trajectory(run: Run, row: RolloutRow | undefined, rollout: string): Trajectory {
  return new Writer(run, rollout, row).write();
}

class Writer {
  private readonly lines: string[] = [];
  private length = 0;
  private readonly links: Trajectory['links'] = [];
  private readonly actions: Trajectory['actions'] = [];
  private readonly path: string;
  private verdicts = new Map<string, Counted>();
  private budget = 400_000;
  private decoded = DECODED;

  constructor(
    private readonly run: Run,
    private readonly rollout: string,
    private readonly row: RolloutRow | undefined,
  ) {
    this.path = run.folder.rollout(rollout);
  }

  write(): Trajectory {
    const found = scanLines(this.path);
    const short = found.map((line) => (this.affords(line) ? readLine(this.path, line) : undefined));
    this.verdicts = this.run.verdicts(
      this.rollout,
      short.filter((event) => event !== undefined),
    );
    this.head(short);
    for (const [at, line] of found.entries()) {
      const event = short[at];
      if (event) this.event(event);
      else this.unread(line);
    }
    this.endAction();
    return { text: `${this.lines.join('\n')}\n`, links: this.links, actions: this.actions };
  }

  /** Whether a line is decoded in place. */
  private affords({ length }: LogLine): boolean {
    if (length <= SHORT) return true;
    if (length > LONG || length > this.decoded) return false;
    this.decoded -= length;
    return true;
  }

  private head(events: (LogEvent | undefined)[]): void {
    const started = events.find((event) => event?.type === 'rollout.started')?.data as
      | EventData<'rollout.started'>
      | undefined;
    const status = this.row ? (this.row.outcome?.success ? 'succeeded' : 'failed') : 'not ended';
    this.line(`# ${this.rollout} · ${started?.stratum ?? 'no stratum'} · ${status}`);
    const broken = this.row && this.row.outcome?.success !== true ? culprit(this.row) : undefined;
    if (broken) this.line(`# broken by ${broken.agent} in ${broken.action}: ${oneLine(broken.diagnosis)}`);
    for (const [name, metric] of Object.entries(this.row?.outcome?.metrics ?? {}))
      this.line(
        `# ${name} ${metric.raw === null ? 'no valid result' : metric.raw.toPrecision(3)} (fair ${metric.fair.toPrecision(3)})`,
      );
    if (started?.parent)
      this.line(
        `# branch of ${started.parent.rollout} at ${started.parent.action}: ${started.parent.change}`,
      );
  }

  private event(event: LogEvent): void {
    switch (event.type) {
      case 'action.started':
        this.begin(event.data);
        return;
      case 'model.called':
        this.call(event.data);
        return;
      case 'call.failed':
        this.line(
          `  failed    call ${event.data.call}, attempt ${event.data.attempt}: ${oneLine(event.data.error)}`,
        );
        return;
      case 'tool.ran':
        this.tool(event.data);
        return;
      case 'artifact.checked':
        this.checked(event.data);
        return;
      case 'action.finished':
        this.finished(event.data);
        return;
      case 'arm.joined':
        this.line(
          `○ arms joined: ${event.data.arms.join(', ')}; merged ${event.data.merged.join(', ') || 'nothing'}`,
        );
        return;
      case 'outcome':
        this.endAction();
        this.line('');
        this.line(
          `# outcome: ${event.data.success ? 'success' : `failure${event.data.why ? ` (${oneLine(event.data.why)})` : ''}`}`,
        );
        return;
      case 'rollout.finished':
        if (event.data.reason) this.line(`# ${event.data.status}: ${oneLine(event.data.reason)}`);
        return;
      default:
        return;
    }
  }

  private begin({ action, agent, turn }: EventData<'action.started'>): void {
    this.endAction();
    this.line('');
    const counted = this.verdicts.get(action);
    const score = counted?.score ?? null;
    const mark = !counted ? '○' : counted.verdict.code !== null ? '✗' : '●';
    const said = counted ? (score === null ? 'no score' : `score ${score}`) : 'not judged';
    const code = counted?.verdict.code ?? null;
    this.actions.push({ action, agent, line: this.lines.length, end: this.lines.length, score, code });
    this.line(`${mark} ${action} · ${agent}, turn ${turn + 1} · ${said}${code ? ` · ${code}` : ''}`);
    if (!counted) return;
    const { verdict, overrule } = counted;
    this.line(
      `  verdict ${score ?? 'null'} by ${overrule ? overrule.author : verdict.judge}: ${oneLine(overrule?.reason || verdict.diagnosis || verdict.reason || '')}`,
    );
    if (overrule)
      this.line(
        `            (${verdict.judge} gave ${verdict.score ?? 'null'}: ${oneLine(verdict.diagnosis)})`,
      );
    if (verdict.blamed && verdict.blamed.agent !== agent)
      this.line(
        `  blamed    ${verdict.blamed.agent}${verdict.blamed.action ? ` in ${verdict.blamed.action}` : ''}`,
      );
    if (verdict.advice) this.line(`  advice    ${oneLine(verdict.advice)}`);
    for (const each of verdict.evidence) {
      const at = each.action ?? action;
      const name = each.file ?? each.event;
      this.linked(
        `  evidence  `,
        name,
        each.file ? `at/${at}/files/${each.file}` : `at/${at}/messages.md`,
        `: ${oneLine(each.says)}`,
      );
    }
  }

  private endAction(): void {
    const last = this.actions.at(-1);
    if (last && last.end === last.line) last.end = this.lines.length - 1;
  }

  private call(data: EventData<'model.called'>): void {
    const { action, usage, seconds, policy, temperature } = data;
    this.linked(
      '  asked     ',
      `${policy}, ${usage.promptTokens} tokens`,
      `at/${action}/messages.md`,
      ` · temperature ${temperature}`,
    );
    this.linked(
      '  reply     ',
      `${usage.replyTokens} tokens`,
      `at/${action}/reply.md`,
      ` · ${data.finish} · ${seconds.toFixed(2)} s`,
    );
    this.body(data.reply);
  }

  private tool(data: EventData<'tool.ran'>): void {
    this.linked(
      `  ${data.tool.padEnd(9)} `,
      `program ${data.index + 1}`,
      `at/${data.action}/program-${data.index}.py`,
      ` · ${data.outcome}, exit ${data.exitCode ?? 'none'}, ${data.seconds.toFixed(2)} s`,
    );
    for (const stream of ['stdout', 'stderr'] as const)
      if (data[stream] !== '') {
        this.linked(`  `, stream, `at/${data.action}/${stream}-${data.index}.txt`, '');
        this.body(data[stream]);
      }
  }

  private checked(data: EventData<'artifact.checked'>): void {
    for (const [name, facts] of Object.entries(data.facts))
      this.line(
        `  facts     ${name}: ${Object.entries(facts)
          .filter(([fact]) => fact !== 'sha256')
          .map(([fact, value]) => `${fact} ${brief(value)}`)
          .join(', ')}`,
      );
    for (const breach of data.breaches)
      this.line(`  broken    ${breach.artifact}: ${oneLine(breach.message)} [${breach.code}]`);
  }

  private finished(data: EventData<'action.finished'>): void {
    for (const file of data.wrote)
      this.linked(
        '  wrote     ',
        file.path,
        `at/${data.action}/files/${file.path}`,
        ` (${size(file.bytes)})`,
      );
    if (data.deleted.length > 0) this.line(`  deleted   ${data.deleted.join(', ')}`);
    if (data.why) this.line(`  ${data.status.padEnd(9)} ${oneLine(data.why)}`);
  }

  private unread(line: LogLine): void {
    const where = line.action && line.type === 'model.called' ? `at/${line.action}/reply.md` : null;
    const what = `${line.type ?? 'a damaged line'}, ${size(line.length)}`;
    if (where) this.linked('  reply     ', what, where, ' · opened on demand');
    else this.line(`  ${what}`);
  }

  private body(body: Body): void {
    if (this.budget <= 0 || (typeof body !== 'string' && body.bytes > LONG)) return;
    let text: string;
    try {
      text = this.run.blobs.text(body);
    } catch (error) {
      this.line(`  │ ${(error as Error).message}`);
      return;
    }
    this.budget -= text.length;
    const all = text.trimEnd().split('\n');
    for (const each of all.slice(0, SHOWN)) this.line(`  │ ${each.slice(0, 400)}`);
    if (all.length > SHOWN) this.line(`  │ … ${all.length - SHOWN} more lines`);
  }

  private line(text: string): void {
    const clean = inert(text);
    this.lines.push(clean);
    this.length += clean.length + 1;
  }

  private linked(lead: string, name: string, path: string, rest: string): void {
    const start = this.length + lead.length;
    const clean = inert(name);
    this.links.push({
      start,
      end: start + clean.length,
      path: `/rollouts/${this.rollout}/${path}`,
      says: clean,
    });
    this.line(`${lead}${clean}${rest}`);
  }
}

/** One line, without control characters or marks that reorder text. */
function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u00b7');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 600);
}

function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1 << 20 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`;
}
