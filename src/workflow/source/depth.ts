/**
 * The first line (from 1) at which YAML text nests deeper than `limit`, found by one cheap pass over brackets
 * and indentation, so that a recursive parser is never handed such a text. `undefined` where it does not.
 */
export function tooDeep(text: string, limit: number): number | undefined {
  const indents: number[] = [];
  let flow = 0;
  let line = 0;
  for (const row of lines(text)) {
    line += 1;
    const indent = row.search(/[^ ]/);
    if (indent < 0 || row[indent] === '#') continue;
    while (indents.length > 0 && indents[indents.length - 1]! >= indent) indents.pop();
    indents.push(indent);
    const dashes = /^(?:- +)*/.exec(row.slice(indent))![0].length / 2;
    let quote = '';
    for (let at = indent; at < row.length; at++) {
      const char = row[at]!;
      if (quote) {
        if (char === quote) quote = '';
      } else if (char === '"' || (char === "'" && !/\w/.test(row[at - 1] ?? ' '))) quote = char;
      else if (char === '#' && row[at - 1] === ' ') break;
      else if (char === '[' || char === '{') flow += 1;
      else if ((char === ']' || char === '}') && flow > 0) flow -= 1;
      if (flow > limit) return line;
    }
    if (indents.length + dashes > limit) return line;
  }
  return undefined;
}

function* lines(text: string): Generator<string> {
  let start = 0;
  while (start <= text.length) {
    const end = text.indexOf('\n', start);
    yield end < 0 ? text.slice(start) : text.slice(start, end);
    if (end < 0) return;
    start = end + 1;
  }
}
