import { sep } from 'node:path';
import { keyOf } from '../runs/run.js';

/** A role of a folder with the version that it acts with. */
export interface Acting {
  home: string;
  role: string;
  version: string;
}

/** A promoted policy as it is offered: ids are apart, and so are names. */
export interface Named {
  id: string;
  name: string;
}

/**
 * How promoted policies are told apart. The id is `role@version` wherever one folder has it, and names the folder too
 * where several do; where policies of several folders are offered, each name says whose it is.
 */
export function namesOf<T extends Acting>(all: readonly T[]): (T & Named)[] {
  const homes = [...new Set(all.map(({ home }) => home))];
  return all.map((each) => {
    const id = `${each.role}@${each.version}`;
    const twin = all.some(
      ({ home, role, version }) => home !== each.home && role === each.role && version === each.version,
    );
    return {
      ...each,
      id: twin ? `${id}#${keyOf(each.home)}` : id,
      name: homes.length > 1 ? `Baton ${each.role} (${shortest(each.home, homes)})` : `Baton ${each.role}`,
    };
  });
}

/** As much of the end of a folder's path as no other of them ends with. */
function shortest(home: string, homes: readonly string[]): string {
  const parts = home.split(sep);
  const tails = parts.map((_, at) => parts.slice(at).join(sep)).reverse();
  const apart = (tail: string) => homes.every((each) => each === home || !each.endsWith(`${sep}${tail}`));
  return tails.find(apart) ?? home;
}
