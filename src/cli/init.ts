import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { discoverModels, type Found } from '../policy/index.js';
import { shipped } from './places.js';
import { commandName, exit, Failure, type Terminal } from './terminal.js';

export interface InitOptions {
  template: string;
  model?: string | undefined;
}

/** `baton init`: the smallest file that passes `check` and runs, or a copy of a template. Overwrites nothing. */
export async function initCommand(
  terminal: Terminal,
  folder: string | undefined,
  options: InitOptions,
): Promise<number> {
  const to = resolve(folder ?? '.');
  const templates = readdirSync(shipped('media/templates'));
  if (options.template !== 'blank') {
    if (!templates.includes(options.template))
      throw new Failure(
        'template.unknown',
        `There is no template "${options.template}". There are: blank, ${templates.join(', ')}.`,
        exit.usage,
      );
    const file = join(to, `${options.template}.baton.yaml`);
    if (existsSync(file))
      throw new Failure('file.exists', `${file} is there already; nothing was written.`, exit.usage);
    cpSync(shipped(join('media/templates', options.template)), to, { recursive: true, force: false });
    return made(terminal, file);
  }
  const file = join(to, `${basename(to).replace(/[^\w-]/g, '-') || 'team'}.baton.yaml`);
  if (existsSync(file))
    throw new Failure('file.exists', `${file} is there already; nothing was written.`, exit.usage);
  const found = await discoverModels(process.env);
  const model = pick(found, options.model);
  writeFileSync(file, smallest(model), { flag: 'wx' });
  if (!model)
    terminal.note(
      `No model server answers on this machine: put the address of yours under models (see: ${commandName()} doctor).`,
    );
  return made(terminal, file);
}

function made(terminal: Terminal, file: string): number {
  terminal.emit({ file });
  terminal.say(`Wrote ${file}\nnext: ${commandName()} check, then ${commandName()} run`);
  return exit.fine;
}

function pick(found: Found[], wanted: string | undefined): { baseUrl: string; model: string } | null {
  for (const { baseUrl, models } of found) {
    const model = wanted === undefined ? models[0] : models.find((name) => name === wanted);
    if (model) return { baseUrl, model };
  }
  return null;
}

function smallest(model: { baseUrl: string; model: string } | null): string {
  const { baseUrl, model: name } = model ?? { baseUrl: 'http://127.0.0.1:11434/v1', model: 'qwen3:4b' };
  return `baton: 1
models:
  local: {provider: openai, base_url: "${baseUrl}", model: ${JSON.stringify(name)}}
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
