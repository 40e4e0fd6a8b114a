import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { readLog } from '../../trace/index.js';
import { expectationsIn, oneEdit } from '../../workflow/index.js';
import type { Analyses } from '../providers/analyses.js';
import { rangeOf } from '../providers/analyses.js';
import type { Run } from '../runs/run.js';
import { expectationsOf } from './expectations.js';
import { regressionTest } from './regression.js';

/**
 * Write a test that repeats a rollout's task and expects what is chosen, show it in the workflow (or its tasks file),
 * and save it, so that the test explorer has it. Throws a sentence where that cannot be.
 */
export async function createRegression(analyses: Analyses, run: Run, rollout: string): Promise<void> {
  const row = run.pages.find(rollout);
  if (!row)
    throw new Error(vscode.l10n.t('{0} has not ended yet, so there is nothing to expect of it.', rollout));
  const uri = vscode.Uri.file(run.workflowFile);
  if (run.sample || !vscode.workspace.getWorkspaceFolder(uri))
    throw new Error(
      vscode.l10n.t(
        'The workflow of this run, {0}, is not in an open folder, so no test can be written into it.',
        run.workflowFile,
      ),
    );
  const document = await vscode.workspace.openTextDocument(uri);
  const { workflow, files } = analyses.of(document, true);
  if (!workflow)
    throw new Error(vscode.l10n.t('Mend the problems of {0} first.', vscode.workspace.asRelativePath(uri)));
  const { events } = readLog(run.folder.rollout(rollout));
  const wrongWith = expectationsIn(document.getText(), files);
  // What the run had and the workflow of today has no more cannot be expected.
  const offered = expectationsOf(events, row.outcome?.success === true).filter(
    ({ expression }) => wrongWith(expression) === undefined,
  );
  const expect = await chosen(row.task, offered, wrongWith);
  if (expect === undefined) return;
  const made = regressionTest(document.getText(), workflow, files, row.task, expect);
  if ('refused' in made) throw new Error(made.refused);
  const folder = dirname(uri.fsPath);
  for (const [path, text] of made.texts) await write(path === null ? uri : inFolder(folder, path), text);
  await show(made.into === null ? uri : inFolder(folder, made.into), made.id);
}

/** Ask what to expect; undefined where nothing was chosen. */
async function chosen(
  task: string,
  offered: ReturnType<typeof expectationsOf>,
  wrongWith: (text: string) => string | undefined,
): Promise<string | undefined> {
  const expression = { label: vscode.l10n.t('Another expression…'), picked: false };
  const picked = await vscode.window.showQuickPick(
    [
      ...offered.map((each) => ({
        label: each.expression,
        description: each.expression.endsWith('.valid')
          ? vscode.l10n.t('{0} keeps its contract', each.artifact)
          : '',
        picked: each.suggested,
      })),
      expression,
    ],
    {
      canPickMany: true,
      title: vscode.l10n.t('What must hold when {0} is done again?', task),
      placeHolder: vscode.l10n.t('All that is chosen, besides the success of the workflow itself'),
    },
  );
  if (!picked || picked.length === 0) return undefined;
  const own = picked.includes(expression)
    ? await vscode.window.showInputBox({
        title: vscode.l10n.t('What must hold when {0} is done again?', task),
        placeHolder: 'report.words < 300',
        validateInput: wrongWith,
      })
    : null;
  if (own === undefined) return undefined;
  const all = picked.filter((each) => each !== expression).map(({ label }) => label);
  // An `or` of their own would take what stands before it with it.
  const mine = own && /\bor\b/.test(own) && all.length > 0 ? `(${own})` : own;
  return [...all, ...(mine ? [mine] : [])].join(' and ');
}

function inFolder(folder: string, path: string): vscode.Uri {
  return vscode.Uri.file(join(folder, path));
}

/** A new file is laid down; one that is there is changed where it differs, so that its undo stays. */
async function write(uri: vscode.Uri, text: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri).then(
    (found) => found,
    () => undefined,
  );
  if (!document) {
    mkdirSync(dirname(uri.fsPath), { recursive: true });
    writeFileSync(uri.fsPath, text, { flag: 'wx' });
    return;
  }
  const change = oneEdit(document.getText(), text);
  if (!change) return;
  const edits = new vscode.WorkspaceEdit();
  edits.replace(uri, rangeOf(document, change.start, change.end), change.text);
  if (!(await vscode.workspace.applyEdit(edits)) || !(await document.save()))
    throw new Error(
      vscode.l10n.t('{0} could not be changed; is it read-only?', vscode.workspace.asRelativePath(uri)),
    );
}

async function show(uri: vscode.Uri, id: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const at = document.getText().lastIndexOf(id);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  const place = rangeOf(document, at, at + id.length);
  editor.selection = new vscode.Selection(place.start, place.end);
  editor.revealRange(place, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
