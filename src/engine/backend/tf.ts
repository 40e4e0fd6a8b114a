/** The tfjs namespace as a value: the native binding brings a copy of its own, so nothing imports it globally. */
export type Tf = typeof import('@tensorflow/tfjs');
