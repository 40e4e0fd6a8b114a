/** A workflow in the usual style: ten lines an artifact, seven lines an agent. */
export function large(lines: number): string {
  const head = [
    'baton: 1',
    'models:',
    '  student: {provider: embedded}',
    'tasks:',
    '  - {prompt: go, rows: 3, kind: classification}',
  ];
  const pairs = Math.floor((lines - head.length - 2) / 17);
  const artifacts = Array.from({ length: pairs }, (_, at) => [
    `  part_${at}:`,
    `    path: parts/part_${at}.pkl`,
    '    kind: table # what is handed on',
    '    checks:',
    '      - rows == task.rows',
    '      - missing == 0',
    '      - task.kind not in columns',
    `      - ${at === 0 ? 'rows > 0' : `columns == part_${at - 1}.columns`}`,
    '      - {check: rows < 10 * task.rows, code: rows.mismatch, says: too many rows}',
    `    description: part ${at}`,
  ]);
  const agents = Array.from({ length: pairs }, (_, at) => [
    `  agent_${at}:`,
    `    role: Make part ${at} from the one before it.`,
    '    instructions: |',
    '      Work carefully on {{task.kind}} with {{task.rows}} rows.',
    '      Reply with one program.',
    at === 0 ? '    consumes: []' : `    consumes: [part_${at - 1}]`,
    `    produces: [part_${at}]`,
  ]);
  return [...head, 'artifacts:', ...artifacts.flat(), 'agents:', ...agents.flat(), ''].join('\n');
}
