/** When the editor had read this program and began to run it, on the clock of `performance.now()`. */
export const begun = performance.now();
