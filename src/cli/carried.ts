import { carriedEnvironment, type HandedKeys, type SecretFile } from '../policy/index.js';
import { readReference } from '../workflow/index.js';

const references = /\$\{(?:secret|env):\w+\}/g;

/** The variables that a workflow names and may read: those called BATON_*, and those that its user allows. */
export function variablesOf(workflow: string, allowEnv: readonly string[]): string[] {
  const named = [...workflow.matchAll(references)].flatMap(([text]) => readReference(text) ?? []);
  const may = (name: string) => name.startsWith('BATON_') || allowEnv.includes(name);
  return [...new Set(named.flatMap(({ from, name }) => (from === 'env' && may(name) ? [name] : [])))];
}

/**
 * Environment that gives a workflow's keys to a process on another machine: secrets with the origins they are stored
 * for, and the variables it names and may read. Only for a process's environment, never for a file or an argument.
 */
export function secretsOf(
  workflow: string,
  secrets: SecretFile,
  env: Readonly<Record<string, string | undefined>>,
  allowEnv: readonly string[] = [],
): Record<string, string> {
  const carried = Object.create(null) as HandedKeys;
  const out: Record<string, string> = {};
  for (const name of variablesOf(workflow, allowEnv)) {
    const value = env[name];
    if (value !== undefined) out[name] = value;
  }
  for (const [text] of workflow.matchAll(references)) {
    const reference = readReference(text);
    if (reference?.from === 'secret')
      for (const origin of secrets.origins(reference.name))
        carried[reference.name] = {
          ...carried[reference.name],
          [origin]: secrets.get(reference.name, origin)!,
        };
  }
  return Object.keys(carried).length === 0 ? out : { ...out, ...carriedEnvironment(carried) };
}
