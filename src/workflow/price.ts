/** Dollars per million tokens. */
export interface Price {
  input: number;
  output: number;
}

export const free: Price = { input: 0, output: 0 };

/** Dollars for tokens that were asked and tokens that were answered. */
export function dollarsFor(price: Price, input: number, output: number): number {
  return (input * price.input + output * price.output) / 1e6;
}
