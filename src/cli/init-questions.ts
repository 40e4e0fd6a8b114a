import { isCancel, select, text } from '@clack/prompts';
import type { Found } from '../policy/index.js';
import { exit, Failure } from './terminal.js';

/** A model that a new workflow names. `key`: the environment variable that holds the key of a hosted one. */
export interface Chosen {
  baseUrl: string;
  model: string;
  key: string | null;
}

/** Which template a workflow starts from; each with one sentence of what it is. */
export async function askTemplate(templates: readonly { name: string; about: string }[]): Promise<string> {
  return answered(
    await select({
      message: 'What do you start from?',
      options: templates.map(({ name, about }) => ({ value: name, label: `${name}: ${about}` })),
      output: process.stderr,
    }),
  );
}

/**
 * Which of the models that were found here; null: none of them. Nothing is asked where there is nothing to choose.
 * `own`: what is started from names a model that plays its roles.
 */
export async function askModel(found: readonly Found[], own: boolean): Promise<Chosen | null> {
  const options: { value: Chosen | null; label: string }[] = choices(found).map((value) => ({
    value,
    label:
      value.key === null
        ? `${value.model} (${value.baseUrl})`
        : `a model of ${value.baseUrl} (${value.key} is set)`,
  }));
  if (options.length === 0) return null;
  if (own) options.unshift({ value: null, label: 'the small one that it brings: nothing else is needed' });
  else options.push({ value: null, label: 'another one: its address is put into the file by hand' });
  const chosen = answered(await select({ message: 'Which model acts?', options, output: process.stderr }));
  if (chosen === null || chosen.key === null) return chosen;
  const model = await text({
    message: `Which model of ${chosen.baseUrl}?`,
    validate: (typed) => (typed?.trim() ? undefined : 'Type its name.'),
    output: process.stderr,
  });
  return { ...chosen, model: answered(model).trim() };
}

/** What can be chosen: the models of servers here, then hosted servers whose key is set, of which no model is known. */
export function choices(found: readonly Found[]): Chosen[] {
  return found.flatMap(({ baseUrl, models, key }): Chosen[] =>
    key === null ? models.map((model) => ({ baseUrl, model, key })) : [{ baseUrl, model: '', key }],
  );
}

function answered<Answer>(answer: Answer): Exclude<Answer, symbol> {
  if (isCancel(answer)) throw new Failure('cancelled', 'Nothing was written.', exit.cancelled);
  return answer as Exclude<Answer, symbol>;
}
