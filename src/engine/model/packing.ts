// Packs token sequences into rows of equal length: several short ones share a row behind a mask,
// so that little work is spent on padding.

/** Tokens of one prompt with its action. `mask[i]` is 1 where token i is scored given those before it. */
export interface Sequence {
  readonly tokens: readonly number[];
  readonly mask: readonly number[];
}

export interface Packed {
  /** number of rows B */
  readonly blocks: number;
  /** tokens a row L */
  readonly length: number;
  /** `[B * L]` token ids, 0 where padded */
  readonly ids: Int32Array;
  /** `[B * L]` position of each token in its own sequence */
  readonly positions: Int32Array;
  /** `[B, L, L]`: 0 where row i may attend to column j, else a large negative number */
  readonly mask: Float32Array;
  /** `[A]` for each scored token the index into `[B * L]` of the token before it */
  readonly rows: Int32Array;
  /** `[A]` the scored token ids */
  readonly targets: Int32Array;
  /** for sequence s its scored tokens are `[offsets[s], offsets[s + 1])` */
  readonly offsets: readonly number[];
}

const HIDDEN = -1e9;

/** Row length for these sequences: the longest, but at least `least` so that short ones share a row. */
export function rowLength(lengths: readonly number[], least = 128): number {
  return Math.max(
    Math.min(
      least,
      lengths.reduce((a, b) => a + b, 0),
    ),
    ...lengths,
  );
}

/** First fit by decreasing length. Returns the row and the start of each sequence. */
function place(lengths: readonly number[], row: number): { blocks: number; places: [number, number][] } {
  const used: number[] = [];
  const places: [number, number][] = lengths.map(() => [0, 0]);
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  for (const s of order) {
    let block = used.findIndex((u) => u + lengths[s]! <= row);
    if (block < 0) block = used.push(0) - 1;
    places[s] = [block, used[block]!];
    used[block] = used[block]! + lengths[s]!;
  }
  return { blocks: used.length, places };
}

/** Packs the sequences. Throws a RangeError where a mask does not fit its tokens. */
export function pack(sequences: readonly Sequence[], least?: number): Packed {
  const lengths = sequences.map((s) => s.tokens.length);
  const length = rowLength(lengths, least);
  const { blocks, places } = place(lengths, length);
  const ids = new Int32Array(blocks * length);
  const positions = new Int32Array(blocks * length);
  const mask = new Float32Array(blocks * length * length).fill(HIDDEN);
  const rows: number[] = [];
  const targets: number[] = [];
  const offsets = [0];
  // Padding attends to itself, so that no row of the attention matrix is empty.
  for (let at = 0; at < blocks * length; at++) mask[at * length + (at % length)] = 0;
  sequences.forEach(({ tokens, mask: scored }, s) => {
    if (scored.length !== tokens.length || scored[0] === 1) {
      throw new RangeError(`sequence ${s}: the mask must have one entry a token and 0 for the first token`);
    }
    const [block, start] = places[s]!;
    for (let i = 0; i < tokens.length; i++) {
      const at = block * length + start + i;
      ids[at] = tokens[i]!;
      positions[at] = i;
      mask.fill(0, at * length + start, at * length + start + i + 1);
      if (scored[i] === 1) {
        rows.push(at - 1);
        targets.push(tokens[i]!);
      }
    }
    offsets.push(rows.length);
  });
  return {
    blocks,
    length,
    ids,
    positions,
    mask,
    rows: Int32Array.from(rows),
    targets: Int32Array.from(targets),
    offsets,
  };
}

/** Splits sequences, kept in order, into groups of at most `tokens` tokens (one sequence at least). */
export function chunks(sequences: readonly Sequence[], tokens: number): { from: number; to: number }[] {
  const out: { from: number; to: number }[] = [];
  let from = 0;
  let size = 0;
  sequences.forEach((s, i) => {
    if (i > from && size + s.tokens.length > tokens) {
      out.push({ from, to: i });
      from = i;
      size = 0;
    }
    size += s.tokens.length;
  });
  if (from < sequences.length) out.push({ from, to: sequences.length });
  return out;
}
