// What the pages are to a screen reader, and to whoever moves by the Tab key.
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** A module of the pages, whose types are a browser's (`webview/tsconfig.json`) and not those of Node. */
const load = (path: string) => import(path);

/** A component of a page as the markup that it draws. */
async function drawn(file: string, component: string, props: object, ...children: string[]): Promise<string> {
  const parts = await load(join(import.meta.dirname, '../../../webview', file));
  const [{ createElement }, { renderToStaticMarkup }] = [await load('react'), await load('react-dom/server')];
  return renderToStaticMarkup(createElement(parts[component], props, ...children)) as string;
}

test.each(['curves', 'coach'])('the panel of the chosen tab is named by it: %s', async (chosen) => {
  const tabs = ['curves', 'coach'].map((id) => ({ id, title: id }));
  const html = await drawn('ui/tabs.tsx', 'Tabs', { label: 'parts', tabs, chosen }, 'what it shows');
  const [, panel, tab] = /role="tabpanel" id="([^"]+)" aria-labelledby="([^"]+)">what it shows</.exec(html)!;
  const [own] = html.match(new RegExp(`<button id="${tab}"[^>]*>`))!;
  expect(own).toContain('aria-selected="true"');
  expect(own).toContain(`aria-controls="${panel}"`);
  expect(html.match(/aria-controls/g)).toHaveLength(1);
});

test('a new alarm comes into a region that is read out, which is there before', async () => {
  const before = await drawn('training/alarms.tsx', 'Alarms', { alarms: [] });
  expect(before).toBe('<div class="live" aria-live="polite"></div>');
  const alarms = [{ code: 'kl', message: 'It moved far.', step: 3 }];
  const after = await drawn('training/alarms.tsx', 'Alarms', { alarms });
  expect(after).toMatch(/^<div class="live" aria-live="polite"><section .*It moved far\./);
});

test('one row of the designer’s tree is reached by the Tab key: the selected one, else the first', async () => {
  const problems: never[] = [];
  const graph = {
    roles: [
      { name: 'a', problems },
      { name: 'b', problems },
    ],
    artifacts: [{ name: 'note', producer: 'a', consumers: [], problems }],
    groups: [],
  };
  const stops = async (selection: object | null) => {
    const html = await drawn('designer/twin.tsx', 'Twin', { graph, selection });
    return [...html.matchAll(/tabindex="0"[^>]*>(\w+)/g)].map(([, name]) => name);
  };
  expect(await stops(null)).toEqual(['a']);
  expect(await stops({ kind: 'artifact', name: 'note' })).toEqual(['note']);
  // Another view may hold a selection that has gone.
  expect(await stops({ kind: 'role', name: 'gone' })).toEqual(['a']);
});
