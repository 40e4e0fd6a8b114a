// Packs token sequences into one batch of N tokens: one after another, or into rows of equal length, where several
// short ones share a row behind a mask, so that little work is spent on padding.

/** Tokens of one prompt with its action. `mask[i]` is 1 where token i is scored given those before it. */
export interface Sequence {
  readonly tokens: readonly number[];
  readonly mask: readonly number[];
}

/** B rows of L tokens, with `mask` `[B, L, L]`: 0 where token i may attend to token j, else a large negative number. */
interface Rows {
  readonly kind: 'rows';
  readonly blocks: number;
  readonly length: number;
  readonly mask: Float32Array;
}

/** Sequences one after another, with where each starts; a token attends to those before it in its own. */
interface Spans {
  readonly kind: 'spans';
  readonly starts: readonly number[];
}

export type Layout = Rows | Spans;

export interface Packed {
  readonly layout: Layout;
  /** `[N]` token ids, 0 where padded */
  readonly ids: Int32Array;
  /** `[N]` position of each token in its own sequence */
  readonly positions: Int32Array;
  /** `[A]` for each scored token the index into `[N]` of the token before it */
  readonly rows: Int32Array;
  /** `[A]` the scored token ids */
  readonly targets: Int32Array;
  /** for sequence s its scored tokens are `[offsets[s], offsets[s + 1])` */
  readonly offsets: readonly number[];
}

const HIDDEN = -1e9;

/** Short sequences share a row of this many tokens. */
const ROW = 128;

/** Where each sequence starts among N tokens, first fit by decreasing length into rows of equal length. */
function intoRows(
  lengths: readonly number[],
  row: number,
): { starts: number[]; blocks: number; length: number } {
  const all = lengths.reduce((a, b) => a + b, 0);
  const length = Math.max(Math.min(row, all), ...lengths);
  const used: number[] = [];
  const starts = lengths.map(() => 0);
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  for (const s of order) {
    let block = used.findIndex((u) => u + lengths[s]! <= length);
    if (block < 0) block = used.push(0) - 1;
    starts[s] = block * length + used[block]!;
    used[block] = used[block]! + lengths[s]!;
  }
  return { starts, blocks: used.length, length };
}

function maskOf(rows: ReturnType<typeof intoRows>, lengths: readonly number[]): Float32Array {
  const { starts, blocks, length } = rows;
  const mask = new Float32Array(blocks * length * length).fill(HIDDEN);
  // Padding attends to itself, so that no row of the attention matrix is empty.
  for (let at = 0; at < blocks * length; at++) mask[at * length + (at % length)] = 0;
  starts.forEach((start, s) => {
    for (let i = 0; i < lengths[s]!; i++) {
      const from = (start + i) * length + (start % length);
      mask.fill(0, from, from + i + 1);
    }
  });
  return mask;
}

function layoutOf(
  kind: Layout['kind'],
  lengths: readonly number[],
  row: number,
): [Layout, starts: number[], n: number] {
  if (kind === 'rows') {
    const rows = intoRows(lengths, row);
    const { blocks, length, starts } = rows;
    return [{ kind, blocks, length, mask: maskOf(rows, lengths) }, starts, blocks * length];
  }
  const starts: number[] = [];
  let n = 0;
  for (const length of lengths) {
    starts.push(n);
    n += length;
  }
  return [{ kind, starts }, starts, n];
}

/** Packs the sequences; in rows, short ones share one of `row` tokens. Throws a RangeError where a mask does not fit its tokens. */
export function pack(sequences: readonly Sequence[], kind: Layout['kind'], row = ROW): Packed {
  const lengths = sequences.map((s) => s.tokens.length);
  const [layout, starts, n] = layoutOf(kind, lengths, row);
  const ids = new Int32Array(n);
  const positions = new Int32Array(n);
  const rows: number[] = [];
  const targets: number[] = [];
  const offsets = [0];
  sequences.forEach(({ tokens, mask: scored }, s) => {
    if (scored.length !== tokens.length || scored[0] === 1) {
      throw new RangeError(`sequence ${s}: the mask must have one entry a token and 0 for the first token`);
    }
    for (let i = 0; i < tokens.length; i++) {
      const at = starts[s]! + i;
      ids[at] = tokens[i]!;
      positions[at] = i;
      if (scored[i] === 1) {
        rows.push(at - 1);
        targets.push(tokens[i]!);
      }
    }
    offsets.push(rows.length);
  });
  return {
    layout,
    ids,
    positions,
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
