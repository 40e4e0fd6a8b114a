import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

const options = { strict: false, allErrors: false, validateFormats: false };
/** Of the draft that a schema names; draft 7 where it names none. */
const drafts: readonly [name: RegExp, ajv: Ajv][] = [
  [/draft\/2020-12\//, new Ajv2020(options)],
  [/draft\/2019-09\//, new Ajv2019(options)],
  [/^/, new Ajv(options)],
];
const draftOf = (schema: object): Ajv => {
  const named = String((schema as { $schema?: unknown }).$schema ?? '');
  return drafts.find(([name]) => name.test(named))![1];
};

/** By text: an editor reads the same schema again with every key, and one that has an id may be compiled once only. */
const compiled = new Map<string, ValidateFunction | string>();
const MOST = 200;

/** What is wrong with a JSON Schema itself; undefined where nothing is. */
export function schemaFault(schema: object): string | undefined {
  const validate = compile(schema);
  return typeof validate === 'string' ? validate : undefined;
}

/** In what a value does not match a JSON Schema, or what is wrong with that; undefined where it does. */
export function jsonFault(schema: object, value: unknown): string | undefined {
  const validate = compile(schema);
  if (typeof validate === 'string') return validate;
  return validate(value) ? undefined : draftOf(schema).errorsText(validate.errors);
}

function compile(schema: object): ValidateFunction | string {
  const text = JSON.stringify(schema);
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const ajv = draftOf(schema);
  let made: ValidateFunction | string;
  try {
    made = ajv.compile(schema);
  } catch (error) {
    made = (error as Error).message.replace(/^schema is invalid: /, '');
  }
  ajv.removeSchema(schema);
  if (compiled.size >= MOST) compiled.clear();
  compiled.set(text, made);
  return made;
}
