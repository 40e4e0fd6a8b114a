import * as vscode from 'vscode';
import type { Host } from '../host.js';
import type { RunControl } from '../runs/control.js';
import { cliPath } from '../runs/launch.js';
import type { RunStore } from '../runs/store.js';
import { actingIn } from '../runs/weights.js';
import { type Acting, namesOf } from './offered.js';
import { type ChatMessage, type ChatModel, type ChatProvider, textOf } from './provider.js';
import { ServedPolicies } from './served.js';
import { startServing } from './serving.js';

/** Tokens of the engine's context; a policy over a larger base has more, and says so itself. */
const CONTEXT = 2048;
const REPLY = 512;

interface Served extends Acting {
  /** The training that it came from, which may be gone. */
  from: { run: string; checkpoint: string };
}

/** Promoted policies as chat models of the editor: each is served by the command line when it is first asked. */
export class PolicyModels implements ChatProvider {
  private found = new Map<string, Served>();
  private readonly serving = new ServedPolicies();

  constructor(
    private readonly host: Host,
    private readonly store: RunStore,
    private readonly control: RunControl,
  ) {
    host.keep({ dispose: () => this.serving.stop() });
  }

  async provideLanguageModelChatInformation(): Promise<ChatModel[]> {
    const served: Served[] = [];
    for (const home of await this.store.homes())
      for (const [role, { from, version }] of this.acting(home))
        if (from && version !== null) served.push({ home, role, version, from });
    const named = namesOf(served);
    this.found = new Map(named.map((each) => [each.id, each]));
    this.serving.keepOnly(new Set(named.map(keyOf)));
    return named.map(({ id, name, version, role, from, home }) => ({
      id,
      name,
      family: 'baton',
      version,
      tooltip: `${vscode.l10n.t('{0}, trained in {1} ({2})', role, from.run, from.checkpoint)}\n${home}`,
      maxInputTokens: CONTEXT - REPLY,
      maxOutputTokens: REPLY,
      capabilities: {},
    }));
  }

  async provideLanguageModelChatResponse(
    { id }: ChatModel,
    messages: readonly ChatMessage[],
    _: object,
    progress: vscode.Progress<vscode.LanguageModelTextPart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const gone = new AbortController();
    token.onCancellationRequested(() => gone.abort());
    const found = this.found.get(id);
    if (!found) throw new Error(vscode.l10n.t('{0} is not promoted any more.', id));
    if (!vscode.workspace.isTrusted)
      throw new Error(vscode.l10n.t('This folder is not trusted, so its policies are not served.'));
    // Its folder keeps a copy of the weights, whatever comes of the training.
    const args = [cliPath(this.host.context.extensionPath), 'serve', policyOf(found), '--json'];
    const start = () => startServing(this.control.node(), args, found.home);
    const asked = messages.map((message) => ({
      role: message.role === 2 ? 'assistant' : 'user',
      content: textOf(message),
    }));
    // By what is served: an id may mean another folder's policy later.
    const answer = await this.serving.ask(keyOf(found), start, asked, gone.signal);
    progress.report(new vscode.LanguageModelTextPart(answer));
  }

  provideTokenCount(_: ChatModel, text: string | ChatMessage): Promise<number> {
    // The engine counts when it is asked; until then, four characters a token.
    return Promise.resolve(Math.ceil(textOf(text).length / 4));
  }

  private acting(home: string): ReturnType<typeof actingIn> {
    try {
      return actingIn(home);
    } catch {
      // The Policies view says what is wrong with the folder's records.
      return new Map();
    }
  }
}

function policyOf({ role, version }: Acting): string {
  return `${role}@${version}`;
}

function keyOf(served: Acting): string {
  return `${served.home} ${policyOf(served)}`;
}
