import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { l10n: string };
const bundle = JSON.parse(readFileSync(join(root, manifest.l10n, 'bundle.l10n.json'), 'utf8')) as Record<
  string,
  string
>;

/** The text that a call of `l10n.t` hands over; null where it is put together and so cannot be translated. */
function textOf(argument: ts.Expression | undefined): string | null {
  if (argument && ts.isStringLiteralLike(argument)) return argument.text;
  if (!argument || !ts.isObjectLiteralExpression(argument)) return null;
  const message = argument.properties.find(({ name }) => name?.getText() === 'message');
  return message && ts.isPropertyAssignment(message) ? textOf(message.initializer) : null;
}

/** Every call of `l10n.t` in the editor's room: its text, and where it stands. */
function said(): { text: string | null; at: string }[] {
  const folder = join(root, 'src/editor');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => {
      const file = ts.createSourceFile(
        path,
        readFileSync(join(folder, path), 'utf8'),
        ts.ScriptTarget.Latest,
        true,
      );
      const found: { text: string | null; at: string }[] = [];
      const look = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && /\bl10n\.t$/.test(node.expression.getText())) {
          const { line } = file.getLineAndCharacterOfPosition(node.getStart());
          found.push({ text: textOf(node.arguments[0]), at: `${path}:${line + 1}` });
        }
        node.forEachChild(look);
      };
      look(file);
      return found;
    });
}

test('every text that the editor says can be translated, and stands in the bundle (npm run l10n)', () => {
  const all = said();
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter(({ text }) => text === null)).toEqual([]);
  const texts = new Set(all.map(({ text }) => text!));
  expect(all.filter(({ text }) => !(text! in bundle))).toEqual([]);
  expect(Object.keys(bundle).filter((text) => !texts.has(text))).toEqual([]);
});

test('no message to the user goes past the translation', () => {
  const folder = join(root, 'src/editor');
  const raw = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) =>
      [
        ...readFileSync(join(folder, path), 'utf8').matchAll(
          /show(?:Information|Warning|Error)Message\(\s*(?:['"`]|[^)]*\$\{)/g,
        ),
      ].map(([found]) => `${path}: ${found}`),
    );
  expect(raw).toEqual([]);
});
