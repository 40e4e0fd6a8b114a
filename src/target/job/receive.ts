// Files from there, as a stream of "size, newline, bytes" in the order asked. Each is written under a working name
// that nobody else writes to, and gets its own only if its hash is the one that was listed: several may fetch at once.
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Listed } from './manifest.js';

/** Longer than a link that is still there is silent: a working file that was not written to for so long is nobody's. */
const LEFT_MS = 10 * 60_000;

export class Receiver {
  /** Files that were not as they were listed any more: they did not get their names. */
  readonly changed: string[] = [];
  private readonly cleaned = new Set<string>();
  private readonly own = `${process.pid}-${randomBytes(4).toString('hex')}`;
  private head = '';
  private left = -1;
  private at = 0;
  private file = -1;
  private hash = createHash('sha256');

  constructor(
    private readonly folder: string,
    private readonly wanted: readonly Pick<Listed, 'path' | 'hash'>[],
  ) {}

  /** Takes the next bytes. Throws where they do not fit what was listed. */
  take(chunk: Buffer): void {
    try {
      this.write(chunk);
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  private write(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      if (this.left < 0) from = this.takeSize(chunk, from);
      else {
        const end = Math.min(chunk.length, from + this.left);
        const part = chunk.subarray(from, end);
        this.hash.update(part);
        for (let done = 0; done < part.length; ) done += writeSync(this.file, part, done);
        this.left -= part.length;
        from = end;
      }
      if (this.left === 0) this.finish();
    }
  }

  /** Removes what came of a file that is not whole. */
  drop(): void {
    if (this.file < 0) return;
    closeSync(this.file);
    this.file = -1;
    rmSync(this.part(this.wanted[this.at]!.path), { force: true });
  }

  /** Throws unless all files came whole. */
  end(): void {
    this.drop();
    if (this.at < this.wanted.length) {
      const { path } = this.wanted[this.at]!;
      throw new Error(`the transfer ended before ${path} was whole; fetch again`);
    }
  }

  private part(path: string): string {
    return `${join(this.folder, path)}.${this.own}.fetching`;
  }

  /** Makes the working file of a path, in a folder without those that others left when they were killed. */
  private open(path: string): number {
    const part = this.part(path);
    const folder = dirname(part);
    if (!this.cleaned.has(folder)) {
      mkdirSync(folder, { recursive: true });
      removeLeft(folder);
      this.cleaned.add(folder);
    }
    return openSync(part, 'wx');
  }

  private takeSize(chunk: Buffer, from: number): number {
    const newline = chunk.indexOf(10, from);
    this.head += chunk.subarray(from, newline < 0 ? chunk.length : newline).toString('latin1');
    if (newline < 0) return chunk.length;
    const path = this.wanted[this.at]?.path;
    if (path === undefined || !/^ *\d{1,15}$/.test(this.head))
      throw new Error('the box sent what was not asked for');
    this.left = Number(this.head);
    this.head = '';
    this.hash = createHash('sha256');
    this.file = this.open(path);
    return newline + 1;
  }

  private finish(): void {
    const { path, hash } = this.wanted[this.at]!;
    if (this.hash.digest('hex') === hash) {
      fsyncSync(this.file);
      closeSync(this.file);
      this.file = -1;
      // Where another brought the same file meanwhile, this puts equal bytes in its place.
      renameSync(this.part(path), join(this.folder, path));
    } else {
      this.drop();
      this.changed.push(path);
    }
    this.left = -1;
    this.at += 1;
  }
}

function removeLeft(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!/\.\d+-[0-9a-f]{8}\.fetching$/.test(name)) continue;
    const path = join(folder, name);
    const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - written > LEFT_MS) rmSync(path, { force: true });
  }
}
