import * as z from 'zod';

/** A model server that answers on this machine, or a key that is set for a hosted one. */
export interface Found {
  kind: string;
  baseUrl: string;
  models: string[];
  /** The environment variable that holds a key, for hosted servers. */
  key: string | null;
}

const local: [string, string][] = [
  ['Ollama', 'http://127.0.0.1:11434/v1'],
  ['llama.cpp', 'http://127.0.0.1:8080/v1'],
  ['vLLM', 'http://127.0.0.1:8000/v1'],
  ['LM Studio', 'http://127.0.0.1:1234/v1'],
];
const hosted: [string, string, string][] = [
  ['OpenAI', 'https://api.openai.com/v1', 'OPENAI_API_KEY'],
  ['OpenRouter', 'https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'],
  ['Groq', 'https://api.groq.com/openai/v1', 'GROQ_API_KEY'],
  ['Mistral', 'https://api.mistral.ai/v1', 'MISTRAL_API_KEY'],
];
const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Look at the usual ports of this machine and at the names of the keys that are set. Nothing leaves the machine. */
export async function discoverModels(
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs = 400,
): Promise<Found[]> {
  const answers = await Promise.all(local.map(([kind, baseUrl]) => listModels(kind, baseUrl, timeoutMs)));
  const keys = hosted
    .filter(([, , key]) => env[key])
    .map(([kind, baseUrl, key]): Found => ({ kind, baseUrl, models: [], key }));
  return [...answers.filter((found) => found !== null), ...keys];
}

async function listModels(kind: string, baseUrl: string, timeoutMs: number): Promise<Found | null> {
  try {
    const answer = await fetch(`${baseUrl}/models`, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    const parsed = listSchema.safeParse(await answer.json());
    return answer.ok && parsed.success
      ? { kind, baseUrl, models: parsed.data.data.map((model) => model.id), key: null }
      : null;
  } catch {
    return null;
  }
}
