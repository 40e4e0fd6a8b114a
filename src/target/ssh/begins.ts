// Where a command's own output begins. A login shell may have greeted before it (an `echo` in its start-up files), and
// may be one that cannot read what is asked for.
import { Transform, type TransformCallback } from 'node:stream';
import { quoted } from './host.js';

const mark = 'baton begins here';
const longest = 1 << 16;

/**
 * The command line that has a POSIX shell run a script with arguments, whatever the login shell is: one line, since a C
 * shell takes no other, in which `printf` puts the script together again.
 */
export function commandLine(script: string, args: readonly string[]): string {
  const escaped = `echo '${mark}'\n${script}`
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    // A C shell replaces what follows one by an earlier command, in quotes too.
    .replaceAll('!', '\\0041');
  return ['sh', '-c', quoted('eval "$(printf %b "$0")"'), quoted(escaped), ...args.map(quoted)].join(' ');
}

/** Passes on what a script says itself. */
export class OwnWords extends Transform {
  private before: Buffer | null = Buffer.alloc(0);

  /** What was said in its place; null once it has begun. */
  get instead(): string | null {
    return this.before?.toString() ?? null;
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    if (this.before === null) {
      done(null, chunk);
      return;
    }
    const all = Buffer.concat([this.before, chunk]);
    const at = all.indexOf(`${mark}\n`);
    this.before = at < 0 ? all.subarray(-longest) : null;
    done(null, at < 0 ? undefined : all.subarray(at + mark.length + 1));
  }
}
