/** The part of JSON Schema that the workflow's schema is made of. */
export interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema | false;
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** One line of the reference: where a key stands, what it takes, what it is without it. */
export interface Entry {
  path: string;
  takes: string;
  otherwise: string;
  says: string;
}

/**
 * Every key of a schema, parents before children; `NAME` stands for a name of one's own, `[]` for each of a list. What
 * holds itself is gone into once.
 */
export function entriesOf(
  schema: Schema,
  path = '',
  named: Readonly<Record<string, Schema>> = schema.$defs ?? {},
): Entry[] {
  const found: Entry[] = [];
  for (const part of partsOf(schema)) {
    for (const [key, value] of Object.entries(part.properties ?? {})) {
      const at = path === '' ? key : `${path}.${key}`;
      found.push({
        path: at,
        takes: takes(value),
        otherwise: otherwise(value, part.required?.includes(key) ?? false),
        says: value.description ?? '',
      });
      found.push(...entriesOf(value, at, named));
    }
    if (typeof part.additionalProperties === 'object' && part.additionalProperties.properties)
      found.push(...entriesOf(part.additionalProperties, `${path}.NAME`, named));
    if (part.items && (part.items.properties || part.items.anyOf))
      found.push(...entriesOf(part.items, `${path}[]`, named));
    const step = part.items && isStep(part.items) ? named[part.items.$ref.split('/').at(-1)!] : undefined;
    if (step) found.push(...entriesOf(step, `${path}[]`, {}));
  }
  const seen = new Set<string>();
  return found.filter((entry) => !seen.has(entry.path) && seen.add(entry.path));
}

/** Of the two kinds of value that hold themselves, JSON and steps, whether this is a step. */
function isStep(schema: Schema): schema is Schema & { $ref: string } {
  return schema.$ref?.includes('schema1') ?? false;
}

function partsOf(schema: Schema): Schema[] {
  return schema.anyOf ? schema.anyOf.flatMap(partsOf) : [schema];
}

function takes(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((each) => JSON.stringify(each)).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(takes))].join(' or ');
  if (schema.$ref) return isStep(schema) ? 'step' : 'value';
  if (schema.type === 'array') return schema.items ? `list of ${takes(schema.items)}` : 'list';
  if (schema.type === 'object')
    return typeof schema.additionalProperties === 'object' ? 'mapping by name' : 'mapping';
  return `${schema.type ?? 'value'}${bounds(schema)}`;
}

function bounds({ minimum, maximum, exclusiveMinimum }: Schema): string {
  const known = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (known(minimum) && known(maximum)) return ` ${minimum} to ${maximum}`;
  if (known(minimum)) return ` from ${minimum}`;
  if (known(exclusiveMinimum)) return ` above ${exclusiveMinimum}${known(maximum) ? ` to ${maximum}` : ''}`;
  return known(maximum) ? ` to ${maximum}` : '';
}

function otherwise(schema: Schema, required: boolean): string {
  const { default: value } = schema;
  if (value === undefined) return required ? 'required' : '';
  const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return empty ? '' : JSON.stringify(value);
}
