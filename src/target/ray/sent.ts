import { type Manifest, parseHashes } from '../job/manifest.js';

export interface Sent {
  /** Every file there, whether it was sent or not. */
  listed: Manifest;
  /** "size, newline, bytes" of the files that were sent, in the order listed. */
  data: Buffer;
}

/** What `baton_ray.send` wrote into its job's log. Throws where the log holds something else. */
export function parseSent(log: string): Sent {
  const between = (start: string, end: string): string => {
    const from = log.indexOf(`${start}\n`);
    const to = log.indexOf(`${end}\n`, from);
    if (from < 0 || to < 0)
      throw new Error(`the cluster did not send whole files: ${log.trim().slice(-300)}`);
    return log.slice(from + start.length + 1, to);
  };
  const lines = between('BATON-DATA', 'BATON-END').split('\n');
  return {
    listed: parseHashes(between('BATON-FILES', 'BATON-DATA')),
    data: Buffer.concat(lines.map((line) => Buffer.from(line, 'base64'))),
  };
}
