import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { inject } from 'vitest';

const root = join(import.meta.dirname, '../..');
const shots = join(root, 'dist', 'shots');
/** Milliseconds to wait for something to show: a loaded machine with two cores takes its time. */
const WAIT = Number(process.env.BATON_WAIT ?? 60_000);

/** The editor as a person uses it: palette, lists, hovers, the debug toolbar. */
export class Editor {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    readonly folder: string,
    private readonly url: string,
  ) {}

  /** Open a window on a folder of its own with these files. */
  static async open(
    files: Record<string, string> = {},
    template?: string,
    url = inject('editor'),
  ): Promise<Editor> {
    const folder = mkdtempSync(join(inject('place'), 'folder-'));
    if (template) cpSync(join(root, 'media/templates', template), folder, { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const browser = await chromium.connect(inject('browser'));
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.setDefaultTimeout(WAIT);
    const editor = new Editor(browser, page, folder, url);
    await editor.load();
    return editor;
  }

  /** Load the window anew, as after a restart. */
  async load(): Promise<void> {
    await this.page.goto(`${this.url}/?folder=${encodeURIComponent(this.folder)}`);
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await this.page.locator('.explorer-viewlet, .part.sidebar').first().waitFor();
  }

  async close(): Promise<void> {
    // What it looked like at the end, for whoever looks for what went wrong.
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `end-${this.folder.slice(-6)}.png`) });
    await this.page.close();
    await this.browser.close();
  }

  /** Run a command by its title, as one types it. The palette fills up while extensions are being read. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type=text]');
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    for (let left = 5; ; left--) {
      await this.page.keyboard.press('F1');
      await input.waitFor();
      await input.fill(`>${title}`);
      const there = await row.waitFor({ timeout: left === 0 ? WAIT : 4000 }).then(
        () => true,
        () => left === 0,
      );
      if (there) break;
      await this.page.keyboard.press('Escape');
    }
    await row.click();
    await this.rest();
  }

  /** Put the pointer on the empty middle of the status bar: what it rests on shows a hover over its neighbours. */
  async rest(): Promise<void> {
    await this.page.mouse.move(700, 890);
  }

  /** The titles that the palette offers for some text. */
  async offered(text: string): Promise<string[]> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input[type=text]');
    await input.fill(`>${text}`);
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    await rows.first().waitFor();
    const found = await rows.locator('.label-name').allInnerTexts();
    await this.page.keyboard.press('Escape');
    return found;
  }

  async openFile(path: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input[type=text]');
    await input.waitFor();
    await input.fill(path);
    await this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: path.split('/').at(-1)! })
      .first()
      .waitFor();
    await this.page.keyboard.press('Enter');
    await this.page
      .locator('.tab.active')
      .filter({ hasText: path.split('/').at(-1)! })
      .waitFor();
  }

  /** Put the cursor on a line and a column, both from 1. */
  async goto(line: number, column = 1): Promise<void> {
    await this.page.keyboard.press('Control+G');
    const input = this.page.locator('.quick-input-widget input[type=text]');
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    // The box may not have read what was typed yet: then Enter does nothing, and is pressed again.
    for (let tries = 0; tries < 12 && (await input.isVisible()); tries++) {
      await this.page.keyboard.press('Enter');
      await input.waitFor({ state: 'hidden', timeout: 5000 }).catch(() => undefined);
    }
    await input.waitFor({ state: 'hidden' });
  }

  /** A row of a tree or list by its text. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.part.sidebar .monaco-list-row').filter({ hasText: text }).first();
  }

  /** A line of the active text editor. */
  line(text: string | RegExp): Locator {
    return this.page.locator('.editor-group-container.active .view-line').filter({ hasText: text }).first();
  }

  /** The page inside a webview. */
  frame(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
  }

  /** Say yes to a question that the editor asks in a dialog. */
  async confirm(button: string): Promise<void> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  async pick(text: string | RegExp): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first().click();
  }

  /** Type into the input of a title and accept. */
  async answer(title: string, text: string): Promise<void> {
    const widget = this.page.locator('.quick-input-widget').filter({ hasText: title });
    await widget.waitFor();
    await widget.locator('input').last().fill(text);
    await this.page.keyboard.press('Enter');
    await widget.waitFor({ state: 'hidden' });
  }

  /** The Runs view, open and filled. */
  async showRuns(): Promise<void> {
    await this.command('Baton: Focus on Runs View');
    await this.page.locator('.part.sidebar .pane-header').filter({ hasText: 'Runs' }).waitFor();
  }

  /** Screenshots in three themes, to be looked at. */
  async shoot(name: string, themes: readonly Theme[] = ['dark']): Promise<void> {
    mkdirSync(shots, { recursive: true });
    for (const theme of themes) {
      if (themes.length > 1 || theme !== 'dark') await this.theme(theme);
      await this.page.screenshot({ path: join(shots, `${name}-${theme}.png`) });
      // The README's pictures: BATON_PICTURES=1 npm run test:editor
      const picture = join(root, 'docs/pictures', `${name}.png`);
      if (process.env.BATON_PICTURES && theme === 'dark' && existsSync(picture))
        await this.page.screenshot({ path: picture });
    }
    if (themes.at(-1) !== 'dark') await this.theme('dark');
  }

  private async theme(theme: Theme): Promise<void> {
    await this.command('Preferences: Color Theme');
    const input = this.page.locator('.quick-input-widget input[type=text]');
    await input.fill(labels[theme]);
    await this.page
      .locator('.quick-input-list .monaco-list-row')
      .filter({ hasText: labels[theme] })
      .first()
      .waitFor();
    await this.page.keyboard.press('Enter');
    await this.page.locator(`.monaco-workbench.${kinds[theme]}`).first().waitFor();
  }
}

export type Theme = 'dark' | 'light' | 'contrast';
export const themes: readonly Theme[] = ['light', 'contrast', 'dark'];
const labels: Record<Theme, string> = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  contrast: 'Dark High Contrast',
};
const kinds: Record<Theme, string> = { dark: 'vs-dark', light: 'vs', contrast: 'hc-black' };
