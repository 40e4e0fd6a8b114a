import type { Clean, Judged } from './measure.js';
import { roles } from './programs.js';

export interface BlameResult {
  injected: number;
  right: number;
  /** Share of injected faults that were charged to the role that made them. */
  share: number;
  clean: number;
  blamedClean: number;
}

export function resultOf(faults: readonly Judged[], clean: readonly Clean[]): BlameResult {
  const right = faults.filter((each) => each.blamed === each.role).length;
  return {
    injected: faults.length,
    right,
    share: faults.length === 0 ? 0 : right / faults.length,
    clean: clean.length,
    blamedClean: clean.filter((each) => each.blamed.length > 0).length,
  };
}

/** What the coach is to reach. */
export const isGood = ({ share, blamedClean }: BlameResult) => share >= 0.95 && blamedClean === 0;

/** Markdown: who was blamed for whose fault, fault by fault, and what was missed. */
export function blameReport(faults: readonly Judged[], clean: readonly Clean[]): string {
  const result = resultOf(faults, clean);
  const columns = [...roles, 'nobody'];
  const blamed = (of: readonly Judged[]) =>
    columns.map((name) => String(of.filter((each) => (each.blamed ?? 'nobody') === name).length || '-'));
  const kinds = [...new Set(faults.map((each) => `${each.role}\0${each.fault}`))];
  const rows = kinds.map((kind) => {
    const [role, fault] = kind.split('\0') as [string, string];
    const own = faults.filter((each) => each.role === role && each.fault === fault);
    const spellings = new Set(own.map((each) => each.spelling)).size;
    return [role, fault, String(spellings), String(own.length), ...blamed(own)];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const missed = faults.filter((each) => each.blamed !== each.role);
  const styles = [...new Set(clean.map((each) => each.style))];
  return [
    '# Who is blamed',
    '',
    `Made by \`npm run blame\`. Known faults are injected into the table team, one at a time, all other roles correct; the contract coach is right where it blames the role that made the fault. Tables of the test split.`,
    '',
    `**${result.right} of ${result.injected}** injected faults were charged to the right role (${(result.share * 100).toFixed(1)} %). Of **${result.clean}** clean runs (${styles.join(', ')}), ${result.blamedClean} had somebody blamed.`,
    '',
    line(['made by', 'fault', 'spellings', 'runs', ...columns.map((name) => `blamed ${name}`)]),
    line(['---', '---', '---:', '---:', ...columns.map(() => '---:')]),
    ...rows.map(line),
    '',
    ...(missed.length === 0
      ? ['Nothing was missed.']
      : [
          'Missed:',
          '',
          ...missed.map(
            (each) =>
              `- ${each.role}, ${each.fault}, spelling ${each.spelling} (${each.style}), ${each.task}: blamed ${each.blamed ?? 'nobody'}${each.code ? ` for ${each.code}` : ''}`,
          ),
        ]),
    ...clean
      .filter((each) => each.blamed.length > 0)
      .map((each) => `- clean ${each.style}, ${each.task}: ${each.blamed.join(', ')}`),
    '',
  ].join('\n');
}
