/**
 * editor/: Baton inside VS Code: language, views, scores, debugger, commands. It reads everything from logs and
 * starts the command line as a process of its own; it must never carry a rollout out itself, run what an agent
 * wrote, or show workspace text as markup.
 */
import * as vscode from 'vscode';
import type { MomentRow } from './debug/moment.js';
import { afterActivation, type Host, hostOf, setting } from './host.js';
import { views } from './names.js';
import type { Parts } from './parts.js';
import type { PolicyRow } from './runs/policies.js';
import type { RunRow } from './runs/tree.js';
import { begun } from './start/clock.js';
import { offerDocuments } from './start/files.js';
import {
  loadWhereOpen,
  loadWhereRuns,
  offerCommands,
  offerDebugger,
  offerModels,
  offerPages,
  offerTests,
} from './start/offer.js';
import { once } from './start/once.js';
import { LazyTree } from './start/tree.js';

export { begun };

/**
 * The extension, as a table of contents. Puts small handlers in place; what does the work (`parts.ts`) is loaded when
 * one of them is called or something of Baton is open, and the debugger, the designer, the training pages and the
 * models each when they are first used. `read`: milliseconds that running the entry took.
 */
export function activateBaton(context: vscode.ExtensionContext, read: number): void {
  const from = performance.now();
  const host = hostOf(context);
  const policiesChanged = host.keep(new vscode.EventEmitter<void>());
  const load: () => Promise<Parts> = once(async () => {
    const asked = performance.now();
    const parts = (await import('./parts.js')).makeParts(host, runs.view, tests, policiesChanged);
    host.log.info(`loaded in ${Math.round(performance.now() - asked)} ms`);
    return parts;
  });
  const runs = new LazyTree<RunRow>(host, views.runs, async () => (await load()).tree);
  new LazyTree<PolicyRow>(host, views.policies, async () => (await load()).policies);
  new LazyTree<MomentRow>(host, views.moment, async () => (await load()).moment);
  offerDocuments(host, async () => (await load()).documents);
  offerCommands(host, load);
  offerDebugger(host, load);
  offerPages(host, load);
  offerModels(host, load, policiesChanged);
  const tests = offerTests(host, load);
  loadWhereOpen(host, load);
  loadWhereRuns(host, load);
  const ours = read + performance.now() - from;
  afterActivation(host, () => {
    // What `npm run bench:editor` holds against the time that the editor itself counts.
    host.log.info(`activated in ${ours.toFixed(1)} ms`);
    void terminals(host);
  });
}

/** Terminals of the editor find `baton`. */
async function terminals(host: Host): Promise<void> {
  try {
    const { provideShellCommand } = await import('./shell.js');
    provideShellCommand(host, setting('node', '') || process.execPath);
  } catch (error) {
    host.log.warn(`terminals do not find baton: ${(error as Error).message}`);
  }
}
