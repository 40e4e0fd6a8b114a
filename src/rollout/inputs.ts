import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Task, TaskFile } from '../workflow/index.js';

/** Folders with the tasks' inputs, made once each in the user's cache. Hidden files are never among them. */
export class Inputs {
  private readonly made = new Map<string, string>();
  constructor(private readonly cache: string) {}

  folder(task: Task): string {
    const known = this.made.get(task.id);
    if (known) return known;
    const folder = join(this.cache, `${task.id}-${hashOf(task.files)}`);
    if (!existsSync(folder)) {
      const draft = `${folder}.${process.pid}`;
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true, mode: 0o755 });
      for (const file of task.files) {
        const to = join(draft, file.name);
        if ('text' in file) writeFileSync(to, file.text);
        else copyFileSync(file.path, to);
        chmodSync(to, 0o644);
      }
      try {
        renameSync(draft, folder);
      } catch (error) {
        // Another run was as quick, with the same files.
        if (!existsSync(folder)) throw error;
        rmSync(draft, { recursive: true });
      }
    }
    this.made.set(task.id, folder);
    return folder;
  }
}

/** Of names and contents: a file that was changed since an earlier run is another input. */
function hashOf(files: readonly TaskFile[]): string {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = 'text' in file ? file.text : readFileSync(file.path);
    hash.update(`${JSON.stringify(file.name)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}
