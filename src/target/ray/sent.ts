import { type Manifest, parseHashes } from '../job/manifest.js';

export interface Sent {
  /** Every file there, whether it was sent or not. */
  listed: Manifest;
  /** "size, newline, bytes" of the files that were sent, in the order listed. */
  data: Buffer;
}

/** What stands in a log between two lines; null where one of them is not there. */
function within(log: string, start: string, end: string): string | null {
  const from = log.indexOf(`${start}\n`);
  const to = log.indexOf(`${end}\n`, from);
  return from < 0 || to < 0 ? null : log.slice(from + start.length + 1, to);
}

/** What the script said that `baton_ray.look` ran. Throws where the log holds no such thing. */
export function parseSaid(log: string): string {
  const said = within(log, 'BATON-SAID', 'BATON-END');
  if (said === null) throw new Error(`the cluster did not answer whole: ${log.trim().slice(-300)}`);
  return said;
}

/** What `baton_ray.send` wrote into its job's log. Throws where the log holds something else. */
export function parseSent(log: string): Sent {
  const between = (start: string, end: string): string => {
    const found = within(log, start, end);
    if (found === null) throw new Error(`the cluster did not send whole files: ${log.trim().slice(-300)}`);
    return found;
  };
  const lines = between('BATON-DATA', 'BATON-END').split('\n');
  return {
    listed: parseHashes(between('BATON-FILES', 'BATON-DATA')),
    data: Buffer.concat(lines.map((line) => Buffer.from(line, 'base64'))),
  };
}
