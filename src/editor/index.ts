/**
 * editor/: Baton inside VS Code: language, views, scores, debugger, commands. It reads everything from logs and
 * starts the command line as a process of its own; it must never carry a rollout out itself, run what an agent
 * wrote, or show workspace text as markup.
 */
import type * as vscode from 'vscode';
import { registerCommands } from './commands.js';
import { DebugStarter } from './debug/start.js';
import { Designer } from './designer/index.js';
import { hostOf } from './host.js';
import { ModelOffers } from './models/offers.js';
import { PolicyModels } from './models/policies.js';
import { AgentTools } from './models/tools.js';
import { Analyses } from './providers/analyses.js';
import { provideDiagnostics } from './providers/diagnostics.js';
import { provideFeatures } from './providers/features.js';
import { provideFormatting } from './providers/format.js';
import { provideNames } from './providers/names.js';
import { RunControl } from './runs/control.js';
import { RunDocuments } from './runs/documents.js';
import { PoliciesTree } from './runs/policies.js';
import { provideTrajectories } from './runs/readers.js';
import { RunStore } from './runs/store.js';
import { RunsTree } from './runs/tree.js';
import { Weights } from './runs/weights.js';
import { Scores } from './scores/book.js';
import { VerdictComments } from './scores/comments.js';
import { InlineScores } from './scores/inline.js';
import { decoratePrograms } from './scores/programs.js';
import { provideShellCommand } from './shell.js';
import { TaskTests } from './tests/controller.js';
import { TrainingPanels } from './training/panels.js';
import { Trainer } from './training/train.js';

/** The extension, as a table of contents. Registers; does no work. */
export function activateBaton(context: vscode.ExtensionContext): void {
  const host = hostOf(context);
  const store = new RunStore(host);
  const documents = new RunDocuments(host, store);
  const analyses = new Analyses(host, (uri) => documents.filesOf(uri));
  const scores = new Scores(host);
  const inline = new InlineScores(host, analyses, store, scores);
  const control = new RunControl(host, store);
  const weights = new Weights(host, store, control);
  const panels = new TrainingPanels({ host, analyses, store, control, weights });
  const parts = {
    analyses,
    store,
    control,
    weights,
    panels,
    tree: new RunsTree(host, store),
    comments: new VerdictComments(host, analyses, store),
    trainer: new Trainer(host, analyses, store, control, documents, panels),
    debug: new DebugStarter(host, store, documents, control),
  };
  new PoliciesTree(host, store);
  new ModelOffers(host, store);
  new PolicyModels(host, store, control);
  new AgentTools(host, analyses, store, control);
  new TaskTests(host, analyses, control, parts.debug);
  provideDiagnostics(host, analyses);
  provideFeatures(host, analyses, (document, role) => inline.hover(document, role));
  provideNames(host, analyses);
  provideFormatting(host);
  provideTrajectories(host, documents);
  decoratePrograms(host, store);
  new Designer(host, analyses, store, scores);
  provideShellCommand(host, control.node());
  registerCommands(host, parts);
}
