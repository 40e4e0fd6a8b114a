import { startCli } from './command.js';

export interface Serving {
  model: string;
  baseUrl: string;
  /** Status and reply to one message; `key` is the endpoint's own where none is given. */
  ask(content: string, key?: string): Promise<{ status: number; content: string }>;
  /** Nothing more comes on its standard input. */
  endInput(): void;
  /** Ctrl-C: its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `baton serve` and waits until it says where; rejects with its own words where it ends before. */
export async function startServing(
  folder: string,
  args: string[],
  env: Record<string, string> = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): Promise<Serving> {
  const serving = startCli(folder, ['serve', ...args, '--json'], env, stdin);
  let said = '';
  const first = await new Promise<string>((resolve, reject) => {
    serving.child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) resolve(said.slice(0, said.indexOf('\n')));
    });
    void serving.ended.then(({ stdout, stderr }) => reject(new Error(stdout + stderr)));
  });
  const { base_url, api_key, model } = JSON.parse(first) as Record<'base_url' | 'api_key' | 'model', string>;
  return {
    model,
    baseUrl: base_url,
    async ask(content, key = api_key) {
      const reply = await fetch(`${base_url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content }], max_tokens: 8, temperature: 0 }),
      });
      const body = (await reply.json()) as { choices?: { message: { content: string } }[] };
      return { status: reply.status, content: body.choices?.[0]?.message.content ?? '' };
    },
    endInput: () => void serving.child.stdin?.end(),
    async stop() {
      serving.child.kill('SIGINT');
      return (await serving.ended).code;
    },
  };
}
