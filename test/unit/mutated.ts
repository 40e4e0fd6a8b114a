import { between } from '../../src/workflow/index.js';

/** What breaks parsers: indicators of YAML, brackets, quotes, half pairs, controls, names of prototypes. */
const pieces = ['{', '}', '[', ']', ':', '- ', '? ', '&a ', '*a', '!!js/function ', '|', '>', '"', "'", '#', '\t', '\n', '\r\n', '\0', '\u2028', '\ud800', '%', '@', '`', '${', '{{', '..', '__proto__', 'constructor', '1e999', '-', ',']; // biome-ignore format: a list

/** The text with one to four pieces put in, cut out, said twice, or with its end missing. */
export function mutated(text: string, random: () => number): string {
  let out = text;
  for (let times = between(1, 4, random); times > 0; times--) {
    const at = between(0, out.length, random);
    const to = Math.min(out.length, at + between(0, 30, random));
    const kind = random();
    if (kind < 0.4) out = out.slice(0, at) + pieces[between(0, pieces.length - 1, random)]! + out.slice(at);
    else if (kind < 0.7) out = out.slice(0, at) + out.slice(to);
    else if (kind < 0.9) out = out.slice(0, at) + out.slice(at, to) + out.slice(at);
    else out = out.slice(0, at);
  }
  return out;
}
