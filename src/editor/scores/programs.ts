import * as vscode from 'vscode';
import { readLog } from '../../trace/index.js';
import type { Host } from '../host.js';
import { runScheme } from '../names.js';
import { textOf } from '../runs/moments.js';
import type { RunStore } from '../runs/store.js';
import { failingLine } from './failing-line.js';

/** In an agent's own program: the line that failed, what the verdict says, and what it rests on, beside the code. */
export function decoratePrograms(host: Host, store: RunStore): void {
  const failed = host.keep(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
      overviewRulerColor: new vscode.ThemeColor('testing.iconFailed'),
      after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('editorCodeLens.foreground') },
    }),
  );
  const said = host.keep(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('editorCodeLens.foreground') },
    }),
  );
  const show = async (editor: vscode.TextEditor) => {
    const { uri } = editor.document;
    const at =
      uri.scheme === runScheme
        ? /^\/rollouts\/([^/]+)\/at\/([^/]+)\/program-(\d+)\.py$/.exec(uri.path)
        : null;
    const run = at ? await store.byKey(uri.authority) : undefined;
    if (!at || !run) return;
    const [, rollout, action, index] = at as unknown as [string, string, string, string];
    const { events } = readLog(run.folder.rollout(rollout));
    const verdict = run.verdicts(rollout, events).get(action)?.verdict;
    const place = failingLine(textOf(run, rollout, action, `stderr-${index}.txt`) ?? '');
    const line = place && place.line <= editor.document.lineCount ? place.line - 1 : null;
    const options = (at: number, contentText: string): vscode.DecorationOptions => ({
      range: editor.document.lineAt(at).range,
      renderOptions: { after: { contentText: contentText.slice(0, 200) } },
    });
    editor.setDecorations(failed, line === null ? [] : [options(line, place!.error)]);
    const failing = verdict?.code ? verdict : undefined;
    const program = editor.document.getText().split('\n');
    // Evidence stands where the program last names the file that it is about.
    const rests = (failing?.evidence ?? []).flatMap(({ file, says }) => {
      const at = file === null ? -1 : program.findLastIndex((text) => text.includes(file));
      return at <= 0 || at === line ? [] : [options(at, says)];
    });
    const words =
      failing && `${failing.score ?? '-'} · ${rests.length > 0 ? failing.code : failing.diagnosis}`;
    editor.setDecorations(said, [...(words && line !== 0 ? [options(0, words)] : []), ...rests]);
  };
  host.keep(
    vscode.window.onDidChangeVisibleTextEditors((editors) => {
      for (const editor of editors) void show(editor);
    }),
  );
}
