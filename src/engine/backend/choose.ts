// Which backend to use, as a pure function of what was tried, so that the choice can be explained and tested.

export const backendNames = ['native-gpu', 'native-cpu', 'wasm'] as const;
export type BackendName = (typeof backendNames)[number];
export type BackendWish = 'auto' | BackendName;

/** What came of loading one backend: it works, it is not there, or it failed its trial. */
export type Trial =
  | { readonly is: 'works' }
  | { readonly is: 'absent'; readonly why: string }
  | { readonly is: 'failed'; readonly why: string };

export interface Choice {
  readonly name: BackendName;
  /** one line for each backend that was considered, the chosen one last */
  readonly reasons: readonly string[];
}

/** The order in which backends are tried for a wish. */
export function candidates(wish: BackendWish): readonly BackendName[] {
  return wish === 'auto' ? backendNames : [wish];
}

/** The first backend that works. Throws an Error with every reason where none does. */
export function choose(wish: BackendWish, trials: ReadonlyMap<BackendName, Trial>): Choice {
  const reasons: string[] = [];
  for (const name of candidates(wish)) {
    const trial = trials.get(name);
    if (trial === undefined) continue;
    if (trial.is === 'works') {
      return { name, reasons: [...reasons, `${name}: passed a product and a gradient`] };
    }
    reasons.push(`${name}: ${trial.is === 'absent' ? 'not installed' : 'not usable'}: ${trial.why}`);
  }
  throw new Error(`no tensor backend works:\n${reasons.join('\n')}`);
}
