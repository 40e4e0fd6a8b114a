import { carriedEnvironment, type HandedKeys, type SecretFile } from '../policy/index.js';
import { readReference } from '../workflow/index.js';

/**
 * Environment that gives a workflow's keys to a process on another machine: secrets with the origins they are stored
 * for, and the BATON_ variables it names. Only for a process's environment, never for a file or an argument.
 */
export function secretsOf(
  workflow: string,
  secrets: SecretFile,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const carried = Object.create(null) as HandedKeys;
  const out: Record<string, string> = {};
  for (const [text] of workflow.matchAll(/\$\{(?:secret|env):\w+\}/g)) {
    const reference = readReference(text);
    if (reference?.from === 'env' && reference.name.startsWith('BATON_')) {
      const value = env[reference.name];
      if (value !== undefined) out[reference.name] = value;
    }
    if (reference?.from === 'secret')
      for (const origin of secrets.origins(reference.name))
        carried[reference.name] = {
          ...carried[reference.name],
          [origin]: secrets.get(reference.name, origin)!,
        };
  }
  return Object.keys(carried).length === 0 ? out : { ...out, ...carriedEnvironment(carried) };
}
