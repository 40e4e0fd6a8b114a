import type { Model, WorkflowFiles } from '../workflow/index.js';
import type { Policy } from './ask.js';
import { type EditorBridge, editorPolicy } from './editor.js';
import type { Endpoint } from './endpoint.js';
import { openaiPolicy } from './openai.js';
import { readRecordings, recordedPolicy } from './recorded.js';
import { type KeySources, resolveKey } from './secrets.js';

export interface PolicySources extends KeySources {
  files: WorkflowFiles;
  engine: Endpoint | null;
  /** Where the editor's models are; null: this run was started without an editor. */
  editor: EditorBridge | null;
}

/** Seconds to wait for one reply where the workflow says nothing. */
const DEFAULT_TIMEOUT = 120;
/** An engine of ours answers a whole batch when all of it is sampled; that it still lives is watched elsewhere. */
const ENGINE_TIMEOUT = 86_400;

/** A policy for a model of the workflow; `version` names trained weights as `role@version`. Or why there is none. */
export function openPolicy(
  model: Model,
  version: string | null,
  sources: PolicySources,
): { policy: Policy } | { missing: string } {
  const timeoutSeconds = model.timeout ?? DEFAULT_TIMEOUT;
  if (model.provider === 'recorded') {
    const read = sources.files.read(model.file!);
    if ('refused' in read) return { missing: read.message };
    try {
      return { policy: recordedPolicy(model.name, readRecordings(read.text, model.file!)) };
    } catch (error) {
      return { missing: (error as Error).message };
    }
  }
  if (model.provider === 'openai') {
    const resolved =
      model.api_key === undefined ? { key: null } : resolveKey(model.api_key, model.base_url!, sources);
    if ('missing' in resolved) return resolved;
    return {
      policy: openaiPolicy({
        baseUrl: model.base_url!,
        model: version ?? model.model!,
        apiKey: resolved.key,
        timeoutSeconds,
        tokens: false,
        toolCalls: model.tool_calls ?? false,
      }),
    };
  }
  if (model.provider === 'editor')
    return sources.editor
      ? { policy: editorPolicy(sources.editor, model.model ?? 'any', timeoutSeconds) }
      : {
          missing: `"${model.name}" is a model of the editor: start this run from the editor, or with --editor to wait for one.`,
        };
  const endpoint = sources.engine;
  if (!endpoint) return { missing: 'The embedded engine is not running.' };
  return {
    policy: openaiPolicy({
      baseUrl: endpoint.baseUrl,
      model: version ?? model.model ?? model.name,
      apiKey: endpoint.token,
      timeoutSeconds: model.timeout ?? ENGINE_TIMEOUT,
      tokens: true,
      toolCalls: false,
    }),
  };
}
