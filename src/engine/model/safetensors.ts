// The safetensors file format: 8 bytes of header length, a JSON header, then raw little-endian values.
// Nothing in such a file is executed when it is read.
import * as z from 'zod';

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z.record(z.string(), z.union([entrySchema, z.record(z.string(), z.string())]));

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Bytes of a file with the given float32 tensors and text notes. */
export function writeSafetensors(
  tensors: readonly NamedTensor[],
  notes: Readonly<Record<string, string>> = {},
): Uint8Array {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...notes } };
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  let text = JSON.stringify(header);
  // The values start on a multiple of 8, so that readers can map them.
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8);
  const head = Buffer.from(text);
  const out = Buffer.alloc(8 + head.length + at);
  out.writeBigUInt64LE(BigInt(head.length), 0);
  head.copy(out, 8);
  let offset = 8 + head.length;
  for (const { data } of tensors) {
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return out;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, NamedTensor>;
  readonly notes: Readonly<Record<string, string>>;
}

/** Reads float32 tensors. Throws an Error with what is wrong where the file is damaged or of another type. */
export function readSafetensors(bytes: Uint8Array, path: string): SafetensorsFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wrong = (what: string): Error => new Error(`${path} is not a readable safetensors file: ${what}`);
  if (buffer.length < 8) throw wrong('it is shorter than its header length');
  const length = Number(buffer.readBigUInt64LE(0));
  if (length > buffer.length - 8) throw wrong('its header is longer than the file');
  let json: unknown;
  try {
    json = JSON.parse(buffer.toString('utf8', 8, 8 + length));
  } catch {
    throw wrong('its header is not JSON');
  }
  const header = headerSchema.safeParse(json);
  if (!header.success) throw wrong(z.prettifyError(header.error));
  const tensors = new Map<string, NamedTensor>();
  let notes: Record<string, string> = {};
  for (const [name, value] of Object.entries(header.data)) {
    const entry = entrySchema.safeParse(value);
    if (!entry.success) {
      if (name === '__metadata__') notes = value as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets } = entry.data;
    const [from, to] = data_offsets;
    const count = shape.reduce((a, b) => a * b, 1);
    if (dtype !== 'F32') throw wrong(`tensor ${name} has type ${dtype}, only F32 is read`);
    if (to - from !== 4 * count || 8 + length + to > buffer.length)
      throw wrong(`tensor ${name} is cut short`);
    const start = 8 + length + from;
    const data = new Float32Array(count);
    new Uint8Array(data.buffer).set(buffer.subarray(start, start + 4 * count));
    tensors.set(name, { name, shape, data });
  }
  return { tensors, notes };
}
