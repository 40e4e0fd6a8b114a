import { type Listed, parseListed } from '../job/manifest.js';

/**
 * What stands in a log between two lines, each line of it marked: Ray writes lines of its own among them. Throws, with
 * what did not come, where one of the two is not there.
 */
function within(log: string, start: string, what: string): string {
  const from = log.indexOf(`${start}\n`);
  const to = log.indexOf('BATON-END\n', from);
  if (from < 0 || to < 0) throw new Error(`the cluster did not ${what}: ${log.trim().slice(-300)}`);
  const lines = log.slice(from + start.length + 1, to).split('\n');
  return lines.flatMap((line) => (line.startsWith('|') ? `${line.slice(1)}\n` : [])).join('');
}

/** What the script said that `baton_ray.look` ran. Throws where the log holds no such thing. */
export const parseSaid = (log: string): string => within(log, 'BATON-SAID', 'answer whole');

/** The files that `baton_ray.send` listed in its job's log. Throws where the log holds something else. */
export const parseFiles = (log: string): Listed[] =>
  parseListed(within(log, 'BATON-FILES', 'list its files'));

/** The bytes that `baton_ray.send` wrote into its job's log. Throws where the log holds something else. */
export function parsePiece(log: string): Buffer {
  const lines = within(log, 'BATON-DATA', 'send whole files').split('\n');
  return Buffer.concat(lines.map((line) => Buffer.from(line, 'base64')));
}
