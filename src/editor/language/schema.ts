import { jsonSchema } from '../../workflow/index.js';
import { inWords } from './words.js';

interface SchemaNode {
  description?: string;
  default?: unknown;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  allOf?: SchemaNode[];
  $ref?: string;
  $defs?: Record<string, SchemaNode>;
}

export interface KnownKey {
  key: string;
  says: string;
  required: boolean;
  /** What its value is: decides what is inserted behind the colon. */
  shape: 'mapping' | 'list' | 'plain';
}

/** What a JSON Schema says of the places in a text: keys, values, descriptions. */
export class SchemaReader {
  private cached: SchemaNode | undefined;

  constructor(private readonly make: () => object) {}

  private root(): SchemaNode {
    this.cached ??= this.make() as SchemaNode;
    return this.cached;
  }

  private unfold(node: SchemaNode, depth = 0): SchemaNode[] {
    if (depth > 8) return [];
    const ref = node.$ref?.split('/').at(-1);
    const inner = [
      ...(node.anyOf ?? []),
      ...(node.oneOf ?? []),
      ...(node.allOf ?? []),
      ...(ref ? [this.root().$defs?.[ref] ?? {}] : []),
    ];
    return [node, ...inner.flatMap((each) => this.unfold(each, depth + 1))];
  }

  /** The schema's nodes at a path of keys, `-` for items of a list: all branches of unions. */
  private nodesAt(path: readonly string[]): SchemaNode[] {
    let nodes = this.unfold(this.root());
    for (const step of path)
      nodes = nodes
        .flatMap((node) => {
          const next = step === '-' ? node.items : (node.properties?.[step] ?? node.additionalProperties);
          return typeof next === 'object' ? [next] : [];
        })
        .flatMap((node) => this.unfold(node));
    return nodes;
  }

  /** The keys that a mapping at a path may have. */
  keysAt(path: readonly string[]): KnownKey[] {
    const found = new Map<string, KnownKey>();
    for (const node of this.nodesAt(path))
      for (const [key, value] of Object.entries(node.properties ?? {})) {
        if (found.has(key)) continue;
        const forms = this.unfold(value);
        const plain = forms.some(
          (form) =>
            form.enum ||
            form.const !== undefined ||
            /^(string|number|integer|boolean)$/.test(form.type ?? ''),
        );
        found.set(key, {
          key,
          says: inWords(forms.find((form) => form.description)?.description ?? ''),
          required: node.required?.includes(key) === true && value.default === undefined,
          shape: plain ? 'plain' : forms.some((form) => form.type === 'array') ? 'list' : 'mapping',
        });
      }
    return [...found.values()];
  }

  /** The fixed values that a scalar at a path may have. */
  valuesAt(path: readonly string[]): string[] {
    return [
      ...new Set(
        this.nodesAt(path).flatMap((node) => [
          ...(node.enum ?? []),
          ...(node.const !== undefined ? [node.const] : []),
          ...(node.type === 'boolean' ? [true, false] : []),
        ]),
      ),
    ].map(String);
  }

  /** What the schema says of a key: its description, its fixed values and its default. */
  describeKey(path: readonly string[]): { says: string; values: string[]; fallback: string | null } | null {
    const nodes = this.nodesAt(path);
    if (nodes.length === 0) return null;
    const fallback = nodes.find((node) => node.default !== undefined)?.default;
    return {
      says: inWords(nodes.find((node) => node.description)?.description ?? ''),
      values: this.valuesAt(path),
      fallback: fallback === undefined || typeof fallback === 'object' ? null : String(fallback),
    };
  }
}

/** What is known of a workflow's text. */
export const workflowKeys = new SchemaReader(jsonSchema);
