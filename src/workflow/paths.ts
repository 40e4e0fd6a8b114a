/** Why an artifact's path is refused, or undefined when it is safe on every system. */
export function unsafePath(path: string): string | undefined {
  if (path.length > 200) return `it has ${path.length} characters; 200 is the most`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it holds a control character';
  if (/^([/\\]|[A-Za-z]:)/.test(path)) return 'it is absolute; artifacts lie in the workspace';
  if (path.includes('\\')) return 'write / between folders, not \\';
  if (/[<>:"|?*]/.test(path)) return 'it holds a character that not every system allows';
  for (const part of path.split('/')) {
    if (part === '' || part === '.') return 'it has an empty or "." part';
    if (part === '..') return 'it leaves the workspace';
    if (part.startsWith('-')) return 'a part starts with "-", which programs take for an option';
    if (/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part)) return `"${part}" is a device name on Windows`;
    if (/[. ]$/.test(part)) return 'a part ends with a dot or a blank';
    if (part.toLowerCase() === '.git') return '".git" is never an artifact';
  }
  return undefined;
}
