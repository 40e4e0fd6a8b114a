import { createHash, randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { Host } from './host.js';
import { asText, words } from './markup.js';

/** An empty style element: the component kit puts one in the page, and fills it by rules that no markup can hold. */
const emptyStyle = `sha256-${createHash('sha256').update('').digest('base64')}`;

/** The page of a webview: one script and one style sheet of ours, and nothing else may run or be loaded. */
export function page(host: Host, webview: vscode.Webview, name: string, title: string): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.file(host.shipped(`dist/webview/${file}`)));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} '${emptyStyle}'`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${asText(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${uri(`${name}.css`)}">
<title>${asText(title)}</title>
</head>
<body>
<div id="root"></div>
${words(vscode.l10n.bundle)}<script nonce="${nonce}" src="${uri(`${name}.js`)}"></script>
</body>
</html>`;
}

/** What a page may load. */
export function pageOptions(host: Host): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.file(host.shipped('dist/webview'))] };
}
