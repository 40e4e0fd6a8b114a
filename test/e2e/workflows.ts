import type { Editor } from './editor.js';

/** Facts of more than two words, then a summary of few: each task ends as the writer's reply is long or short. */
export const messageTeam = (model: string, tasks: readonly string[], few: string | number = 4) => `baton: 1
models:
  m: ${model}
tasks:
${tasks.map((task) => `  - ${task}`).join('\n')}
artifacts:
  facts: {kind: message, checks: [words > 2]}
  summary: {kind: message, checks: [words < ${few}]}
agents:
  researcher: {role: Collect facts., produces: [facts]}
  writer: {role: Sum them up., consumes: [facts], produces: [summary]}
outcome: {success: facts.valid and summary.valid}
`;

/** A model that answers from a file. */
export const recorded = '{provider: recorded, file: replies.jsonl}';
export const served = (url: string) => `{provider: openai, base_url: "${url}", model: m}`;

/** The lines of such a file; `when` is a text that the messages hold. */
export const repliesFile = (replies: readonly { reply: string; when?: string }[]) =>
  `${replies.map((each) => JSON.stringify(each)).join('\n')}\n`;

/** One role that acts with a model of the editor. */
export const editorTeam = (model: string, tasks: readonly string[]) => `baton: 1
models:
  editor: ${model}
tasks: [${tasks.map((prompt) => `{prompt: ${prompt}}`).join(', ')}]
artifacts:
  answer: {kind: message, checks: [words > 2]}
agents:
  writer: {role: Write., produces: [answer]}
`;

/** Open the sample run and wait until it shows who broke it. */
export async function openSample(editor: Editor): Promise<void> {
  await editor.command('Baton: Open Sample Run');
  await editor.page.getByText('broken by data_engineer').first().waitFor();
}
