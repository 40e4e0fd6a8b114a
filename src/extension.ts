import type * as vscode from 'vscode';
import { activateBaton } from './editor/index.js';

export function activate(context: vscode.ExtensionContext): void {
  activateBaton(context);
}
