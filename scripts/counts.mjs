// Counts of test reports as "passed failed": vitest's JSON, or pytest's JUnit XML; then each failed test on a line, and
// each that passed only at its second try. A test that did not run counts as failed, and so does a report that is not
// there. `node scripts/counts.mjs FILE ...`
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

function read(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {
      passed: 0,
      failed: 1,
      names: [`${basename(path)} was not written: its tests did not run to their end`],
    };
  }
  return path.endsWith('.xml') ? ofPytest(text) : ofVitest(JSON.parse(text));
}

function ofPytest(text) {
  const [suite] = /<testsuite [^>]*>/.exec(text) ?? [''];
  const number = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const bad = number('errors') + number('failures') + number('skipped');
  const names = [
    ...text.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*[^/]>\s*<(failure|error|skipped)/g),
  ];
  return {
    passed: number('tests') - bad,
    failed: bad || (number('tests') === 0 ? 1 : 0),
    names: names.map(([, file, name, how]) => `${file} > ${name}: ${how}`),
  };
}

function ofVitest(report) {
  // A file that cannot even be loaded has no failed test of its own.
  const broken = report.numFailedTests === 0 && !report.success ? 1 : 0;
  const names = report.testResults.flatMap((file) => {
    const bad = file.assertionResults.filter((test) => test.status !== 'passed');
    const lines = bad.map((test) => `${test.fullName}: ${first(test.failureMessages[0]) || test.status}`);
    if (lines.length === 0 && file.status !== 'passed') lines.push(first(file.message));
    for (const test of file.assertionResults)
      if (test.status === 'passed' && test.failureMessages.length > 0)
        lines.push(`${test.fullName}: passed at its second try, after: ${first(test.failureMessages[0])}`);
    return lines.map((line) => `${basename(file.name)} > ${line}`);
  });
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numPendingTests + report.numTodoTests + broken,
    names,
  };
}

// The first lines of a message say what was wrong; a call log of a browser follows them.
function first(message = '') {
  return message.split('\n').slice(0, 3).join(' | ').slice(0, 400);
}

const all = process.argv.slice(2).map(read);
console.log(
  all.reduce((sum, { passed }) => sum + passed, 0),
  all.reduce((sum, { failed }) => sum + failed, 0),
);
for (const { names } of all) for (const name of names) console.log(name);
