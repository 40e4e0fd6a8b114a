import type * as vscode from 'vscode';
import { activateBaton, begun } from './editor/index.js';

/** Milliseconds that running this file took. The editor may do other things before it activates us. */
const read = performance.now() - begun;

export function activate(context: vscode.ExtensionContext): void {
  activateBaton(context, read);
}
