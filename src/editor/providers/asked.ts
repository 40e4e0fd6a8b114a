import { dirname, join, sep } from 'node:path';
import { noting, type WorkflowFiles } from '../../workflow/index.js';
import { liesIn } from '../near.js';

/** What an analysis asked for beside its workflow, whether it was there or not. */
export class Asked {
  private readonly paths = new Set<string>();
  /** The folders that they lie in. */
  private readonly above = new Set<string>();
  private readonly patterns: { base: string; end: string }[] = [];

  /** `folder`: the workflow's, as the editor names it. */
  constructor(private readonly folder: string) {}

  /** The same files; what is asked of them is noted. */
  noting(files: WorkflowFiles): WorkflowFiles {
    return noting(files, {
      path: (path, found) => {
        this.note(join(this.folder, path));
        // Also where a link leads.
        if ('path' in found) this.note(found.path);
      },
      pattern: (pattern) => {
        const fixed = /^[^*?[\]{}()!]*/.exec(pattern)![0];
        const end = /[^*?[\]{}()!/]*$/.exec(pattern)![0];
        const base = join(this.folder, fixed.slice(0, fixed.lastIndexOf('/') + 1));
        if (fixed === pattern) this.note(join(this.folder, pattern));
        else this.patterns.push({ base, end });
        this.noteAbove(base);
      },
    });
  }

  add(other: Asked): void {
    for (const path of other.paths) this.note(path);
    for (const each of other.patterns) {
      this.patterns.push(each);
      this.noteAbove(each.base);
    }
  }

  /** Whether an answer may be another since a file or folder was made, written or deleted. */
  has(path: string): boolean {
    if (this.above.has(path)) return true;
    for (let at = path; liesIn(this.folder, at); at = dirname(at)) if (this.paths.has(at)) return true;
    return this.patterns.some(
      ({ base, end }) => `${path}${sep}`.startsWith(base) && (path.endsWith(end) || !/\.\w+$/.test(path)),
    );
  }

  private note(path: string): void {
    if (this.paths.has(path)) return;
    this.paths.add(path);
    this.noteAbove(path);
  }

  private noteAbove(path: string): void {
    for (let at = dirname(path); liesIn(this.folder, at) && !this.above.has(at); at = dirname(at))
      this.above.add(at);
  }
}
