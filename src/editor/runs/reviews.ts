import { type LogEvent, type RunFolder, readReviews } from '../../trace/index.js';
import { folderStamp } from '../stamp.js';

/** Those that were read last: of one run only, since another pass over a long run says as much as the run itself. */
let last: { folder: string; stamp: string; reviews: ReadonlyMap<string, LogEvent[]> } | undefined;

/** Reviews of a run by rollout, as `readReviews` has them; read again only where they have changed on disk. */
export function reviewsOf(folder: RunFolder): ReadonlyMap<string, readonly LogEvent[]> {
  const stamp = folderStamp(folder.reviews);
  if (last?.folder !== folder.path || last.stamp !== stamp)
    last = { folder: folder.path, stamp, reviews: readReviews(folder) };
  return last.reviews;
}
