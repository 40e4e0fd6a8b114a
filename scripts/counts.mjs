// Counts of a test report as "passed failed": vitest's JSON, or pytest's JUnit XML. A test that did not run counts as
// failed, and so does a report that is not there. `node scripts/counts.mjs FILE ...`
import { readFileSync } from 'node:fs';

function counts(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    console.error(`${path} was not written: its tests did not run to their end`);
    return [0, 1];
  }
  if (path.endsWith('.xml')) {
    const [suite] = /<testsuite [^>]*>/.exec(text) ?? [''];
    const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const bad = number('errors') + number('failures') + number('skipped');
    return [number('tests') - bad, bad || (number('tests') === 0 ? 1 : 0)];
  }
  const report = JSON.parse(text);
  // A file that cannot even be loaded has no failed test of its own.
  const broken = report.numFailedTests === 0 && !report.success ? 1 : 0;
  return [
    report.numPassedTests,
    report.numFailedTests + report.numPendingTests + report.numTodoTests + broken,
  ];
}

const all = process.argv.slice(2).map(counts);
console.log(
  all.reduce((sum, [passed]) => sum + passed, 0),
  all.reduce((sum, [, failed]) => sum + failed, 0),
);
