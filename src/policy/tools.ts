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

export const toolCallsSchema = z
  .array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) }))
  .nullish();

/** A reply with its programs as fenced blocks, in order, whichever way the server gave them. */
export function withToolCalls(content: string, calls: z.output<typeof toolCallsSchema>): string {
  const programs = (calls ?? []).filter(({ function: { name } }) => name === 'python');
  const blocks = programs.map(({ function: { arguments: given } }) => fenced(codeOf(given)));
  return [...(content === '' ? [] : [content]), ...blocks].join('\n\n');
}

/** Models now and then give the program itself in place of the JSON around it. */
function codeOf(given: string): string {
  try {
    return z.object({ code: z.string() }).parse(JSON.parse(given)).code;
  } catch {
    return given;
  }
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}python\n${code.replace(/\n$/, '')}\n${fence}`;
}
