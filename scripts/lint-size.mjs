// Fails when a source file is longer than 500 lines.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const LIMIT = 500;
const listed = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', 'src', 'webview', 'test', 'scripts', 'media'],
  {
    encoding: 'utf8',
  },
);
const files = listed.split('\n').filter((file) => /\.(ts|tsx|mjs|py|css)$/.test(file) && existsSync(file));
const long = files
  .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > LIMIT);
for (const { file, lines } of long) console.error(`${file}: ${lines} lines, the limit is ${LIMIT}`);
process.exitCode = long.length > 0 ? 1 : 0;
