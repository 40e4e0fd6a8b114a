import * as vscode from 'vscode';
import { agentOf, type Counted, type RolloutRow, readLog } from '../../trace/index.js';
import type { Host } from '../host.js';
import { setting } from '../host.js';
import { rows, settings } from '../names.js';
import { type Analyses, isWorkflow } from '../providers/analyses.js';
import { RunDocuments } from '../runs/documents.js';
import { evidencePath } from '../runs/evidence-path.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';
import { evidenceLink, evidenceTrust } from './evidence.js';

/** What a thread is about. */
export interface Judged extends Counted {
  /** The role and how it failed: what the next action that fails the same way has in common with this one. */
  way: string;
  run: Run;
  rollout: string;
  action: string;
  /** What the verdict rests on, and where that can be read, below the rollout. */
  evidence: { says: string; path: string }[];
  /** Whether the action ran a program. */
  ran: boolean;
}

const PER_ROLE = 3;

/** Comment threads on the failed actions of the run that is shown, at the role's line. */
export class VerdictComments {
  private readonly controller: vscode.CommentController;
  /** By document, then by the way in which a role failed. */
  private readonly threads = new Map<string, Map<string, vscode.CommentThread>>();
  private readonly about = new WeakMap<vscode.CommentThread, Judged>();
  private going: Promise<void> = Promise.resolve();

  constructor(
    host: Host,
    private readonly analyses: Analyses,
    private readonly store: RunStore,
  ) {
    this.controller = host.keep(vscode.comments.createCommentController('baton', 'Baton'));
    const refresh = () => {
      this.going = this.going
        .then(() => this.refresh())
        .catch((error: Error) => host.log.error(`comments: ${error.stack ?? error.message}`));
    };
    host.keep(store.onDidChange(refresh));
    host.keep(vscode.window.onDidChangeVisibleTextEditors(refresh));
    host.keep(
      vscode.workspace.onDidChangeConfiguration(
        (change) => change.affectsConfiguration(settings.inline) && refresh(),
      ),
    );
    refresh();
  }

  judgedOf(thread: vscode.CommentThread): Judged | undefined {
    return this.about.get(thread);
  }

  private async refresh(): Promise<void> {
    const open = new Set<string>();
    for (const { document } of vscode.window.visibleTextEditors) {
      if (!isWorkflow(document)) continue;
      const key = document.uri.toString();
      open.add(key);
      const run =
        setting<string>('inline', 'quiet', document.uri) === 'off'
          ? undefined
          : await this.store.chosen(document.uri);
      this.show(document, run ? this.failures(run) : []);
    }
    for (const key of this.threads.keys()) if (!open.has(key)) this.drop(key);
  }

  /**
   * A thread stays, open where it is open, as long as its role fails that way: somebody may be reading it. What it says
   * is of the last action that did.
   */
  private show(document: vscode.TextDocument, wanted: readonly Judged[]): void {
    const key = document.uri.toString();
    const before = this.threads.get(key) ?? new Map<string, vscode.CommentThread>();
    const now = new Map<string, vscode.CommentThread>();
    for (const judged of wanted) {
      const at = this.place(document, judged);
      if (!at) continue;
      const thread = before.get(judged.way) ?? this.thread(document.uri, at);
      if (!thread.range?.isEqual(at)) thread.range = at;
      if (saidOf(this.about.get(thread)) !== saidOf(judged)) this.fill(thread, judged);
      now.set(judged.way, thread);
    }
    for (const [way, thread] of before) if (!now.has(way)) thread.dispose();
    this.threads.set(key, now);
  }

  private readonly found = new WeakMap<Run, { stamp: string; failures: Judged[] }>();

  /** What failed; whole logs are read for it, so only where the run has changed. */
  private failures(run: Run): Judged[] {
    const stamp = run.stamp();
    let known = this.found.get(run);
    if (known?.stamp !== stamp) {
      known = { stamp, failures: failures(run) };
      this.found.set(run, known);
    }
    return known.failures;
  }

  private drop(key: string): void {
    for (const thread of this.threads.get(key)?.values() ?? []) thread.dispose();
    this.threads.delete(key);
  }

  /** The line of the role that acted; undefined where the text has no such role any more. */
  private place(document: vscode.TextDocument, { action }: Judged): vscode.Range | undefined {
    const role = agentOf(action);
    const at = this.analyses
      .of(document)
      .mentions.find(
        (mention) => mention.kind === 'role' && mention.is === 'declaration' && mention.name === role,
      );
    if (!at) return undefined;
    const { line } = document.positionAt(at.start);
    return new vscode.Range(line, 0, line, 0);
  }

  private thread(uri: vscode.Uri, at: vscode.Range): vscode.CommentThread {
    const thread = this.controller.createCommentThread(uri, at, []);
    thread.canReply = false;
    thread.contextValue = rows.verdict;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Collapsed;
    return thread;
  }

  private fill(thread: vscode.CommentThread, judged: Judged): void {
    thread.label = `${agentOf(judged.action)}: ${judged.verdict.code ?? vscode.l10n.t('low score')}`;
    thread.comments = comments(judged);
    this.about.set(thread, judged);
  }
}

function saidOf(judged: Judged | undefined): string {
  return JSON.stringify([judged?.run.key, judged?.rollout, judged?.action, judged?.verdict, judged?.said]);
}

/** The failed actions worth a comment: the newest of each failure, a few for each role. */
function failures(run: Run): Judged[] {
  const count = run.pages.count();
  const recent = run.pages.page(Math.max(0, count - 200), 200).reverse();
  const reviews = run.allReviews();
  const seen = new Map<string, Set<string>>();
  const found: Judged[] = [];
  for (const row of recent) {
    if (row.outcome?.success === true) continue;
    const said = new Set(
      reviews.get(row.rollout)?.flatMap((event) => (event.type === 'overrule' ? [event.data.action] : [])),
    );
    for (const { agent, action, score, code: now } of row.scores) {
      // What a person said is shown beside what the coach did, also where it clears the role.
      const overruled = said.has(action);
      if (!overruled && (score === null || score >= 5 || now === 'blocked')) continue;
      const codes = seen.get(agent) ?? new Set<string>();
      if (codes.size >= PER_ROLE || (!overruled && codes.has(now ?? ''))) continue;
      const judged = judge(run, row, action);
      const code = (overruled ? judged?.verdict.code : now) ?? '';
      if (!judged || codes.has(code)) continue;
      codes.add(code);
      seen.set(agent, codes);
      found.push({ ...judged, way: `${agent} ${code}` });
    }
  }
  return found;
}

function judge(run: Run, row: RolloutRow, action: string): Omit<Judged, 'way'> | undefined {
  const { events } = readLog(run.folder.rollout(row.rollout));
  const counted = run.verdicts(row.rollout, events).get(action);
  if (!counted) return undefined;
  const ran = events.some((event) => event.type === 'tool.ran' && event.data.action === action);
  const evidence = counted.verdict.evidence.map((each) => ({
    says: each.says || each.event,
    path: evidencePath(each, action, events),
  }));
  return { run, rollout: row.rollout, action, evidence, ran, ...counted };
}

function comments({ run, rollout, action, verdict, evidence, said, ran }: Judged): vscode.Comment[] {
  const text = new vscode.MarkdownString();
  text.isTrusted = evidenceTrust;
  text
    .appendMarkdown(`**${vscode.l10n.t('Score {0}', verdict.score ?? '-')}** `)
    .appendText(verdict.diagnosis);
  if (verdict.advice) text.appendMarkdown('\n\n').appendText(verdict.advice);
  if (verdict.blamed && verdict.blamed.agent !== agentOf(action))
    text.appendMarkdown('\n\n').appendText(vscode.l10n.t('Blamed: {0}', verdict.blamed.agent));
  text.appendMarkdown('\n');
  const link = (label: string, uri: vscode.Uri) =>
    text
      .appendMarkdown('\n- [')
      .appendText(label)
      .appendMarkdown(`](${evidenceLink(uri)})`);
  for (const { says, path } of evidence) link(says, RunDocuments.uri(run, `/rollouts/${rollout}/${path}`));
  if (ran)
    link(
      vscode.l10n.t('Its program'),
      RunDocuments.uri(run, `/rollouts/${rollout}/at/${action}/program-0.py`),
    );
  link(vscode.l10n.t('The whole trajectory'), RunDocuments.trajectoryUri(run, rollout));
  const made: vscode.Comment[] = [
    {
      body: text,
      mode: vscode.CommentMode.Preview,
      author: { name: vscode.l10n.t('{0} on {1}', verdict.judge, `${rollout} ${action}`) },
    },
  ];
  for (const { score, reason, author } of said) {
    const body = new vscode.MarkdownString();
    body.appendMarkdown(`**${vscode.l10n.t('Score {0}', score ?? '-')}** `).appendText(reason);
    made.push({ body, mode: vscode.CommentMode.Preview, author: { name: author } });
  }
  return made;
}
