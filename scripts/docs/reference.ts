import { errorCodes } from '../../src/cli/error-codes.js';
import {
  artifactKinds,
  expressionFunctions,
  factMeaning,
  factTypes,
  failureCodes,
  typeWords,
} from '../../src/workflow/index.js';
import { entriesOf, type Schema } from './schema.js';

/** The parts of package.json that the reference is made of. */
export interface Manifest {
  contributes: {
    commands: { command: string; title: string }[];
    menus: { commandPalette: { command: string; when: string }[] };
    configuration: {
      properties: Record<
        string,
        { type: string; enum?: string[]; default: unknown; scope: string; markdownDescription: string }
      >;
    };
    languageModelTools: { name: string; userDescription: string }[];
  };
}

/** `docs/reference.md`: the workflow file, the editor's commands, settings and tools, from what the programs read. */
export function reference(
  schema: Schema,
  { contributes }: Manifest,
  texts: Readonly<Record<string, string>>,
): string {
  const text = (key: string) => texts[key.replaceAll('%', '')] ?? key;
  const when = new Map(contributes.menus.commandPalette.map((each) => [each.command, each.when]));
  const lines = [
    '# Reference',
    '',
    'Made by `npm run docs` from the schema and the manifest; a test holds it against them.',
    '',
    '## The workflow file',
    '',
    '`NAME` stands for a name of your own, `[]` for each of a list. A step is the name of a role, or one of the keys below `flow[]`.',
    '',
    ...table(
      ['key', 'takes', 'without it', 'what it is'],
      entriesOf(schema).map(({ path, takes, otherwise, says }) => [
        code(path),
        takes,
        otherwise === '' || otherwise === 'required' ? otherwise : code(otherwise),
        says,
      ]),
    ),
    '## Facts and expressions',
    '',
    'Checks, conditions, `until` and `success` are expressions over facts: `X_train.rows == task.train_rows and not (task.target in X_train.covers)`. In the checks of an artifact its own facts stand without its name; `task.…` names the fields of the task. There are numbers, texts in quotes, lists in brackets, `true`, `false`, `null`, `and`, `or`, `not`, `in`, comparisons, `+ - * / %` and the functions below. What is not known is `null`. A check that asks for what its own JSON file does not hold fails; one that asks for something of another artifact that is not there is left to the contract of that one.',
    '',
    ...table(['fact', 'of', 'is', 'what it says'], facts()),
    ...table(
      ['function', 'what it gives'],
      Object.entries(expressionFunctions).map(([name, { takes, gives, says }]) => [
        code(`${name}(${takes.map(typeWords).join(', ')})`),
        `${typeWords(gives)}: ${says()}`,
      ]),
    ),
    '## What an agent can get wrong',
    '',
    'The failure codes of verdicts. A check of your own may name one of them (`code:`), or one that starts with `x.`.',
    '',
    ...table(
      ['code', 'what it means'],
      Object.entries(failureCodes).map(([name, means]) => [code(name), means]),
    ),
    '## Errors of the command line',
    '',
    'With `--json`, a command that fails ends with `{"error": {"code", "message"}}`.',
    '',
    ...table(
      ['code', 'what it means'],
      Object.entries(errorCodes).map(([name, means]) => [code(name), means]),
    ),
    '## Commands of the editor',
    '',
    ...table(
      ['command', 'id', 'in the palette'],
      contributes.commands.map(({ command, title }) => [
        `Baton: ${text(title)}`,
        code(command),
        palette(when.get(command)),
      ]),
    ),
    '## Settings',
    '',
    ...table(
      ['setting', 'takes', 'default', 'scope', 'what it does'],
      Object.entries(contributes.configuration.properties).map(([name, each]) => [
        code(name),
        each.enum?.join(', ') ?? each.type,
        code(JSON.stringify(each.default)),
        each.scope === 'machine' ? 'user only' : 'folder',
        text(each.markdownDescription),
      ]),
    ),
    '## Tools for the editor’s own agent',
    '',
    ...table(
      ['tool', 'what it does'],
      contributes.languageModelTools.map(({ name, userDescription }) => [code(name), text(userDescription)]),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function palette(when: string | undefined): string {
  if (when === undefined) return 'always';
  return when === 'false' ? 'from views and menus' : 'in a workflow';
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: string[], rows: string[][]): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
    '',
  ];
}

/** Every fact once, with the kinds of artifacts that have it. */
function facts(): string[][] {
  const kinds = new Map<string, { of: string[]; type: string }>();
  for (const kind of artifactKinds)
    for (const [fact, type] of Object.entries(factTypes(kind))) {
      const known = kinds.get(fact) ?? { of: [], type: typeWords(type) };
      known.of.push(kind);
      kinds.set(fact, known);
    }
  return [...kinds].map(([fact, { of, type }]) => [
    code(fact),
    of.length === artifactKinds.length ? 'all' : of.join(', '),
    type,
    factMeaning(fact),
  ]);
}
