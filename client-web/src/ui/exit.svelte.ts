/**
 * Hiding quickly: the page is emptied at once, then locked, then replaced by one that has nothing to do with us.
 *
 * Owns the order of these, and the title in the tab. Refuses to know what was on the page. Invariants: nothing is waited for
 * before the page is empty; going back or forward never leads into this page again.
 */

import type { Port } from '../port/port';
import type { Language } from '../i18n/entry';

/** Pages of public/ that could be anybody's. */
const elsewhere: Record<Language, string> = { en: '/measures.html', es: '/medidas.html' };
/** So often Escape, within so long, is no accident. */
const escapes = 3;
const escapesMs = 1_500;
/** How long the browser gets to go back in its history. */
const backMs = 300;
const titleItem = 'sotto.title';

/** What an exit needs to know of the page around it. */
export interface Around {
  port: Port;
  language(): Language;
  /** Says nothing. */
  title(): string;
  /** How many entries of the tab's history are behind this one and of this page. */
  depth(): number;
  /** Takes everything off the page and forgets it. */
  clear(): void;
  /** Removes what this page keeps in the browser, if nothing is to be kept. */
  sweep(): Promise<void>;
}

export class Exit {
  /** Whether the tab is called something that says nothing. */
  plain = $state(plainKept());
  #left = false;
  #pressed: number[] = [];

  constructor(private readonly around: Around) {}

  /** For this browser, where it keeps anything. */
  keepPlain(plain: boolean, keep: boolean): void {
    this.plain = plain;
    if (!keep) return;
    try {
      if (plain) localStorage.setItem(titleItem, 'plain');
      else localStorage.removeItem(titleItem);
    } catch {
      // It holds until the page is closed, then.
    }
  }

  /** Counts Escapes; the last of three leaves. */
  pressed(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.repeat) return;
    const now = performance.now();
    this.#pressed = [...this.#pressed.filter((at) => now - at < escapesMs), now];
    if (this.#pressed.length >= escapes) this.leave();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    const page = elsewhere[this.around.language()];
    document.body.replaceChildren();
    this.around.clear();
    document.title = this.around.title();
    // A browser may put this page, as it is now, back on the screen.
    addEventListener('pageshow', ({ persisted }) => persisted && location.replace(page));
    void this.#go(page);
  }

  async #go(page: string): Promise<void> {
    // What was typed last is on its way to the engine by then.
    await new Promise((resolve) => setTimeout(resolve));
    await this.around.port.leave();
    await this.around.sweep();
    const depth = this.around.depth();
    if (depth > 0) {
      const back = new Promise((resolve) => addEventListener('popstate', resolve, { once: true }));
      history.go(-depth);
      await Promise.race([back, new Promise((resolve) => setTimeout(resolve, backMs))]);
    }
    // Our first entry becomes that page, and one more of it takes the place of all that came after.
    history.replaceState(null, '', page);
    location.assign(`${page}?1`);
  }
}

function plainKept(): boolean {
  try {
    return localStorage.getItem(titleItem) === 'plain';
  } catch {
    // Storage is blocked; it was never chosen.
    return false;
  }
}
