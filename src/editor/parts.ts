import { config } from '@vscode/l10n';
import * as vscode from 'vscode';
import { commandHandlers, type Handlers } from './commands.js';
import { MomentTree } from './debug/moment.js';
import { DebugStarter } from './debug/start.js';
import type { Designer } from './designer/index.js';
import type { Host } from './host.js';
import { ModelOffers } from './models/offers.js';
import type { PolicyModels } from './models/policies.js';
import type { AgentTools } from './models/tools.js';
import { Analyses } from './providers/analyses.js';
import { provideDiagnostics } from './providers/diagnostics.js';
import { provideFeatures } from './providers/features.js';
import { provideFormatting } from './providers/format.js';
import { provideNames } from './providers/names.js';
import { PlainWorkflows } from './providers/plain-workflows.js';
import { RunControl } from './runs/control.js';
import { RunDocuments } from './runs/documents.js';
import { PoliciesTree } from './runs/policies.js';
import { provideTrajectories } from './runs/readers.js';
import { RunStore } from './runs/store.js';
import { type RunRow, RunsTree } from './runs/tree.js';
import { Weights } from './runs/weights.js';
import { Scores } from './scores/book.js';
import { VerdictComments } from './scores/comments.js';
import { InlineScores } from './scores/inline.js';
import { decoratePrograms } from './scores/programs.js';
import { once } from './start/once.js';
import { Targets } from './targets/targets.js';
import { provideTargetsText } from './targets/text.js';
import { TaskTests } from './tests/controller.js';
import type { TrainingPanels } from './training/panels.js';
import type { Trainer } from './training/train.js';

/** What does the work behind every command, view and page. */
export interface Parts {
  handlers: Handlers;
  documents: RunDocuments;
  tree: RunsTree;
  policies: PoliciesTree;
  debug: DebugStarter;
  moment: MomentTree;
  tests: TaskTests;
  /** Read which runs there are: those that wait for models of the editor are offered them. */
  lookForRuns(): Promise<unknown>;
  designer(): Promise<Designer>;
  training(): Promise<{ panels: TrainingPanels; trainer: Trainer }>;
  models(): Promise<{ policies: PolicyModels; tools: AgentTools }>;
}

/** Make them. `policiesChanged` is told when other policies may be offered to the editor. */
export function makeParts(
  host: Host,
  view: vscode.TreeView<RunRow>,
  tests: vscode.TestController,
  policiesChanged: vscode.EventEmitter<void>,
): Parts {
  // Rooms that do not know the editor take its words from here.
  if (vscode.l10n.bundle) config({ contents: vscode.l10n.bundle });
  const store = new RunStore(host);
  const documents = new RunDocuments(host, store);
  const analyses = new Analyses(host, (uri) => documents.filesOf(uri));
  const scores = new Scores(host);
  const inline = new InlineScores(host, analyses, store, scores);
  const control = new RunControl(host, store);
  const weights = new Weights(host, store, control);
  const targets = new Targets(host, control);
  const tree = new RunsTree(host, store, view, targets);
  const comments = new VerdictComments(host, analyses, store);
  const debug = new DebugStarter(store, documents, control);
  const training = once(async () => {
    const [{ TrainingPanels }, { Trainer }] = await Promise.all([
      import('./training/panels.js'),
      import('./training/train.js'),
    ]);
    const panels = new TrainingPanels({ host, analyses, store, control, weights });
    return { panels, trainer: new Trainer(host, analyses, store, control, documents, panels) };
  });
  const models = once(async () => {
    const [{ PolicyModels }, { AgentTools }] = await Promise.all([
      import('./models/policies.js'),
      import('./models/tools.js'),
    ]);
    return {
      policies: new PolicyModels(host, store, control),
      tools: new AgentTools(analyses, store, control),
    };
  });
  const designer = once(async () => {
    const { Designer } = await import('./designer/index.js');
    return new Designer(host, analyses, store, scores);
  });
  host.keep(store.onDidChange(() => policiesChanged.fire()));
  new ModelOffers(host, store);
  provideDiagnostics(host, analyses);
  provideFeatures(host, analyses, {
    role: (document, name) => inline.hover(document, name),
    artifact: (document, name) => inline.artifactHover(document, name),
  });
  provideNames(host, analyses);
  provideFormatting(host);
  new PlainWorkflows(host);
  provideTargetsText(host);
  provideTrajectories(host, documents);
  decoratePrograms(host, store);
  return {
    handlers: commandHandlers(host, {
      analyses,
      store,
      tree,
      control,
      comments,
      debug,
      training,
      weights,
      targets,
    }),
    documents,
    tree,
    policies: new PoliciesTree(host, store),
    debug,
    moment: new MomentTree(documents),
    tests: new TaskTests(host, tests, analyses, control, debug),
    lookForRuns: () => store.list(),
    designer,
    training,
    models,
  };
}
