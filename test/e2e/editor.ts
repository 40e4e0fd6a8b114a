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

  /** What a page's policy refused to load or to run. */
  readonly refused: string[] = [];

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
    page.on('console', (message) => {
      if (/violates the following Content Security Policy/.test(message.text()))
        editor.refused.push(message.text());
    });
    await editor.load();
    return editor;
  }

  /** Load the window anew, as after a restart. */
  async load(): Promise<void> {
    await this.show({ folder: this.folder });
  }

  /**
   * Load the window with the folders of a workspace file. The editor at times reads the file before it can reach the
   * disk, and then stays without any folder; a person loads it again.
   */
  async loadWorkspace(file: string): Promise<void> {
    const folder = this.page.locator('.explorer-folders-view .monaco-list-row').first();
    for (let tries = 0; tries < 4; tries++) {
      await this.show({ workspace: join(this.folder, file) });
      if (await appears(folder, 15_000)) return;
    }
    throw new Error(`the editor opened ${file} without its folders, four times`);
  }

  private async show(query: Record<string, string>): Promise<void> {
    await this.page.goto(`${this.url}/?${new URLSearchParams(query)}`);
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
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: title }).first();
    await this.quickInput('F1', `>${title}`, (_, timeout) => row.click({ timeout }));
    await this.rest();
  }

  /** Open a quick input by its key, fill it in and take something there. */
  private async quickInput(
    key: string,
    text: string,
    take: (input: Locator, timeout: number) => Promise<void>,
  ): Promise<void> {
    const input = this.page.locator('.quick-input-widget input[type=text]');
    // What opens or comes back just then may take the focus, and the input closes: it is asked for again.
    for (let left = 5; ; left--) {
      const timeout = left === 0 ? WAIT : 4000;
      await this.page.keyboard.press(key);
      try {
        await input.fill(text, { timeout });
        return await take(input, timeout);
      } catch (failed) {
        if (left === 0) throw failed;
        await this.page.keyboard.press('Escape');
      }
    }
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

  /** Open a file by its name. Enter takes the row in focus, and at first that is one of the list before the name. */
  async openFile(path: string): Promise<void> {
    const named = { hasText: path.split('/').at(-1)! };
    const tab = this.page.locator('.tab.active').filter(named);
    for (let tries = 0; tries === 0 || (tries < 4 && !(await tab.isVisible())); tries++) {
      await this.page.keyboard.press('Control+P');
      const input = this.page.locator('.quick-input-widget input[type=text]');
      await input.waitFor();
      await input.fill(path);
      await this.page.locator('.quick-input-list .monaco-list-row.focused').filter(named).waitFor();
      await this.enter(input);
      await tab.waitFor({ timeout: 15_000 }).catch(() => undefined);
    }
    await tab.waitFor().catch(async (failed: unknown) => {
      const tabs = await this.page.locator('.tab').allInnerTexts();
      throw new Error(`${path} is not the active tab of ${tabs.join(', ')}`, { cause: failed });
    });
  }

  /** Put the cursor on a line and a column, both from 1. */
  async goto(line: number, column = 1): Promise<void> {
    await this.quickInput('Control+G', `:${line}:${column}`, (input) => this.enter(input));
  }

  /**
   * Open the comment with these words in the Comments view, which is not there before the first comment is; what is
   * made anew meanwhile closes: then it is opened again. `shows` is part of what the opened thread says.
   */
  async openComment(text: string, shows: string): Promise<Locator> {
    const row = this.page.locator('.comments-panel .monaco-list-row').filter({ hasText: text }).first();
    const thread = this.page.locator('.review-widget').filter({ hasText: shows }).first();
    for (let tries = 0; tries < 6 && !(await thread.isVisible()); tries++) {
      await this.command('Comments: Focus on Comments View');
      if (!(await appears(row, WAIT / 6))) continue;
      await row.click({ timeout: WAIT / 6 }).catch(() => undefined);
      await appears(thread, WAIT / 6);
    }
    await thread.waitFor();
    return thread;
  }

  /** The quick fix with these words at the cursor. A press in the moment in which marks come may be lost: it is repeated. */
  async quickFix(text: string): Promise<Locator> {
    const fix = this.page.locator('.action-widget .monaco-list-row').filter({ hasText: text }).first();
    await this.bring(fix, () => this.page.keyboard.press('Control+.'));
    return fix;
  }

  /** Do what makes something show; where it does not, close what came instead and do it again. It fails if it never shows. */
  private async bring(what: Locator, attempt: () => Promise<void>): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      await attempt();
      if (await appears(what, WAIT / 6)) return;
      await this.page.keyboard.press('Escape');
    }
    await attempt();
    await what.waitFor();
  }

  /** Accept what stands in a quick input. It may not have read what was typed yet: then Enter is pressed again. */
  private async enter(input: Locator): Promise<void> {
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

  /**
   * Open a row of a tree until a row under it is shown. The editor loses a click, or the answer to it, where the tree
   * is drawn anew just then; a person clicks again.
   */
  async expand(text: string | RegExp): Promise<void> {
    const row = this.row(text);
    const open = row.and(this.page.locator('[aria-expanded="true"]'));
    await row.waitFor();
    const level = Number(await row.getAttribute('aria-level'));
    const under = this.page.locator(`.part.sidebar .monaco-list-row[aria-level="${level + 1}"]`).first();
    for (let tries = 0; tries < 8; tries++) {
      if (!(await open.isVisible())) await row.click();
      if ((await appears(open, 5000)) && (await appears(under, 5000))) return this.rest();
      if (await open.isVisible()) await row.click();
    }
    await under.waitFor();
  }

  /**
   * Choose from a row's menu. A menu that was opened before the editor knew that an item applies goes without it, and it
   * takes no click in the moment in which it opens: then it is opened, or chosen, again.
   */
  async choose(text: string | RegExp, item: string): Promise<void> {
    const entry = this.page.getByRole('menuitem', { name: item }).first();
    await this.bring(entry, () => this.row(text).click({ button: 'right' }));
    for (let tries = 0; tries < 8 && (await entry.isVisible()); tries++) {
      await entry.click({ timeout: 5000 }).catch(() => undefined);
      await entry.waitFor({ state: 'hidden', timeout: 2000 }).catch(() => undefined);
    }
    await entry.waitFor({ state: 'hidden' });
  }

  /** A button of the debug toolbar by how its label begins. */
  debugTool(name: string): Locator {
    const buttons = this.page.locator('.debug-toolbar .action-label');
    return buttons.and(this.page.getByLabel(new RegExp(`^${name}`)));
  }

  /** A row of the call stack: a frame, or the thread of a role with why it stands there. */
  stackFrame(text: string | RegExp): Locator {
    return this.page.locator('.debug-call-stack .monaco-list-row').filter({ hasText: text }).first();
  }

  /** A filter of the breakpoints view. */
  debugFilter(label: string): Locator {
    return this.page.locator('.debug-breakpoints .monaco-list-row').filter({ hasText: label }).first();
  }

  /** Turn a filter of the breakpoints view on or off. */
  async toggleFilter(label: string): Promise<void> {
    await this.debugFilter(label).locator('input[type=checkbox], .monaco-checkbox').first().click();
  }

  async stopDebugging(): Promise<void> {
    await this.debugTool('Stop').or(this.debugTool('Disconnect')).first().click();
    await this.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
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

  /** Screenshots, to be looked at. */
  async shoot(name: string, themes: readonly Theme[] = ['dark']): Promise<void> {
    mkdirSync(shots, { recursive: true });
    for (const theme of themes) {
      if (themes.length > 1 || theme !== 'dark') await this.theme(theme);
      await this.page.screenshot({ path: join(shots, `${name}-${theme}.png`) });
      // The README's pictures: BATON_PICTURES=1 npm run test:editor
      // and of the walkthrough.
      for (const place of ['docs/pictures', 'media/walkthrough']) {
        const picture = join(root, place, `${name}.png`);
        if (process.env.BATON_PICTURES && theme === 'dark' && existsSync(picture))
          await this.page.screenshot({ path: picture });
      }
    }
    if (themes.at(-1) !== 'dark') await this.theme('dark');
  }

  /** A screenshot of what is there, for moments that a change of theme would end. */
  async photograph(name: string): Promise<void> {
    mkdirSync(shots, { recursive: true });
    await this.page.screenshot({ path: join(shots, `${name}.png`) });
  }

  async theme(theme: Theme): Promise<void> {
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

/** Whether something shows within some milliseconds. */
const appears = (what: Locator, timeout: number): Promise<boolean> =>
  what.waitFor({ timeout }).then(
    () => true,
    () => false,
  );

export type Theme = 'dark' | 'light' | 'contrast';
/** Those that pictures are taken in; CI, where nobody looks at them, takes one. */
export const themes: readonly Theme[] = process.env.BATON_DARK_ONLY
  ? ['dark']
  : ['light', 'contrast', 'dark'];
const labels: Record<Theme, string> = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  contrast: 'Dark High Contrast',
};
const kinds: Record<Theme, string> = { dark: 'vs-dark', light: 'vs', contrast: 'hc-black' };
