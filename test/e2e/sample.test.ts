import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, themes } from './editor.js';

let editor: Editor;
beforeAll(async () => {
  editor = await Editor.open();
});
afterAll(() => editor?.close());

test('the sample run shows who broke it at once', async () => {
  await editor.command('Baton: Open Sample Run');
  await editor.row('Sample run').waitFor();
  await editor.page.locator('.tab').filter({ hasText: 'table-team.baton.yaml' }).waitFor();
  await editor.page.locator('.tab').filter({ hasText: '.baton-trajectory' }).waitFor();
  await editor.page.getByText('broken by data_engineer').first().waitFor();
  await editor.page.getByText('16 rollouts,').first().waitFor();
  await editor.row('penguins-0').waitFor();
  // A mark in the gutter beside each of the three roles that were blamed.
  const marks = editor.page.locator('.glyph-margin-widgets .cgmr[class*="ced-"]');
  await expect.poll(() => marks.count()).toBeGreaterThanOrEqual(3);
  await editor.shoot('sample', themes);
  expect(await editor.page.locator('.notification-toast').count()).toBe(0);
});

test('the walkthrough shows what comes, in pictures, and its first step opens the sample run', async () => {
  await editor.command('View: Close All Editors');
  await editor.command('Welcome: Open Walkthrough');
  await editor.pick('Find out which agent broke the work');
  const steps = editor.page.locator('.getting-started-step');
  await steps.filter({ hasText: 'Train each role' }).first().waitFor();
  const picture = editor.page
    .frameLocator('iframe.webview.ready')
    .frameLocator('#active-frame')
    .locator('img');
  for (const title of ['Train each role', 'Step through the handoffs', 'Look at a recorded run']) {
    await steps.filter({ hasText: title }).first().click();
    const drawn = () =>
      picture.evaluate((each) => (each as unknown as { naturalWidth: number }).naturalWidth);
    await expect.poll(() => drawn().catch(() => 0), { timeout: 60_000, message: title }).toBeGreaterThan(600);
  }
  await editor.shoot('walkthrough', themes);
  await editor.page.getByRole('button', { name: 'Open Sample Run' }).first().click();
  await editor.page.locator('.tab').filter({ hasText: '.baton-trajectory' }).waitFor();
});
