import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { discoverModels, type Found } from '../policy/index.js';
import { type Change, changeText, isError, originOf } from '../workflow/index.js';
import { embeddedRoles } from './engine.js';
import { askModel, askTemplate, type Chosen, choices } from './init-questions.js';
import { checkFile } from './open-workflow.js';
import { shipped } from './places.js';
import { commandName, exit, Failure, shellWord, type Terminal } from './terminal.js';

export interface InitOptions {
  template?: string | undefined;
  model?: string | undefined;
}

/**
 * `baton init`: the smallest file that passes `check` and runs, or a copy of a template. Overwrites nothing. What is not
 * said is asked on a terminal; elsewhere it is a blank one with the first model that answers. A template keeps the model
 * that it names where that one can play its roles and no other is wanted.
 */
export async function initCommand(
  terminal: Terminal,
  folder: string | undefined,
  options: InitOptions,
): Promise<number> {
  const asks = !terminal.json && process.stdin.isTTY === true && terminal.live;
  const to = resolve(folder ?? '.');
  const templates = [{ name: BLANK, about: 'two roles, and a model server of yours' }, ...shippedTemplates()];
  const template = options.template ?? (asks ? await askTemplate(templates) : BLANK);
  if (!templates.some(({ name }) => name === template))
    throw new Failure(
      'template.unknown',
      `There is no template "${template}". There are: ${templates.map(({ name }) => name).join(', ')}.`,
      exit.usage,
    );
  const name = template === BLANK ? basename(to).replace(/[^\w-]/g, '-') || 'team' : template;
  const file = join(to, `${name}.baton.yaml`);
  if (existsSync(file))
    throw new Failure('file.exists', `${file} is there already; nothing was written.`, exit.usage);
  const own = template !== BLANK && actsAsItIs(template);
  const found = await discoverModels(process.env);
  const model =
    options.model !== undefined
      ? named(found, options.model)
      : asks
        ? await askModel(found, own)
        : own
          ? null
          : first(found);
  if (template === BLANK) {
    mkdirSync(to, { recursive: true });
    writeFileSync(file, smallest(model), { flag: 'wx' });
  } else {
    cpSync(shipped(join('media/templates', template)), to, { recursive: true, force: false });
    if (model) writeFileSync(file, withModel(readFileSync(file, 'utf8'), model));
  }
  if (!model && !own)
    terminal.note(
      `${found.length === 0 ? 'No model server answers on this machine: put' : 'Put'} the address of yours under models (see: ${commandName()} doctor)${template === BLANK ? '' : `, or train one of your own: ${commandName()} train${shownFrom(file)} --base MODEL`}.`,
    );
  if (model?.key)
    terminal.note(`Store its key: printenv ${model.key} | ${commandName()} ${storeKey(model.key, model)}`);
  return made(terminal, file, model !== null || own);
}

const BLANK = 'blank';
const OLLAMA = { baseUrl: 'http://127.0.0.1:11434/v1', model: 'qwen3:4b' };

/** The templates that ship, each with the first sentence of the comment that its file begins with. */
function shippedTemplates(): { name: string; about: string }[] {
  return readdirSync(shipped('media/templates')).map((name) => {
    const file = readFileSync(sourceOf(name), 'utf8');
    return { name, about: /^# ([^.\n]*)/.exec(file)?.[1] ?? '' };
  });
}

const sourceOf = (template: string) => shipped(join('media/templates', template, `${template}.baton.yaml`));

/** Whether the model that a template names can play its roles: the embedded one knows those of one team. */
function actsAsItIs(template: string): boolean {
  const options = { allowEnv: [], embeddedRoles: embeddedRoles() };
  return !checkFile(sourceOf(template), options).problems.some(isError);
}

/** The workflow with this model in place of each embedded one; what else is said of it stays. */
function withModel(text: string, model: Chosen): string {
  const { models } = parse(text) as { models: Record<string, Record<string, unknown>> };
  const replaced = Object.entries(models).filter(([, { provider }]) => provider === 'embedded');
  // What is remarked behind one is of that one.
  const bare = replaced.reduce(
    (found, [name]) => found.replace(new RegExp(`^( +${name}:.*?) +#.*$`, 'm'), '$1'),
    text,
  );
  return changeText(
    bare,
    replaced.map(([name, { provider: _, ...rest }]): Change => {
      return { do: 'set', path: ['models', name], value: { ...served(model), ...rest } };
    }),
  );
}

const served = ({ baseUrl, model, key }: Chosen) => ({
  provider: 'openai',
  base_url: baseUrl,
  model,
  ...(key === null ? {} : { api_key: `\${secret:${key}}` }),
});

const shownFrom = (file: string) => ` ${shellWord(relative(process.cwd(), file))}`;

/** `ready`: it names a model that acts here. */
function made(terminal: Terminal, file: string, ready: boolean): number {
  terminal.emit({ file });
  const there = dirname(file) === process.cwd() ? '' : shownFrom(file);
  terminal.say(
    `Wrote ${file}\nnext: ${ready ? '' : 'name a model in it, then '}${commandName()} check${there}, then ${commandName()} run${there}`,
  );
  return exit.fine;
}

function first(found: readonly Found[]): Chosen | null {
  return choices(found).find(({ key }) => key === null) ?? null;
}

function named(found: readonly Found[], wanted: string): Chosen {
  const all = choices(found).filter(({ key }) => key === null);
  const model = all.find((each) => each.model === wanted);
  if (model) return model;
  throw new Failure(
    'model.unknown',
    `No model "${wanted}" answers on this machine. There are: ${all.map((each) => each.model).join(', ') || 'none'}.`,
    exit.usage,
  );
}

const storeKey = (key: string, { baseUrl }: Chosen) => `secret set ${key} --for ${originOf(baseUrl)}`;

function smallest(model: Chosen | null): string {
  const { baseUrl, model: name, key } = model ?? { ...OLLAMA, key: null };
  const where = key === null ? 'local' : 'hosted';
  const secret = key === null ? '' : `, api_key: "\${secret:${key}}"`;
  return `baton: 1
models:
  ${where}: {provider: openai, base_url: "${baseUrl}", model: ${JSON.stringify(name)}${secret}}
tasks:
  - {prompt: Write three facts about the sea.}
artifacts:
  facts: {kind: message, checks: [words > 5]}
  summary: {kind: message, checks: [words < 60]}
agents:
  researcher: {role: Collect the facts that were asked for., produces: [facts]}
  writer: {role: Sum up what the researcher wrote in one sentence., consumes: [facts], produces: [summary]}
`;
}
