import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Body } from './events.js';

const INLINE = 4096;

/** Content-addressed bodies of a run: `blobs/ab/cdef...` by SHA-256. What is there is never changed. */
export class Blobs {
  private readonly known = new Set<string>();
  private next = 0;
  constructor(private readonly folder: string) {}

  /** Keep a text: in the event itself, or (over 4 KB) as a blob that is on disk before this returns. */
  keep(text: string): Body {
    if (text.length <= INLINE) return text;
    const bytes = Buffer.from(text);
    return { blob: this.put(bytes, true), bytes: bytes.length };
  }

  /** The text of a body; throws where its blob is missing or does not match its hash. */
  text(body: Body): string {
    return typeof body === 'string' ? body : this.get(body.blob).toString('utf8');
  }

  /** Store bytes, return their SHA-256. `durable`: synced before this returns. */
  put(bytes: Buffer, durable = false): string {
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (this.known.has(hash)) return hash;
    const path = this.pathOf(hash);
    if (!existsSync(path)) {
      mkdirSync(join(this.folder, hash.slice(0, 2)), { recursive: true, mode: 0o700 });
      const draft = `${path}.${process.pid}.${this.next++}`;
      const file = openSync(draft, 'wx', 0o600);
      try {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        if (durable) fdatasyncSync(file);
      } catch (error) {
        rmSync(draft, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
    }
    this.known.add(hash);
    return hash;
  }

  get(hash: string): Buffer {
    if (!/^[0-9a-f]{64}$/.test(hash)) throw new Error(`"${hash.slice(0, 80)}" is not the name of a blob.`);
    const path = this.pathOf(hash);
    if (!existsSync(path)) throw new Error(`The blob ${hash} is missing in ${this.folder}.`);
    const bytes = readFileSync(path);
    if (createHash('sha256').update(bytes).digest('hex') !== hash)
      throw new Error(`The blob ${path} is damaged: its bytes do not match its name.`);
    return bytes;
  }

  private pathOf(hash: string): string {
    return join(this.folder, hash.slice(0, 2), hash.slice(2));
  }
}
