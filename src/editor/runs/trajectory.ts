import * as l10n from '@vscode/l10n';
import { culprit } from '../../coach/index.js';
import {
  type Body,
  type Counted,
  type EventData,
  grouped,
  type LogEvent,
  type LogLine,
  type RolloutRow,
  readLine,
  scanLines,
} from '../../trace/index.js';
import { evidencePath } from './evidence-path.js';
import type { Run } from './run.js';
import { exitWords, statusWords } from './told.js';

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
  private events: LogEvent[] = [];
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
    // What acts in parallel is in the log as it came, and reads one action after the other.
    const found = grouped(scanLines(this.path), (line) => line);
    const short = found.map((line) => (this.affords(line) ? readLine(this.path, line) : undefined));
    this.events = short.filter((event) => event !== undefined);
    this.verdicts = this.run.verdicts(this.rollout, this.events);
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
    const status = !this.row
      ? l10n.t('not ended')
      : this.row.outcome?.success
        ? l10n.t('succeeded')
        : l10n.t('failed');
    this.line(`# ${this.rollout} · ${started?.stratum ?? l10n.t('no stratum')} · ${status}`);
    const broken = this.row && culprit(this.row);
    if (broken) {
      const { agent, action, diagnosis } = broken;
      this.line(`# ${l10n.t('broken by {0} in {1}: {2}', agent, action, oneLine(diagnosis))}`);
    }
    for (const [name, { raw, fair }] of Object.entries(this.row?.outcome?.metrics ?? {})) {
      const value = raw === null ? l10n.t('no valid result') : raw.toPrecision(3);
      this.line(`# ${name} ${l10n.t('{0} (fair {1})', value, fair.toPrecision(3))}`);
    }
    if (started?.parent) {
      const { rollout, action, change } = started.parent;
      this.line(`# ${l10n.t('branch of {0} at {1}: {2}', rollout, action, change)}`);
    }
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
        this.failed(event.data);
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
        this.joined(event.data);
        return;
      case 'outcome':
        this.endAction();
        this.line('');
        this.line(`# ${outcomeWords(event.data)}`);
        return;
      case 'rollout.finished':
        if (event.data.reason)
          this.line(`# ${statusWords(event.data.status)}: ${oneLine(event.data.reason)}`);
        return;
      case 'rollout.reopened':
        this.endAction();
        this.line(`# ${l10n.t('carried again')}`);
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
    const said = !counted
      ? l10n.t('not judged')
      : score === null
        ? l10n.t('no score')
        : l10n.t('score {0}', score);
    const code = counted?.verdict.code ?? null;
    this.actions.push({ action, agent, line: this.lines.length, end: this.lines.length, score, code });
    const who = l10n.t('{0}, turn {1}', agent, turn + 1);
    this.line(`${mark} ${action} · ${who} · ${said}${code ? ` · ${code}` : ''}`);
    if (!counted) return;
    const { verdict, overrule } = counted;
    const by = overrule ? overrule.author : verdict.judge;
    const why = oneLine(overrule?.reason || verdict.diagnosis || verdict.reason || '');
    this.line(`  ${l10n.t('verdict {0} by {1}: {2}', score ?? 'null', by, why)}`);
    if (overrule) {
      const said = oneLine(verdict.diagnosis);
      this.line(`${label('')}(${l10n.t('{0} gave {1}: {2}', verdict.judge, verdict.score ?? 'null', said)})`);
    }
    const { blamed } = verdict;
    if (blamed && blamed.agent !== agent)
      this.line(
        label(l10n.t('blamed')) +
          (blamed.action ? l10n.t('{0} in {1}', blamed.agent, blamed.action) : blamed.agent),
      );
    if (verdict.advice) this.line(label(l10n.t('advice')) + oneLine(verdict.advice));
    for (const each of verdict.evidence) {
      const path = evidencePath(each, action, this.events);
      this.linked(label(l10n.t('evidence')), each.file ?? each.event, path, `: ${oneLine(each.says)}`);
    }
  }

  private endAction(): void {
    const last = this.actions.at(-1);
    if (last && last.end === last.line) last.end = this.lines.length - 1;
  }

  private failed({ call, attempt, error }: EventData<'call.failed'>): void {
    this.line(label(l10n.t('failed')) + l10n.t('call {0}, attempt {1}: {2}', call, attempt, oneLine(error)));
  }

  private joined({ arms, merged, dropped }: EventData<'arm.joined'>): void {
    this.endAction();
    this.line('');
    const names = arms.join(', ');
    this.line(
      `○ ${
        merged.length > 0
          ? l10n.t('arms joined: {0}; merged {1}', names, merged.join(', '))
          : l10n.t('arms joined: {0}; merged nothing', names)
      }`,
    );
    if (dropped.length > 0)
      this.line(label(l10n.t('dropped')) + l10n.t('{0}: no artifact of its arm', dropped.join(', ')));
  }

  private call(data: EventData<'model.called'>): void {
    const { action, usage, seconds, policy, temperature } = data;
    this.linked(
      label(l10n.t('asked')),
      l10n.t('{0}, {1} tokens', policy, usage.promptTokens),
      `at/${action}/messages.md`,
      ` · ${l10n.t('temperature {0}', temperature)}`,
    );
    this.linked(
      label(l10n.t('reply')),
      l10n.t('{0} tokens', usage.replyTokens),
      `at/${action}/reply.md`,
      ` · ${data.finish} · ${seconds.toFixed(2)} s`,
    );
    this.body(data.reply);
  }

  private tool(data: EventData<'tool.ran'>): void {
    this.linked(
      label(data.tool),
      l10n.t('program {0}', data.index + 1),
      `at/${data.action}/program-${data.index}.py`,
      ` · ${exitWords(data)}`,
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
        `${label(l10n.t('facts'))}${name}: ${Object.entries(facts)
          .filter(([fact]) => fact !== 'sha256')
          .map(([fact, value]) => `${fact} ${brief(value)}`)
          .join(', ')}`,
      );
    for (const breach of data.breaches)
      this.line(`${label(l10n.t('broken'))}${breach.artifact}: ${oneLine(breach.message)} [${breach.code}]`);
  }

  private finished(data: EventData<'action.finished'>): void {
    for (const file of data.wrote)
      this.linked(
        label(l10n.t('wrote')),
        file.path,
        `at/${data.action}/files/${file.path}`,
        ` (${size(file.bytes)})`,
      );
    if (data.deleted.length > 0) this.line(label(l10n.t('deleted')) + data.deleted.join(', '));
    if (data.why) this.line(label(statusWords(data.status)) + oneLine(data.why));
  }

  private unread(line: LogLine): void {
    const where = line.action && line.type === 'model.called' ? `at/${line.action}/reply.md` : null;
    const what = `${line.type ?? l10n.t('a damaged line')}, ${size(line.length)}`;
    if (where) this.linked(label(l10n.t('reply')), what, where, ` · ${l10n.t('opened on demand')}`);
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
    if (all.length > SHOWN) this.line(`  │ … ${l10n.t('{0} more lines', all.length - SHOWN)}`);
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

/** What begins a line, in a column of its own. */
function label(text: string): string {
  return `  ${text.padEnd(9)} `;
}

function outcomeWords({ success, why }: EventData<'outcome'>): string {
  if (success) return l10n.t('outcome: success');
  return why ? l10n.t('outcome: failure ({0})', oneLine(why)) : l10n.t('outcome: failure');
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
