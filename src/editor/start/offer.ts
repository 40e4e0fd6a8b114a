import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { afterActivation, type Host, tell } from '../host.js';
import { type ChatProvider, registerOf } from '../models/provider.js';
import {
  type CommandName,
  chatVendor,
  commands,
  customEditors,
  debugType,
  languageId,
  panels,
  runScheme,
  targetsLanguageId,
  tools,
} from '../names.js';
import { findWorkflows, looksLikeWorkflow, workflowsAbove } from '../near.js';
import type { Parts } from '../parts.js';

/** Gives the parts that do the work; loads them when it is first called. */
export type Load = () => Promise<Parts>;

/** Every command of the manifest; its handler is loaded with the rest when it is first called. */
export function offerCommands(host: Host, load: Load): void {
  for (const name of Object.keys(commands) as CommandName[])
    host.keep(
      vscode.commands.registerCommand(commands[name], async (...args: never[]) => {
        try {
          return await (await load()).handlers[name](...args);
        } catch (error) {
          return tell(host, (error as Error).message, error);
        }
      }),
    );
}

export function offerDebugger(host: Host, load: Load): void {
  host.keep(
    vscode.debug.registerDebugConfigurationProvider(debugType, {
      resolveDebugConfiguration: async (folder, given) =>
        (await load()).debug.resolveDebugConfiguration(folder, given),
      resolveDebugConfigurationWithSubstitutedVariables: async (folder, given) =>
        (await load()).debug.resolveDebugConfigurationWithSubstitutedVariables(folder, given),
    }),
  );
  host.keep(
    vscode.debug.registerDebugConfigurationProvider(
      debugType,
      { provideDebugConfigurations: async (folder) => (await load()).debug.offered(folder) },
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  );
  host.keep(
    vscode.debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: async (session: vscode.DebugSession) =>
        (await load()).debug.adapter(session),
    }),
  );
}

/** The designer and the training pages, which may be the first thing that a window brings back. */
export function offerPages(host: Host, load: Load): void {
  host.keep(
    vscode.window.registerCustomEditorProvider(
      customEditors.designer,
      {
        resolveCustomTextEditor: async (document: vscode.TextDocument, panel: vscode.WebviewPanel) =>
          (await (await load()).designer()).resolveCustomTextEditor(document, panel),
      },
      { webviewOptions: { retainContextWhenHidden: false }, supportsMultipleEditorsPerDocument: true },
    ),
  );
  host.keep(
    vscode.window.registerWebviewPanelSerializer(panels.training, {
      deserializeWebviewPanel: async (panel, state) =>
        (await (await load()).training()).panels.deserializeWebviewPanel(panel, state),
    }),
  );
}

/** Promoted policies as chat models, and tools for the editor's own agent, where the editor takes such things. */
export function offerModels(host: Host, load: Load, changed: vscode.EventEmitter<void>): void {
  const models = async () => (await load()).models();
  const provider: ChatProvider = {
    onDidChangeLanguageModelChatInformation: changed.event,
    provideLanguageModelChatInformation: async () =>
      (await models()).policies.provideLanguageModelChatInformation(),
    provideLanguageModelChatResponse: async (...asked) =>
      (await models()).policies.provideLanguageModelChatResponse(...asked),
    provideTokenCount: async (model, text) => (await models()).policies.provideTokenCount(model, text),
  };
  const register = registerOf(vscode.lm);
  if (register) host.keep(register(chatVendor, provider));
  else
    host.log.info(
      'this editor takes no chat models from extensions: promoted policies are not offered to it',
    );
  if (typeof vscode.lm?.registerTool !== 'function') {
    host.log.info(
      'this editor has no language model tools: its agent cannot check, run or explain workflows',
    );
    return;
  }
  for (const name of Object.keys(tools) as (keyof typeof tools)[])
    host.keep(
      vscode.lm.registerTool(tools[name], {
        prepareInvocation: async (...asked) => (await models()).tools.all[name].prepareInvocation?.(...asked),
        invoke: async (...asked) => (await models()).tools.all[name].invoke(...asked),
      }),
    );
}

/** Tasks as tests: whoever opens the Test Explorer has opened nothing else of Baton yet. */
export function offerTests(host: Host, load: Load): vscode.TestController {
  const controller = host.keep(vscode.tests.createTestController('baton', vscode.l10n.t('Baton Tasks')));
  controller.resolveHandler = async (item) => (await load()).tests.resolve(item);
  controller.refreshHandler = async () => (await load()).tests.refresh();
  const run = (debug: boolean) => async (request: vscode.TestRunRequest, token: vscode.CancellationToken) =>
    (await load()).tests.run(request, token, debug);
  const { Run, Debug } = vscode.TestRunProfileKind;
  controller.createRunProfile(vscode.l10n.t('Run'), Run, run(false), true, undefined, true);
  controller.createRunProfile(vscode.l10n.t('Run and step through what failed'), Debug, run(true), true);
  return controller;
}

/** A run that waits for this editor, or goes on without it, is taken up though nothing of Baton is open yet. */
export function loadWhereRuns(host: Host, load: Load): void {
  afterActivation(host, () => {
    liveRun()
      .then(async (live) => live && (await load()).lookForRuns())
      .catch((error: Error) => host.log.warn(`whether a run waits here is not known: ${error.message}`));
  });
}

async function liveRun(): Promise<boolean> {
  const open = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => uri);
  const files = await findWorkflows(100);
  const near = files.map((uri) => vscode.Uri.joinPath(uri, '..'));
  return [...open, ...near].some((uri) => uri.scheme === 'file' && hasLiveRun(uri.fsPath));
}

/** Whether a run of a folder listens, or did when it was killed. */
function hasLiveRun(folder: string): boolean {
  const runs = join(folder, '.baton', 'runs');
  try {
    return existsSync(runs) && readdirSync(runs).some((name) => existsSync(join(runs, name, 'control.json')));
  } catch {
    // The list of runs says why; those of other folders are looked for all the same.
    return false;
  }
}

/** A text file in a folder, or under one, that has a workflow. */
function mayBePrompt(uri: vscode.Uri): boolean {
  if (uri.scheme !== 'file' || !/\.(md|txt)$/.test(uri.path)) return false;
  const folders = (vscode.workspace.workspaceFolders ?? []).map((each) => each.uri.fsPath);
  return workflowsAbove(uri.fsPath, folders).length > 0;
}

/** Load the rest once activation is over where something of Baton is open, and else when that is opened. */
export function loadWhereOpen(host: Host, load: Load): void {
  const look = (document: vscode.TextDocument) => {
    const own =
      [languageId, targetsLanguageId].includes(document.languageId) ||
      (document.languageId === 'yaml' && looksLikeWorkflow(document.getText()));
    if (!own && document.uri.scheme !== runScheme && !mayBePrompt(document.uri)) return;
    load().catch((error: Error) => void tell(host, error.message, error));
  };
  afterActivation(host, () => vscode.workspace.textDocuments.forEach(look));
  host.keep(vscode.workspace.onDidOpenTextDocument(look));
}
