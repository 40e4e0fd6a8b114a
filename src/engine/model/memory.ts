// tfjs's scopes, typed for our interfaces (its own container type needs index signatures).
import type { Tf } from '../backend/tf.js';

type Container = Parameters<Tf['dispose']>[0];

/** Runs `work`; every tensor made inside is freed, except those found inside its result. */
export function scoped<T extends object>(tf: Tf, work: () => T): T {
  return tf.tidy(() => work() as unknown as Container) as unknown as T;
}

/** Frees every tensor found inside a value. */
export function release(tf: Tf, value: object): void {
  tf.dispose(value as unknown as Container);
}
