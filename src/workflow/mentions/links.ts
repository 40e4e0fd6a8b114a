import { isCollection, isPair, isScalar } from 'yaml';
import type { Source } from '../source/source.js';
import { type Place, wholeScalar } from './words.js';

/** A path that a `file:` names, and where it stands. */
export interface FileLink extends Place {
  path: string;
}

/** Every `file:` that names something beside the workflow. */
export function fileLinks({ doc, text }: Pick<Source, 'doc' | 'text'>): FileLink[] {
  const found: FileLink[] = [];
  const walk = (node: unknown): void => {
    if (isPair(node)) {
      const { key, value } = node;
      if (isScalar(key) && key.value === 'file' && isScalar(value) && typeof value.value === 'string') {
        const place = wholeScalar(value, text);
        if (place) found.push({ path: value.value, ...place });
      } else walk(value);
    } else if (isCollection(node)) for (const item of node.items) walk(item);
  };
  walk(doc.contents);
  return found;
}
