import type { Breach } from '../workflow/index.js';
import type { ToolResult } from './tool.js';

const FIRST_LINE = 160;

/**
 * What an agent is told after a turn that did not end its visit. The first line says it in short ("error: ..." or
 * "broken: ..."); the output of its programs follows.
 */
export function feedback(
  results: readonly ToolResult[],
  breaches: readonly Breach[],
  noProgram: boolean,
): string {
  const failed = results.find((result) => result.outcome !== 'ok');
  const first = failed
    ? `error: ${lastLine(failed)}`
    : noProgram
      ? 'error: the reply holds no python program'
      : breaches.length > 0
        ? `broken: ${breaches.map((breach) => breach.message).join('; ')}`
        : 'The program ran.';
  const output = results.flatMap((result) => [
    ...(result.stdout.trim() ? [`stdout:\n${result.stdout.trimEnd()}`] : []),
    ...(result.stderr.trim() ? [`stderr:\n${result.stderr.trimEnd()}`] : []),
  ]);
  return [first.slice(0, FIRST_LINE), ...output].join('\n');
}

function lastLine(result: ToolResult): string {
  if (result.outcome === 'timeout') return 'the program ran out of time';
  if (result.outcome === 'oom') return 'the program ran out of memory';
  if (result.outcome !== 'failed') return `the program was ended: ${result.outcome}`;
  return result.stderr.trimEnd().split('\n').at(-1) || `the program ended with exit code ${result.exitCode}`;
}
