import { readFileSync, writeFileSync } from 'node:fs';
import { catalogueTexts } from './catalogues.js';

const path = 'media/l10n/bundle.l10n.json';
const said = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
const all = { ...said, ...Object.fromEntries(catalogueTexts().map((text) => [text, text])) };
writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
