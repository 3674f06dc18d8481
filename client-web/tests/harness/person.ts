/**
 * Somebody with a browser of her own.
 *
 * Owns one browser context and what must hold in every page of it: no console error, no violation of the content
 * security policy, no request to another origin, nothing for axe to find (WCAG 2.2 AA), none of the words people
 * wrote in anything the browser keeps.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { found } from './plaintext';

const AXE_PATH = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
let axeSource: string | undefined;
/** A page that does not answer for so long is stuck. */
const ANSWER_TIMEOUT_MS = 30_000;

export const PHONE = { width: 390, height: 844 };
export const NARROW = { width: 320, height: 640 };
export const DESKTOP = { width: 1280, height: 800 };

/** How somebody's browser is set. */
export interface Look {
  viewport?: { width: number; height: number };
  locale?: string;
  colorScheme?: 'light' | 'dark';
  reducedMotion?: 'reduce' | 'no-preference';
  timezone?: string;
}

/** Somebody. */
export class Person {
  readonly wrong: string[] = [];
  /** What only people may read: everything that was written, chosen as a password, or named. */
  readonly secrets: string[];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
    secrets: string[],
  ) {
    this.secrets = secrets;
  }

  /** Gives somebody a new, empty browser. */
  static async arrive(browser: Browser, origin: string, secrets: string[], look: Look = {}): Promise<Person> {
    const context = await browser.newContext({
      viewport: look.viewport ?? PHONE,
      locale: look.locale ?? 'en-US',
      colorScheme: look.colorScheme ?? 'light',
      reducedMotion: look.reducedMotion ?? 'no-preference',
      timezoneId: look.timezone ?? 'America/New_York',
    });
    return Person.settle(context, origin, secrets);
  }

  /** Somebody in a browser that is there already. */
  static async settle(context: BrowserContext, origin: string, secrets: string[]): Promise<Person> {
    const page = context.pages()[0] ?? (await context.newPage());
    const person = new Person(context, page, origin, secrets);
    person.watchContext();
    person.watchPage(page);
    context.on('page', (opened) => person.watchPage(opened));
    return person;
  }

  private watchContext(): void {
    this.context.on('request', (request) => {
      const url = new URL(request.url());
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== this.origin) {
        this.wrong.push(`request to ${url.origin}`);
      }
    });
    this.context.on('weberror', (error) => this.wrong.push(`uncaught: ${error.error().message}`));
  }

  private watchPage(page: Page): void {
    page.on('console', (message) => {
      // What a browser says by itself about a server that is away is no fault of the page.
      const away =
        /ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|An unknown error occurred when fetching the script/;
      if (message.type() === 'error' && !away.test(message.text())) this.wrong.push(`console: ${message.text()}`);
    });
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(this.origin).host) this.wrong.push(`socket to ${socket.url()}`);
    });
  }

  /** What a test brought about on purpose was rightly told to the console, and must have been. */
  provoked(what: RegExp): void {
    const left = this.wrong.filter((one) => !what.test(one));
    if (left.length === this.wrong.length) this.wrong.push(`nothing was said of ${what}`);
    else this.wrong.splice(0, Infinity, ...left);
  }

  /** Follows a link or a path of the server. */
  async goto(target: string): Promise<void> {
    await this.page.goto(new URL(target, this.origin).href);
  }

  /** Types something that nobody else may ever read. */
  async fillSecret(field: Locator, text: string): Promise<void> {
    this.secrets.push(text);
    await field.fill(text);
  }

  /** Looks at the page with axe, once it stands there and moves no more. */
  async looksRight(screen: string): Promise<void> {
    await this.page.locator('main').first().waitFor();
    await this.page.evaluate(async () => {
      const moving = document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity);
      await Promise.allSettled(moving.map((one) => one.finished));
    });
    axeSource ??= await readFile(AXE_PATH, 'utf8');
    await this.page.evaluate(axeSource);
    const violations = await this.page.evaluate(async (tags) => {
      const axe = (globalThis as unknown as { axe: { run: (on: Document, options: object) => Promise<unknown> } }).axe;
      const result = (await axe.run(document, { runOnly: tags })) as {
        violations: { id: string; help: string; nodes: { target: unknown[]; failureSummary?: string }[] }[];
      };
      return result.violations.map(
        (v) =>
          `${v.id}: ${v.help}\n   ${v.nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join('\n   ')}`,
      );
    }, WCAG);
    this.wrong.push(...violations.map((violation) => `axe on ${screen}: ${violation}`));
    const wide = await this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    if (wide > 0) this.wrong.push(`${screen} is ${wide} px wider than the window`);
  }

  /** Asks the page; by itself that would wait for ever for a page that is stuck. */
  private async answer(about: string, ask: () => Promise<string>): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the page does not say ${about}`)), ANSWER_TIMEOUT_MS);
    });
    try {
      return await Promise.race([this.page.evaluate(ask), stuck]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Everything this browser keeps for the server's pages, as bytes. */
  private async kept(): Promise<Buffer> {
    const text = await this.answer('what it keeps', async () => {
      const parts: string[] = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })];
      const latin = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
      const spell = (value: unknown): string => {
        if (value instanceof ArrayBuffer) return latin(new Uint8Array(value));
        if (ArrayBuffer.isView(value)) return latin(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        if (value instanceof CryptoKey) return value.extractable ? 'EXTRACTABLE-KEY' : '';
        if (typeof value === 'string') return latin(new TextEncoder().encode(value));
        if (typeof value === 'object' && value !== null) {
          return Object.entries(value)
            .map(([key, inner]) => key + spell(inner))
            .join('\n');
        }
        return String(value);
      };
      for (const { name } of await indexedDB.databases()) {
        if (!name) continue;
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error);
        });
        for (const store of Array.from(database.objectStoreNames)) {
          const read = <T>(request: IDBRequest<T>) =>
            new Promise<T>((resolve, reject) => {
              request.onsuccess = () => resolve(request.result);
              request.onerror = () => reject(request.error);
            });
          const objects = database.transaction(store).objectStore(store);
          const [keys, values] = await Promise.all([read(objects.getAllKeys()), read(objects.getAll())]);
          parts.push(name, store, ...keys.map(spell), ...values.map(spell));
        }
        database.close();
      }
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const answer = await cache.match(request);
          parts.push(request.url, latin(new Uint8Array((await answer?.arrayBuffer()) ?? new ArrayBuffer(0))));
        }
      }
      return parts.join('\n');
    });
    return Buffer.from(text, 'latin1');
  }

  /** Nothing that somebody wrote lies readable in this browser. */
  async keepsNothingReadable(): Promise<void> {
    const kept = await this.kept();
    this.wrong.push(...found(kept, [...this.secrets, 'EXTRACTABLE-KEY']).map((text) => `kept readable: ${text}`));
  }

  /** Leaves; throws when anything was wrong. */
  async leave(): Promise<void> {
    if (!this.page.isClosed() && this.page.url().startsWith(this.origin)) await this.keepsNothingReadable();
    await this.context.close();
    if (this.wrong.length > 0) throw new Error(this.wrong.join('\n'));
  }
}
