// What another extension brings to the editor in the tests: a chat model, and commands that call Baton's tools.
const vscode = require('vscode');

const model = {
  ...{ id: 'echo-1', name: 'Echo', family: 'echo', version: '1' },
  ...{ maxInputTokens: 10000, maxOutputTokens: 1000, capabilities: {} },
};

function activate(context) {
  const register = vscode.lm.registerLanguageModelChatProvider;
  if (typeof register === 'function')
    context.subscriptions.push(
      vscode.lm.registerLanguageModelChatProvider('test', {
        provideLanguageModelChatInformation: async () => [model],
        provideLanguageModelChatResponse: async (_, messages, __, progress) => {
          // As a model does, it takes its time: a window can be closed in between.
          await new Promise((resolve) => setTimeout(resolve, 700));
          const texts = messages.map(({ content }) => content.map((part) => part.value ?? '').join(''));
          // Asked as a coach, it gives a verdict.
          if (texts.some((text) => text.includes('Reply with one JSON object'))) {
            const verdict = {
              ...{ evidence: ['an echo'], diagnosis: 'It only repeats.', advice: 'Answer.', code: null },
              ...{ blamed_role: 'writer', score: 3, confidence: 1 },
            };
            progress.report(new vscode.LanguageModelTextPart(JSON.stringify(verdict)));
            return;
          }
          const last = messages
            .at(-1)
            .content.map((part) => part.value ?? '')
            .join('');
          progress.report(new vscode.LanguageModelTextPart(`ECHO of ${last.trim().length} characters`));
        },
        provideTokenCount: async (_, text) => (typeof text === 'string' ? text.length : 1),
      }),
    );
  const say = (text) => void vscode.window.showInformationMessage(`TEST ${text}`);
  const tool = (name, input) => async () => {
    try {
      const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      say(result.content.map((part) => part.value).join(''));
    } catch (error) {
      say(`refused: ${error.message}`);
    }
  };
  const commands = {
    'test.check': tool('baton_check', { file: 'team.baton.yaml' }),
    'test.why': tool('baton_why', {}),
    'test.run': tool('baton_run', { file: 'team.baton.yaml' }),
    'test.ask': async () => {
      const [found] = await vscode.lm.selectChatModels({ vendor: 'baton' });
      if (!found) return say('no policy is offered');
      try {
        const reply = await found.sendRequest(
          [vscode.LanguageModelChatMessage.User('modeler kind="regression" rows=10')],
          {},
        );
        let text = '';
        for await (const part of reply.text) text += part;
        say(`${found.id} answered ${text.length > 0 ? 'something' : 'nothing'}`);
      } catch (error) {
        say(`refused: ${error.message}`);
      }
    },
  };
  for (const [name, handler] of Object.entries(commands))
    context.subscriptions.push(vscode.commands.registerCommand(name, handler));
}

module.exports = { activate };
