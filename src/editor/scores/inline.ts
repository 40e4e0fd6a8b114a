import * as vscode from 'vscode';
import type { Mention } from '../../workflow/index.js';
import type { Host } from '../host.js';
import { setting } from '../host.js';
import type { HoverPart } from '../language/index.js';
import { type CommandId, commands, languageId, settings } from '../names.js';
import { type Analyses, isWorkflow, rangeOf } from '../providers/analyses.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/store.js';
import { lostWords, rolloutWords } from '../words.js';
import type { Scores } from './book.js';
import { factWords, lastFacts } from './facts.js';
import { type Band, bandOf, type RoleScores, type RunScores, scoreWords } from './stats.js';

/** What stands beside a document: the run that is shown, its scores, and whether its text was another one. */
interface Shown {
  run: Run;
  scores: RunScores;
  stale: boolean;
}

/** Marks, hints and commands beside roles: what `baton.inline` allows of them. */
export class InlineScores implements vscode.CodeLensProvider, vscode.InlayHintsProvider {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  readonly onDidChangeInlayHints = this.changed.event;
  private readonly marks: Record<Band, vscode.TextEditorDecorationType>;
  private readonly shown = new Map<string, Shown | undefined>();

  constructor(
    host: Host,
    private readonly analyses: Analyses,
    private readonly store: RunStore,
    private readonly scores: Scores,
  ) {
    host.keep(this.changed);
    this.marks = {
      low: mark(host, 'low'),
      middle: mark(host, 'middle'),
      high: mark(host, 'high'),
      none: mark(host, 'none'),
    };
    host.keep(vscode.languages.registerCodeLensProvider(languageId, this));
    host.keep(vscode.languages.registerInlayHintsProvider(languageId, this));
    const all = () => void this.refresh();
    host.keep(store.onDidChange(all));
    host.keep(vscode.window.onDidChangeVisibleTextEditors(all));
    host.keep(vscode.workspace.onDidChangeTextDocument(({ document }) => isWorkflow(document) && all()));
    host.keep(
      vscode.workspace.onDidChangeConfiguration(
        (change) => change.affectsConfiguration(settings.inline) && all(),
      ),
    );
    all();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const inline = inlineOf(document);
    if (inline === 'off') return [];
    const section = /^agents:/m.exec(document.getText());
    if (!section) return [];
    const shown = this.shown.get(document.uri.toString());
    const top = rangeOf(document, section.index, section.index + 6);
    // A draft too, which whoever runs it is asked to save; the text of a recorded run is only looked at.
    const own = ['file', 'untitled'].includes(document.uri.scheme);
    const lenses = own
      ? [...this.doing(top, document.uri)]
      : [lens(top, commands.debug, vscode.l10n.t('$(debug-alt) Step through'), document.uri)];
    if (shown && shown.scores.rollouts > 0) lenses.push(new vscode.CodeLens(top, this.summary(shown)));
    if (inline === 'full')
      for (const { name, start, end } of this.roles(document)) {
        const place = rangeOf(document, start, end);
        if (own) lenses.push(...this.doing(place, document.uri, name));
        const scores = shown?.scores.roles.get(name);
        if (!scores || !shown) continue;
        lenses.push(lens(place, commands.debug, roleWords(scores), document.uri, name));
      }
    return lenses;
  }

  provideInlayHints(document: vscode.TextDocument): vscode.InlayHint[] {
    const shown = this.shown.get(document.uri.toString());
    if (!shown || inlineOf(document) !== 'full') return [];
    return this.roles(document).flatMap((mention) => {
      const scores = shown.scores.roles.get(mention.name);
      if (!scores) return [];
      const line = document.lineAt(document.positionAt(mention.start).line);
      const hint = new vscode.InlayHint(
        line.range.end,
        shown.stale ? vscode.l10n.t('{0} (older text)', scoreWords(scores)) : scoreWords(scores),
      );
      hint.paddingLeft = true;
      hint.tooltip = vscode.l10n.t('Mean score of {0} in {1}', mention.name, shown.run.folder.name);
      return [hint];
    });
  }

  /** What a role's hover says of its scores. */
  hover(document: vscode.TextDocument, role: string): HoverPart[] {
    const shown = this.shown.get(document.uri.toString());
    const scores = shown?.scores.roles.get(role);
    if (!shown || !scores) return [];
    const parts: HoverPart[] = [{ item: vscode.l10n.t('mean score {0}', scoreWords(scores)) }];
    if (scores.broke > 0)
      parts.push({ item: vscode.l10n.t('broke {0} of {1} rollouts', scores.broke, shown.scores.rollouts) });
    if (shown.stale) parts.push({ item: vscode.l10n.t('these scores are of an older text of this file') });
    return parts;
  }

  /** What an artifact's hover says of how it last came out. */
  artifactHover(document: vscode.TextDocument, artifact: string): HoverPart[] {
    const shown = this.shown.get(document.uri.toString());
    const last = shown && lastFacts(shown.run, artifact);
    if (!shown || !last) return [];
    const { action, rollout, facts, breaches } = last;
    const parts: HoverPart[] = [
      { item: vscode.l10n.t('last, after {0} of {1}:', action, rollout) },
      { item: factWords(facts) },
      ...breaches.slice(0, 3).map((item) => ({ item })),
    ];
    if (shown.stale) parts.push({ item: vscode.l10n.t('these facts are of an older text of this file') });
    return parts;
  }

  /** What can be done with the whole team, or with one role of it. */
  private doing(place: vscode.Range, uri: vscode.Uri, ...role: string[]): vscode.CodeLens[] {
    return [
      lens(place, commands.run, vscode.l10n.t('$(play) Run'), uri, ...role),
      lens(place, commands.debug, vscode.l10n.t('$(debug-alt) Debug'), uri, ...role),
      lens(place, commands.train, vscode.l10n.t('$(mortar-board) Train'), uri, ...role),
    ];
  }

  /** Where each role of the team begins. */
  private roles(document: vscode.TextDocument): Mention[] {
    return this.analyses
      .of(document)
      .mentions.filter(({ kind, is, file }) => kind === 'role' && is === 'declaration' && file === null);
  }

  private summary({ run, scores, stale }: Shown): vscode.Command {
    const share = Math.round((scores.succeeded / scores.rollouts) * 100);
    const said = stale
      ? vscode.l10n.t('{0} of an older text, {1} % succeeded', rolloutWords(scores.rollouts), share)
      : vscode.l10n.t('{0}, {1} % succeeded', rolloutWords(scores.rollouts), share);
    const title = scores.lost > 0 ? `${said}, ${lostWords(scores.lost)}` : said;
    return { command: commands.openWorkflowOfRun, title, arguments: [run, stale] };
  }

  private async refresh(): Promise<void> {
    for (const editor of vscode.window.visibleTextEditors) {
      const { document } = editor;
      if (!isWorkflow(document)) continue;
      const run = await this.store.chosen(document.uri);
      const shown = run && { run, scores: this.scores.of(run), stale: !run.ranWith(document.getText()) };
      this.shown.set(document.uri.toString(), shown);
      this.decorate(editor, shown);
    }
    this.changed.fire();
  }

  private decorate(editor: vscode.TextEditor, shown: Shown | undefined): void {
    const { document } = editor;
    const ranges: Record<Band, vscode.Range[]> = { low: [], middle: [], high: [], none: [] };
    if (shown && inlineOf(document) !== 'off')
      for (const mention of this.roles(document)) {
        const scores = shown.scores.roles.get(mention.name);
        if (scores)
          ranges[shown.stale ? 'none' : bandOf(scores.mean)].push(
            rangeOf(document, mention.start, mention.end),
          );
      }
    for (const band of Object.keys(this.marks) as Band[])
      editor.setDecorations(this.marks[band], ranges[band]);
  }
}

function inlineOf(document: vscode.TextDocument): 'off' | 'quiet' | 'full' {
  return setting<'off' | 'quiet' | 'full'>('inline', 'quiet', document.uri);
}

function mark(host: Host, band: Band): vscode.TextEditorDecorationType {
  return host.keep(
    vscode.window.createTextEditorDecorationType({
      gutterIconPath: vscode.Uri.file(host.shipped(`media/marks/${band}.svg`)),
      gutterIconSize: '70%',
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      ...(band === 'low' ? { overviewRulerColor: new vscode.ThemeColor('testing.iconFailed') } : {}),
    }),
  );
}

function lens(place: vscode.Range, command: CommandId, title: string, ...given: unknown[]): vscode.CodeLens {
  return new vscode.CodeLens(place, { command, title, arguments: given });
}

/** A role succeeded where it was asked and did not break the work. */
function roleWords({ rollouts, broke }: RoleScores): string {
  return rollouts === 0
    ? vscode.l10n.t('never asked')
    : vscode.l10n.t(
        '{0}, {1} % succeeded here',
        rolloutWords(rollouts),
        Math.round((1 - broke / rollouts) * 100),
      );
}
