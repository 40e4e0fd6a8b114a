/** A reference to a secret or an environment variable; the workflow never holds the value. */
export interface Reference {
  from: 'secret' | 'env';
  name: string;
}

const NAME = String.raw`[A-Za-z_]\w{0,63}`;
const reference = new RegExp(`^\\$\\{(secret|env):(${NAME})\\}$`);
const whole = new RegExp(`^${NAME}$`);

/** Whether a reference can have this name. */
export function isReferenceName(name: string): boolean {
  return whole.test(name);
}

/** "${secret:NAME}" or "${env:NAME}", or undefined for anything else. */
export function readReference(text: string): Reference | undefined {
  const match = reference.exec(text.trim());
  return match ? { from: match[1] as Reference['from'], name: match[2]! } : undefined;
}

/** Scheme, host and port: a secret is stored for one origin and goes to no other. */
export function originOf(url: string): string {
  return new URL(url).origin;
}
