import type * as vscode from 'vscode';

/**
 * The part of the editor's Language Model Chat Provider API that is used here. VS Code has it since 1.104; the types
 * of the oldest supported version do not, so it is written down here and looked for at run time.
 */
export interface ChatModel {
  id: string;
  name: string;
  family: string;
  version: string;
  maxInputTokens: number;
  maxOutputTokens: number;
  tooltip?: string;
  detail?: string;
  capabilities: { toolCalling?: boolean; imageInput?: boolean };
}

export interface ChatMessage {
  /** 1: the user's; 2: the model's. */
  role: number;
  content: readonly unknown[];
}

export interface ChatProvider {
  readonly onDidChangeLanguageModelChatInformation?: vscode.Event<void>;
  provideLanguageModelChatInformation(
    options: { silent: boolean },
    token: vscode.CancellationToken,
  ): Promise<ChatModel[]>;
  provideLanguageModelChatResponse(
    model: ChatModel,
    messages: readonly ChatMessage[],
    options: object,
    progress: vscode.Progress<vscode.LanguageModelTextPart>,
    token: vscode.CancellationToken,
  ): Promise<void>;
  provideTokenCount(
    model: ChatModel,
    text: string | ChatMessage,
    token: vscode.CancellationToken,
  ): Promise<number>;
}

type Register = (vendor: string, provider: ChatProvider) => vscode.Disposable;

/** How a provider is registered in this editor; undefined where it cannot. */
export function registerOf(lm: typeof vscode.lm | undefined): Register | undefined {
  const found = (lm as { registerLanguageModelChatProvider?: Register } | undefined)
    ?.registerLanguageModelChatProvider;
  return typeof found === 'function' ? found.bind(lm) : undefined;
}

/** The text of a message; what is no text is left out. */
export function textOf(message: string | ChatMessage): string {
  if (typeof message === 'string') return message;
  return message.content
    .map((part) => (typeof part === 'object' && part !== null && 'value' in part ? part.value : ''))
    .filter((value): value is string => typeof value === 'string')
    .join('');
}
