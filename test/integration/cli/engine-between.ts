import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startCli } from './command.js';

/** A team that no training makes better, on the smallest engine. */
export const hopeless = `baton: 1
models: {m: {provider: embedded, max_tokens: 8}}
tasks:
${Array.from({ length: 12 }, (_, at) => `  - {prompt: "say ${at}", split: ${['train', 'select', 'test'][at % 3]}}`).join('\n')}
artifacts: {answer: {kind: message, checks: [words > 100000]}}
agents: {analyst: {role: Write., model: m, produces: [answer]}}
`;

/**
 * An engine, and a way to it for the command line by its environment. A call that `takes` says true to does not reach
 * the engine: it is answered there, or never.
 */
export async function engineBetween(
  folder: string,
  takes: (asked: IncomingMessage, reply: ServerResponse) => boolean,
): Promise<{ env: Record<string, string>; end(): Promise<void> }> {
  const engine = startCli(
    folder,
    ['engine', '--dir', join(folder, 'weights'), '--backend', 'wasm'],
    {},
    'pipe',
  );
  const said = await new Promise<string>((resolve) =>
    engine.child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { url: there, token } = JSON.parse(said.split('\n')[0]!) as { url: string; token: string };
  const server = createServer((asked, reply) => {
    if (takes(asked, reply)) return;
    const { method, headers, url } = asked;
    const passed = request(new URL(url!, there), { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(reply);
    });
    asked.pipe(passed.on('error', () => reply.destroy()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    env: { BATON_ENGINE_AT: JSON.stringify({ url, token }) },
    async end() {
      engine.child.stdin!.end();
      await engine.ended;
      server.closeAllConnections();
      server.close();
    },
  };
}
