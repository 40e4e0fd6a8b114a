// What can be done stands beside a team: with a file and with a draft, and what with the text of a recorded run.
import { expect, test, vi } from 'vitest';
import type { Host } from '../../../src/editor/host.js';
import { commands } from '../../../src/editor/names.js';

const { editor, said } = vi.hoisted(() => {
  const said: string[] = [];
  const nothing = () => ({ dispose: () => undefined });
  class CodeLens {
    constructor(
      readonly range: unknown,
      readonly command: { command: string },
    ) {}
  }
  const editor = {
    l10n: { t: (text: string) => text },
    EventEmitter: class {
      event = nothing;
      fire = nothing;
    },
    ...{ CodeLens, Range: class {}, ThemeColor: class {}, OverviewRulerLane: { Left: 1 } },
    Uri: { file: (path: string) => ({ scheme: 'file', fsPath: path, path }) },
    languages: { registerCodeLensProvider: nothing, registerInlayHintsProvider: nothing },
    window: {
      visibleTextEditors: [],
      createTextEditorDecorationType: nothing,
      onDidChangeVisibleTextEditors: nothing,
      showInformationMessage: async (text: string) => void said.push(text),
      showQuickPick: () => expect.fail('another team is not offered'),
    },
    workspace: {
      isTrusted: true,
      textDocuments: [],
      findFiles: () => expect.fail('another team is not looked for'),
      openTextDocument: async (uri: object) => ({ uri, languageId: 'baton' }),
      getConfiguration: () => ({ get: (_: string, fallback: unknown) => fallback }),
      onDidChangeTextDocument: nothing,
      onDidChangeConfiguration: nothing,
    },
  };
  return { editor, said };
});
vi.mock('vscode', () => editor);
const { InlineScores } = await import('../../../src/editor/scores/inline.js');
const { Trainer } = await import('../../../src/editor/training/train.js');

const workspaceState = { get: () => undefined, update: async () => undefined };
const host = { keep: (each: unknown) => each, shipped: () => '', context: { workspaceState } };
const any = { onDidChange: () => undefined } as never;
const uri = (scheme: string) => ({ scheme, path: '/w/team.baton.yaml', fsPath: '/w/team.baton.yaml' });
const { run, debug, train } = commands;

test.each([
  ['file', [run, debug, train]],
  ['untitled', [run, debug, train]],
  ['baton-run', [debug]],
])('beside the team of a document of "%s"', (scheme, offered) => {
  const inline = new InlineScores(host as unknown as Host, any, any, any);
  const text = 'baton: 1\nagents:\n';
  const document = { uri: uri(scheme), getText: () => text, positionAt: (at: number) => at };
  expect(inline.provideCodeLenses(document as never).map(({ command }) => command!.command)).toEqual(offered);
});

test('who trains a draft is asked to save it, and not offered another team', async () => {
  await new Trainer(host as unknown as Host, any, any, any, any, any).train(uri('untitled') as never);
  expect(said).toEqual(['Save the workflow to a folder first: a run needs a place for its log.']);
});
