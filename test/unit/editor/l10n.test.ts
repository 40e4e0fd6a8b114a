import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { catalogueTexts } from '../../../scripts/l10n/catalogues.js';
import { asText, words } from '../../../src/editor/markup.js';

const root = join(import.meta.dirname, '../../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { l10n: string };
const bundle = JSON.parse(readFileSync(join(root, manifest.l10n, 'bundle.l10n.json'), 'utf8')) as Record<
  string,
  string
>;

interface Found {
  text: string | null;
  at: string;
}

/** Every source file of a folder, parsed. */
function sources(folder: string): ts.SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'))
    .map((path) => parsed(join(folder, path), readFileSync(join(root, folder, path), 'utf8')));
}

function parsed(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function each(file: ts.SourceFile, look: (node: ts.Node) => void): void {
  const into = (node: ts.Node): void => {
    look(node);
    node.forEachChild(into);
  };
  into(file);
}

const place = (file: ts.SourceFile, node: ts.Node) =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;

/** The text that a call of `l10n.t` hands over; null where it is put together and so cannot be translated. */
function textOf(argument: ts.Expression | undefined): string | null {
  if (argument && ts.isStringLiteralLike(argument)) return argument.text;
  if (!argument || !ts.isObjectLiteralExpression(argument)) return null;
  const message = argument.properties.find(({ name }) => name?.getText() === 'message');
  return message && ts.isPropertyAssignment(message) ? textOf(message.initializer) : null;
}

const isSaid = (node: ts.Node): node is ts.CallExpression =>
  ts.isCallExpression(node) && /\bl10n\.t$/.test(node.expression.getText());

/** What an editor shows comes from these rooms, and from the pages. */
const rooms = () => ['src/editor', 'src/workflow', 'src/target', 'webview'].flatMap(sources);

/** The one place that says the texts of catalogues, which are not written there. */
const CATALOGUES = 'src/editor/language/words.ts';

/** Every call of `l10n.t`: its text, and where it stands. */
function said(): Found[] {
  const found: Found[] = [];
  for (const file of rooms().filter(({ fileName }) => fileName !== CATALOGUES))
    each(file, (node) => {
      if (isSaid(node)) found.push({ text: textOf(node.arguments[0]), at: place(file, node) });
    });
  return found;
}

/** Attributes whose text a person reads or is told. */
const READ =
  /^(aria-(label|valuetext|description|roledescription)|title|label|placeholder|alt|says|empty|text)$/;
const LETTERS = /\p{L}{2}/u;

/** Words of a page that a person reads or is told, and that do not go through `l10n.t`. */
function unsaid(file: ts.SourceFile): Found[] {
  const found: Found[] = [];
  each(file, (node) => {
    const text = ts.isJsxText(node)
      ? node.text.trim()
      : ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
        ? node.text
        : '';
    if (LETTERS.test(text) && (ts.isJsxText(node) || isRead(node, text)))
      found.push({ text, at: place(file, node) });
  });
  return found;
}

/** Whether a literal is shown: in an attribute that is read, as a child of an element, or as a sentence anywhere. */
function isRead(literal: ts.Node, text: string): boolean {
  for (let node = literal.parent, under = literal; node; under = node, node = node.parent) {
    if (isSaid(node)) return false;
    if (ts.isJsxAttribute(node)) return READ.test(node.name.getText());
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return false;
    // What is compared, looked up or handed to a function is no text of its own.
    if (ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText())) return false;
    if (ts.isCallExpression(node) && node.expression !== under) return false;
    if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) return true;
  }
  return /^\p{Lu}?\p{L}+ \p{L}+/u.test(text);
}

test('every text that the editor says can be translated, and stands in the bundle (npm run l10n)', () => {
  const all = said();
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ text }) => text === null)).toEqual([]);
  const catalogues = catalogueTexts();
  expect(catalogues.length).toBeGreaterThan(60);
  expect(catalogues.filter((text) => !(text in bundle))).toEqual([]);
  const texts = new Set([...all.map(({ text }) => text!), ...catalogues]);
  expect(all.filter(({ text }) => !(text! in bundle))).toEqual([]);
  expect(Object.keys(bundle).filter((text) => !texts.has(text))).toEqual([]);
});

test('`t` is called by its whole name, since the bundle is made of what is called so', () => {
  const short = rooms().filter(({ text }) =>
    /(?:\bt\b[^;]*\} = (?:vscode\.)?l10n\b|= (?:vscode\.)?l10n\.t\b[^(]|import \{[^}]*\bt\b[^}]*\} from '@vscode\/l10n')/.test(
      text,
    ),
  );
  expect(short.map(({ fileName }) => fileName)).toEqual([]);
});

/** Written for machines (an agent's tools, a server), or into a log by the command line, which speaks English. */
const NOT_SHOWN = new Set(
  [
    'editor/models/tools',
    'editor/models/why',
    'editor/models/server',
    'workflow/contract',
    'workflow/metrics',
    'workflow/failures',
    'workflow/tasks/family',
    'workflow/tasks/problems',
  ].map((path) => `src/${path}.ts`),
);

/** Calls whose texts nobody reads, or that only compare them; what schemas describe stands in the catalogues. */
const QUIET =
  /(\blog\.\w+|\.(describe|regex|executeCommand|getConfiguration|registerCommand|exec|test|startsWith|endsWith|includes|split|join|indexOf|replace|replaceAll|findFiles|list)|^new RegExp)$/;
/** Not for people: markup and scripts, settings, patterns of files, code and addresses. */
const NO_WORDS =
  /^(<|#!|@set|\$\(|\w+:\/\/|command:|\*\*\/|Bearer )|^[\w.-]*\0[\w.-]*$|\.\0|-\0|\{\w+:|^"\$\{|Baton \0/;
const KEPT = new Set(['Baton Designer', 'on its way', 'not in', 'ssh \0', 'ray \0', 'null (\0)']);
KEPT.add('HTTP \0: \0');

/** Sentences, and words beside a value, that do not go through `l10n.t`. `\0` stands for a value. */
function unsaidSentences(file: ts.SourceFile): Found[] {
  const found: Found[] = [];
  const into = (node: ts.Node): void => {
    if (isSaid(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node))
      return;
    const text = ts.isStringLiteralLike(node)
      ? node.text
      : ts.isTemplateExpression(node)
        ? node.head.text + node.templateSpans.map(({ literal }) => `\0${literal.text}`).join('')
        : '';
    const words =
      /\p{L}{2,}[ ,:;]+\p{L}{2,}/u.test(text) ||
      (text.includes('\0') && /(^|[ \0])\p{L}{3,}($|[ :,.])/u.test(text));
    if (words && !NO_WORDS.test(text) && !KEPT.has(text) && !isQuiet(node))
      found.push({ text, at: place(file, node) });
    node.forEachChild(into);
  };
  into(file);
  return found;
}

function isQuiet(literal: ts.Node): boolean {
  for (let node = literal.parent, under = literal; node; under = node, node = node.parent) {
    if (ts.isCallExpression(node) && node.expression !== under && QUIET.test(node.expression.getText()))
      return true;
    if (ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText())) return true;
    if (ts.isCaseClause(node) && node.expression === under) return true;
    if (ts.isFunctionLike(node)) return false;
  }
  return false;
}

test('no sentence that the editor shows goes past the translation', () => {
  const files = [...sources('src/editor'), ...sources('src/workflow')];
  expect(files.length).toBeGreaterThan(100);
  const seen = new Set(files.map(({ fileName }) => fileName));
  expect([...NOT_SHOWN].filter((name) => !seen.has(name))).toEqual([]);
  expect(files.filter(({ fileName }) => !NOT_SHOWN.has(fileName)).flatMap(unsaidSentences)).toEqual([]);
});

test.each([
  ['const parts = [{ plain: `made by ${role}` }];'],
  ['source.problem("task.none", "There is not one task here.", ["tasks"]);'],
  ['source.problem("task.none", `"${name}" is already there.`, path);'],
  ['this.line(`  broken    ${name}`);'],
  ['const files = { value: `${count} files` };'],
])('one that does is found: %s', (text) => {
  expect(unsaidSentences(parsed('a.ts', text))).toHaveLength(1);
});

test.each([
  ['source.problem("task.none", l10n.t("There is not one task here."), ["tasks"]);'],
  ['host.log.warn(`no model answers: ${why}`);'],
  ['if (said === "paused by somebody") return `expression.${kind}`;'],
])('what is translated, or not for people, is let be: %s', (text) => {
  expect(unsaidSentences(parsed('a.ts', text))).toEqual([]);
});

test('no message to the user goes past the translation', () => {
  const raw = sources('src/editor').flatMap((file) =>
    [...file.text.matchAll(/show(?:Information|Warning|Error)Message\(\s*(?:['"`]|[^)]*\$\{)/g)].map(
      ([found]) => `${file.fileName}: ${found}`,
    ),
  );
  expect(raw).toEqual([]);
});

test('no word of a page goes past the translation', () => {
  const pages = sources('webview');
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.flatMap(unsaid)).toEqual([]);
});

test.each([
  ['<p>Some words</p>'],
  ['<p>{none ? "nothing" : list}</p>'],
  ['<p>{`step ${step}`}</p>'],
  ['<button aria-label="Close" />'],
  ['<Dropdown label={`Check ${at}`} />'],
  ['<p title={worst ? worst.message : "the result"} />'],
  ['<Text>{say("x") || "nobody"}</Text>'],
  ['const told = () => "Too few scores.";'],
])('a word that does is found: %s', (text) => {
  expect(unsaid(parsed('a.tsx', text))).toHaveLength(1);
});

test.each([
  ['<p className="hint waits">{l10n.t("Some words")}</p>'],
  ['<button title={l10n.t("Remove {0}", name)}>×</button>'],
  ['<p>{state === "running" && <Button />}</p>'],
])('what is translated, or no word, is let be: %s', (text) => {
  expect(unsaid(parsed('a.tsx', text))).toEqual([]);
});

test('words are handed to a page as data that no text can end', () => {
  const hostile = { 'Pause</script><script>alert(1)</script>': '<!-- "Pause" \u2028 & \\ -->' };
  const element = words(hostile);
  expect(element.match(/<[^>]*>/g)).toEqual(['<script type="application/json" id="l10n">', '</script>']);
  expect(JSON.parse(element.slice(element.indexOf('>') + 1, element.lastIndexOf('<')))).toEqual(hostile);
  expect(words(undefined)).toBe('');
  expect(asText('</title><b a="1">&')).toBe('&lt;/title>&lt;b a=&quot;1&quot;>&amp;');
});
