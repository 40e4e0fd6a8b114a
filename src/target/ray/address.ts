// Whoever reaches a Ray dashboard runs what they like on the cluster, so only some addresses are spoken to.
import type { RayTarget } from '../targets.js';
import { RayError } from './client.js';

/**
 * The address to speak to, where that is safe: this machine's loopback, the other end of an ssh tunnel, or https with
 * a token. Throws a RayError where it is not.
 */
export function checkAddress({ address, ssh }: RayTarget, hasToken: boolean): URL {
  const url = new URL(address);
  const refuse = (why: string): never => {
    throw new RayError('exposed', `${address}: ${why}`);
  };
  if (url.username || url.password) refuse('an address holds no key; use token: "${secret:NAME}"');
  if (url.pathname !== '/' || url.search || url.hash) refuse('name scheme, host and port alone');
  if (ssh)
    return url.protocol === 'http:' ? url : refuse('through ssh the address is http, as seen from there');
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) return url;
  const todo = 'name a machine of the cluster under ssh: in targets.yaml, and the address as seen from there';
  if (!hasToken)
    refuse(`a dashboard that others can reach, without a token, runs anybody's programs. Instead ${todo}`);
  if (url.protocol !== 'https:') refuse(`a token would cross the network in clear. Use https, or ${todo}`);
  return url;
}
