// One HTTP request as a program sends it. `fetch` adds headers that Ray takes for a browser's, whose changes it refuses.
import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly ok: boolean;
  readonly path: string;
  readonly text: string;
}

/** Resolves with whatever the server answers, redirections included: nobody follows them. Rejects where none does. */
export function send(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array = '',
): Promise<Reply> {
  const bytes = Buffer.from(body as Uint8Array);
  return new Promise((resolve, reject) => {
    const asked = (url.protocol === 'https:' ? https : http)(
      url,
      { method, headers: { ...headers, 'content-length': bytes.length }, timeout: 120_000 },
      (reply: IncomingMessage) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.once('error', reject);
        reply.once('end', () => {
          const status = reply.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString();
          resolve({ status, ok: status >= 200 && status < 300, path: url.pathname, text });
        });
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('no answer within two minutes')));
    asked.once('error', reject);
    asked.end(bytes);
  });
}
