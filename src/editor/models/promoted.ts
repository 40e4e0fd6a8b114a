import { join } from 'node:path';
import { promotedBase } from '../../engine/index.js';
import { fileStamp } from '../stamp.js';

/** The bases of folders' promoted policies, read again only where what a folder's roles act with has changed. */
export class PromotedBases {
  private readonly known = new Map<string, { stamp: string; base: string | undefined }>();

  /** As `promotedBase` has it. */
  of(folder: string): string | undefined {
    // A kept version is never changed; which one a role acts with stands in this file.
    const stamp = fileStamp(join(folder, '.baton', 'policies', 'current.json'));
    let known = this.known.get(folder);
    if (known?.stamp !== stamp) {
      known = { stamp, base: stamp === '' ? undefined : promotedBase(folder) };
      this.known.set(folder, known);
    }
    return known.base;
  }
}
