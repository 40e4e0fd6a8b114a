import * as vscode from 'vscode';
import { type Answer, NotAnswered } from './server.js';

/** Whether this editor has models that extensions may ask; VS Code has had them since 1.91. */
export function hasModels(): boolean {
  return typeof vscode.lm?.selectChatModels === 'function';
}

/** Ask a model of the editor: `any`, or one by its id, its family or its name. */
export const askEditor: Answer = async ({ model: wanted, messages }, signal) => {
  const models = await vscode.lm.selectChatModels();
  const model =
    wanted === 'any' ? models[0] : models.find(({ id, family, name }) => [id, family, name].includes(wanted));
  if (!model) {
    const known = [...new Set(models.map(({ id }) => id))].join(', ');
    throw new NotAnswered(
      404,
      known
        ? vscode.l10n.t('This editor has no model "{0}"; it has: {1}.', wanted, known)
        : vscode.l10n.t(
            'This editor has no language model. Sign in to one, or install an extension that brings one.',
          ),
    );
  }
  const cancel = new vscode.CancellationTokenSource();
  signal.addEventListener('abort', () => cancel.cancel());
  try {
    const asked = messages.map(({ role, content }) =>
      // The editor knows two roles; a system message comes first, as the user's.
      role === 'assistant'
        ? vscode.LanguageModelChatMessage.Assistant(content)
        : vscode.LanguageModelChatMessage.User(content),
    );
    const why = vscode.l10n.t('A role of a Baton workflow with "provider: editor" acts with this model.');
    const reply = await model.sendRequest(asked, { justification: why }, cancel.token);
    let text = '';
    for await (const part of reply.text) text += part;
    const prompt = messages.map(({ content }) => content).join('\n');
    return { text, tokens: [await model.countTokens(prompt), await model.countTokens(text)] };
  } catch (error) {
    throw refused(error, model.name);
  } finally {
    cancel.dispose();
  }
};

function refused(error: unknown, name: string): Error {
  if (!(error instanceof vscode.LanguageModelError)) return error as Error;
  switch (error.code) {
    case vscode.LanguageModelError.NoPermissions.name:
      return new NotAnswered(403, vscode.l10n.t('You did not allow Baton to use {0}.', name));
    case vscode.LanguageModelError.Blocked.name:
      return new NotAnswered(429, vscode.l10n.t('{0} refuses for now: {1}', name, error.message));
    case vscode.LanguageModelError.NotFound.name:
      return new NotAnswered(404, vscode.l10n.t('{0} is not there any more.', name));
    default:
      return new NotAnswered(502, `${name}: ${error.message}`);
  }
}
