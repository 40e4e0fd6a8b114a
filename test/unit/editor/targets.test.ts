import { expect, it } from 'vitest';
import { completeTargets, hoverTargets } from '../../../src/editor/language/index.js';
import { parseTargets, targetProblem } from '../../../src/target/index.js';

/** What can be typed at the bar. */
function typed(text: string, hosts: string[] = []): string[] {
  const at = text.indexOf('|');
  return completeTargets(text.replace('|', ''), at, hosts).suggestions.map(({ label }) => label);
}

it('completes keys by the kind that is written, values and hosts', () => {
  expect(typed('targets:\n  a:\n    |')).toEqual(expect.arrayContaining(['kind', 'host', 'address']));
  const ssh = typed('targets:\n  a:\n    kind: ssh\n    |');
  expect(ssh).toEqual(expect.arrayContaining(['host', 'placement']));
  expect(ssh).not.toContain('address');
  expect(ssh).not.toContain('kind');
  expect(typed('targets:\n  a: {kind: ray, |}')).toContain('workers');
  expect(typed('targets:\n  a:\n    kind: |')).toEqual(['ssh', 'ray']);
  expect(typed('targets:\n  a:\n    kind: ssh\n    placement: |')).toEqual(['here', 'there']);
  expect(typed('targets:\n  a:\n    kind: ssh\n    host: |', ['gpu-box'])).toEqual(['gpu-box']);
  expect(typed('# |')).toEqual([]);
});

it('says what a key is for', () => {
  const text = 'targets:\n  a: {kind: ssh, host: b, placement: here}\n';
  const hover = hoverTargets(text, text.indexOf('placement') + 2);
  expect(hover?.parts[0]).toEqual({ plain: expect.stringContaining('the whole loop runs on the box') });
  expect(text.slice(hover!.start, hover!.end)).toBe('placement');
  expect(hoverTargets(text, text.indexOf(' here'))).toBeNull();
});

it.each([
  ['targets:\n  a: {kind: ssh, host: -x}\n', '-x', /does not begin with a dash/],
  ['targets:\n  a: {kind: ssh, host: b, command: x}\n', 'command', /Unrecognized key/],
  ['targets:\n  a: {kind: slurm, host: b}\n', 'slurm', /kind: ssh or kind: ray/],
  ['targets:\n  a: {kind: ssh}\n', '{kind: ssh}', /targets\.a\.host/],
  ['target:\n  a: 1\n', 'target', /Unrecognized key|targets/],
])('%j is marked at %j', (text, at, words) => {
  const parsed = parseTargets(text);
  const faults = 'faults' in parsed ? parsed.faults : [];
  expect(faults.map(({ message }) => message).join('\n')).toMatch(words);
  expect(faults.map(({ start, end }) => text.slice(start, end).trim())).toContain(at);
});

it('an empty file has no targets, and a name or an address that cannot be is told', () => {
  expect(parseTargets('# none yet\n')).toEqual({ targets: {} });
  expect(targetProblem('gpu-box', { kind: 'ssh', host: 'me@box' })).toBeNull();
  expect(targetProblem('7', { kind: 'ssh', host: 'box' })).toMatch(/a target is a letter/);
  expect(targetProblem('cluster', { kind: 'ray', address: 'here' })).toMatch(/URL/i);
});
