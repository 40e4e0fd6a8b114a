/** Something that can be typed. */
export interface Suggestion {
  label: string;
  kind: 'key' | 'value' | 'role' | 'artifact' | 'model' | 'fact' | 'field' | 'function' | 'word' | 'file';
  detail?: string | undefined;
  says?: string | undefined;
  /** A snippet to insert instead of the label. */
  insert?: string;
}
