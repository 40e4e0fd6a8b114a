// Native tool calls, in and out: what a server is offered, and its answer as the text form that everything else reads.
import * as z from 'zod';

/** The one tool that agents have, as servers take it. */
export const pythonTool = {
  type: 'function',
  function: {
    name: 'python',
    description: 'Run a Python program in the working folder. What it prints comes back.',
    parameters: {
      type: 'object',
      properties: { code: { type: 'string', description: 'The whole program' } },
      required: ['code'],
      additionalProperties: false,
    },
  },
} as const;

/** Arguments are JSON in a string; a server that gives them as an object means the same. */
const given = z.union([z.string(), z.looseObject({}).transform((each) => JSON.stringify(each))]);

export const toolCallsSchema = z
  .array(z.object({ function: z.object({ name: z.string(), arguments: given }) }))
  .nullish();

/** A reply with its programs as fenced blocks, in order, whichever way the server gave them. */
export function withToolCalls(content: string, calls: z.output<typeof toolCallsSchema>): string {
  const programs = (calls ?? []).filter(({ function: { name } }) => name === 'python');
  const blocks = programs.map((call) => fenced(codeOf(call.function.arguments)));
  return [...(content === '' ? [] : [content]), ...blocks].join('\n\n');
}

/** Models now and then give the program itself in place of the JSON around it. */
function codeOf(text: string): string {
  try {
    return z.object({ code: z.string() }).parse(JSON.parse(text)).code;
  } catch {
    return text;
  }
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}python\n${code.replace(/\n$/, '')}\n${fence}`;
}
