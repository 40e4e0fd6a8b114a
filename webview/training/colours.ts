/** Colours of lines, from the theme; `lineDash` goes with them. */
const names = ['blue', 'orange', 'green', 'purple', 'red', 'yellow'] as const;
const fallback = ['#3794ff', '#d18616', '#89d185', '#b180d7', '#f14c4c', '#cca700'];

export function themed(name: string, otherwise: string): string {
  const found = getComputedStyle(document.documentElement).getPropertyValue(`--vscode-${name}`).trim();
  return found || otherwise;
}

export function lineColour(at: number): string {
  const index = at % names.length;
  // Some themes give see-through colours, which are too dim for a line.
  return faint(themed(`charts-${names[index]}`, fallback[index]!), 1);
}

/** The same colour, see-through: the theme gives hex, rgb() or a name, so the canvas works it out. */
export function faint(colour: string, alpha: number): string {
  const context = document.createElement('canvas').getContext('2d')!;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
