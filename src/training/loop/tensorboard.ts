import { appendFileSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/**
 * Writes scalars as a TensorBoard event file, one record a scalar: length, masked CRC of the length, an `Event`
 * message of tensorflow/core/util/event.proto, masked CRC of the message.
 */
export class TensorBoard {
  private readonly path: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const now = Date.now();
    this.path = join(
      folder,
      `events.out.tfevents.${Math.floor(now / 1000)}.${hostname()}.${process.pid}.baton`,
    );
    this.append(Buffer.concat([wallTime(now), bytes(3, Buffer.from('brain.Event:2'))]));
  }

  /** Values of one step, named as TensorBoard groups them: `group/name`. */
  scalars(step: number, values: Record<string, number | null | undefined>): void {
    const now = Date.now();
    const records = Object.entries(values).flatMap(([tag, value]) => {
      if (value === null || value === undefined || !Number.isFinite(value)) return [];
      const single = Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)]);
      return [record(Buffer.concat([wallTime(now), int(2, step), bytes(5, bytes(1, single))]))];
    });
    appendFileSync(this.path, Buffer.concat(records));
  }

  private append(event: Buffer): void {
    appendFileSync(this.path, record(event), { mode: 0o600 });
  }
}

function record(event: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(event.length));
  return Buffer.concat([length, masked(length), event, masked(event)]);
}

// Protocol buffer fields: number << 3 | wire type.
function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...out, rest]);
}

function int(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

function float(field: number, value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), out]);
}

function wallTime(milliseconds: number): Buffer {
  const out = Buffer.alloc(9);
  out[0] = (1 << 3) | 1;
  out.writeDoubleLE(milliseconds / 1000, 1);
  return out;
}

/** CRC-32C, rotated and offset as the record format asks. */
function masked(data: Buffer): Buffer {
  const crc = crc32c(data);
  const out = Buffer.alloc(4);
  out.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return out;
}

const table = Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}
