/** As many as there are colours. */
const dashes: number[][] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [1, 2]];

/**
 * The dash of a line, so that none is told by its colour alone. With more lines than colours each round has its dashes
 * at other colours.
 */
export function lineDash(at: number): number[] {
  return dashes[(at + Math.floor(at / dashes.length)) % dashes.length]!;
}
