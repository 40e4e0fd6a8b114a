// Random tasks as the three roles see them: the fields that the prompt templates of table-team use.
import type { Chance } from './chance.js';
import { columnNames } from './names.js';
import { unusualIds, usualIds } from './rates.js';

export interface Task {
  readonly id_column: string;
  readonly target: string;
  readonly kind: 'classification' | 'regression';
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
  readonly train_rows: number;
}

export const roles = ['data_engineer', 'modeler', 'analyst'] as const;
export type Role = (typeof roles)[number];

export function randomTask(c: Chance): Task {
  const kind = c.uniform();
  const some = columnNames(c, 8, [...usualIds, ...unusualIds]);
  const id = kind < 0.4 ? c.pick(usualIds) : kind < 0.92 ? c.pick(unusualIds) : some[6]!;
  const features = some.slice(0, c.int(2, 5));
  const numeric = c.int(c.flip(0.1) ? 0 : 1, features.length);
  return {
    id_column: id,
    target: some[7]!,
    kind: c.flip(0.5) ? 'classification' : 'regression',
    numeric: features.slice(0, numeric),
    categorical: features.slice(numeric),
    train_rows: c.int(40, 160),
  };
}

/** The first user message of a role, exactly as table-team's templates render it. */
export function promptOf(role: Role, t: Task): string {
  const list = (names: readonly string[]): string => JSON.stringify(names);
  if (role === 'data_engineer') {
    return `data_engineer id="${t.id_column}" target="${t.target}" kind="${t.kind}" rows=${t.train_rows} num=${list(t.numeric)} cat=${list(t.categorical)}`;
  }
  if (role === 'modeler') {
    return `modeler kind="${t.kind}" rows=${t.train_rows} num=${t.numeric.length} cat=${t.categorical.length}`;
  }
  return `analyst id="${t.id_column}" target="${t.target}" kind="${t.kind}" header=${list([t.id_column, t.target])}`;
}
