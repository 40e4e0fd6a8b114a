interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Whether a key is the editor's for saving. */
export function isSave({ key, ctrlKey, metaKey, shiftKey, altKey }: Pressed): boolean {
  return key.toLowerCase() === 's' && ctrlKey !== metaKey && !shiftKey && !altKey;
}
