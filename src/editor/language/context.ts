/**
 * Where in a workflow a person is typing, from the text before the cursor alone: it must hold while the YAML does
 * not parse yet.
 */
export interface TypingContext {
  /** Keys from the top; `-` stands for an item of a list. The key being typed is not part of it. */
  path: string[];
  typing: 'key' | 'value' | 'comment';
  /** What is typed already, and where it starts. */
  word: string;
  start: number;
  /** Inside a `|` or `>` text or inside quotes. */
  inText: boolean;
}

interface Block {
  indent: number;
  key: string;
}
interface Flow {
  is: '{' | '[';
  key: string | null;
}

/** Anchors and tags in front of a value. */
const PROPERTIES = /^(?:[&!]\S*[ ]+)*/;
const BLOCK_TEXT = /^[|>](?:[+-]?\d?|\d[+-])\s*(#.*)?$/;
const DASH = /^-(\s|$)/;
const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#{}[\],:"'&*!|>%@`-][^#{}[\],:]*?)[ ]*:(?=\s|$)/;

/** The typing context at an offset (UTF-16 units) of a text. */
export function contextAt(text: string, offset: number): TypingContext {
  return new Scanner(text.slice(0, offset)).scan();
}

class Scanner {
  private blocks: Block[] = [];
  private flows: Flow[] = [];
  private scalarIndent: number | null = null;
  private quote = '';
  private wordStart = 0;
  private state: TypingContext['typing'] = 'key';
  private inText = false;

  constructor(private readonly text: string) {}

  scan(): TypingContext {
    let at = 0;
    for (const line of this.text.split('\n')) {
      this.line(line, at);
      at += line.length + 1;
    }
    const path = [
      ...this.blocks.map((block) => block.key),
      ...this.flows.flatMap((flow) => (flow.is === '[' ? ['-'] : flow.key === null ? [] : [flow.key])),
    ];
    const word = this.text.slice(this.wordStart).replace(/^["']/, '');
    const start = this.text.length - word.length;
    return { path, typing: this.state, word, start, inText: this.inText || this.quote !== '' };
  }

  private line(line: string, at: number): void {
    const indent = line.length - line.trimStart().length;
    this.inText = false;
    if (this.scalarIndent !== null) {
      if (line.trim() === '' || indent > this.scalarIndent) {
        this.state = 'value';
        this.inText = true;
        this.wordStart = at + Math.max(indent, line.search(/[^\s{}()[\],|]*$/));
        return;
      }
      this.scalarIndent = null;
    }
    if (this.flows.length > 0) {
      const { is, key } = this.flows.at(-1)!;
      if (this.state === 'comment') this.state = is === '[' || key !== null ? 'value' : 'key';
      if (this.text.slice(this.wordStart, at).trim() === '') this.wordStart = at + indent;
      this.chars(line, indent, at);
    } else this.block(line, indent, at);
  }

  private block(line: string, indentation: number, at: number): void {
    let rest = line.slice(indentation);
    let indent = indentation;
    if (this.quote && (rest === '' || indent > (this.blocks.at(-1)?.indent ?? -1))) {
      this.chars(line, 0, at);
      return;
    }
    this.quote = '';
    if (rest.startsWith('#')) {
      this.state = 'comment';
      return;
    }
    if (rest !== '' || line.length === this.text.length - at) this.pop(indent, DASH.test(rest));
    while (DASH.test(rest)) {
      this.blocks.push({ indent, key: '-' });
      const skip = /^-\s*/.exec(rest)![0].length;
      indent += skip;
      rest = rest.slice(skip);
    }
    const key = KEY.exec(rest);
    this.state = 'key';
    this.wordStart = at + indent;
    if (!key) {
      const bare = rest.replace(PROPERTIES, '');
      if (/^[[{]/.test(bare) || (/^["']/.test(bare) && this.blocks.at(-1)?.key === '-'))
        this.value(line, indent, at);
      return;
    }
    this.blocks.push({ indent, key: key[1]!.replace(/^["']|["']$/g, '') });
    this.value(line, indent + key[0].length, at);
    if (BLOCK_TEXT.test(line.slice(valueStart(line, indent + key[0].length)))) {
      this.scalarIndent = indent;
    }
  }

  private value(line: string, from: number, at: number): void {
    this.state = 'value';
    const start = valueStart(line, from);
    this.wordStart = at + start;
    this.chars(line, start, at);
  }

  /** What is over at this indent; a list may stand at the indent of its key. */
  private pop(indent: number, isItem: boolean): void {
    while (this.blocks.length > 0) {
      const last = this.blocks.at(-1)!;
      if (last.indent < indent || (isItem && last.indent === indent && last.key !== '-')) return;
      this.blocks.pop();
    }
  }

  private chars(line: string, from: number, at: number): void {
    for (let i = from; i < line.length; i++) {
      const char = line[i]!;
      if (this.quote) {
        if (this.quote === '"' ? char === '\\' : line.startsWith("''", i)) i += 1;
        else if (char === this.quote) this.quote = '';
        continue;
      }
      const top = this.flows.at(-1);
      if ((char === '"' || char === "'") && at + i <= this.wordStart) this.quote = char;
      else if (char === '#' && (i === 0 || /\s/.test(line[i - 1]!))) {
        this.state = 'comment';
        if (this.text.slice(this.wordStart, at + i).trim() === '') this.wordStart = at + line.length;
        return;
      } else if ((char === '{' || char === '[') && (top || at + i === this.wordStart)) {
        this.flows.push({ is: char, key: null });
        this.next(line, i, at, char === '{' ? 'key' : 'value');
      } else if (top && (char === '}' || char === ']')) {
        this.flows.pop();
        this.state = 'value';
      } else if (top && char === ',') {
        top.key = null;
        this.next(line, i, at, top.is === '{' ? 'key' : 'value');
      } else if (top?.is === '{' && char === ':' && /^\s|^$/.test(line.slice(i + 1, i + 2))) {
        top.key = this.text
          .slice(this.wordStart, at + i)
          .replace(/^["']|["']$/g, '')
          .trim();
        this.next(line, i, at, 'value');
      }
    }
  }

  /** Something new begins behind `line[i]`. */
  private next(line: string, i: number, at: number, state: 'key' | 'value'): void {
    this.state = state;
    this.wordStart = at + valueStart(line, i + 1);
  }
}

function valueStart(line: string, from: number): number {
  const start = from + /^\s*/.exec(line.slice(from))![0].length;
  return start + PROPERTIES.exec(line.slice(start))![0].length;
}
