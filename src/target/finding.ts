// What a preflight finds, and what it is asked about.
export interface Finding {
  what: string;
  works: boolean;
  /** nothing can be trained there without it */
  needed: boolean;
  why: string;
  todo: string[];
}

export interface Wanted {
  /** torch where a base is named, else tfjs, where nothing is said */
  engine?: 'tfjs' | 'torch' | undefined;
  method?: 'lora' | 'full' | undefined;
  base?: string | undefined;
  /** where the base lies on this machine, if it is sent there with the workflow's folder */
  sent?: string | undefined;
  /** roles that are trained; 1 where nothing is said */
  roles?: number | undefined;
  /** training steps; undefined: there is no workflow to tell */
  steps?: number | undefined;
  /** whether agents run programs; undefined: there is no workflow to tell */
  tools?: boolean | undefined;
  /** what is to confine them */
  sandbox?: string | undefined;
  /** where rollouts run, for a machine behind ssh; undefined: it is about this machine */
  placement?: 'here' | 'there' | undefined;
  /** whether the environment for the torch engine is there already: made by us, or the user's own */
  ready?: 'made' | 'own' | undefined;
}

export const GIB = 2 ** 30;
/** Bytes in words. */
export const gib = (bytes: number): string =>
  bytes < GIB / 10 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / GIB).toFixed(1)} GiB`;

/** The engine that trains. */
export const engineOf = ({ engine, base }: Pick<Wanted, 'engine' | 'base'>): 'tfjs' | 'torch' =>
  engine ?? (base === undefined ? 'tfjs' : 'torch');

/** A finding, with what to do only where it does not work. */
export function found(what: string, works: boolean, needed: boolean, why: string, todo: string[]): Finding {
  return { what, works, needed, why, todo: works ? [] : todo };
}

/** Whether the first version in a text is older. Null where there is no version at all. */
export function olderThan(version: string, least: readonly [number, number]): boolean | null {
  const match = /(\d+)\.(\d+)/.exec(version);
  if (!match) return null;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < least[0] || (major === least[0] && minor < least[1]);
}
