/**
 * Something that only the engine knows, kept fresh while it is looked at.
 *
 * Owns the last answer and asking again when something has happened. Refuses to know what it is. Invariant: at most one ask
 * is under way, news never ask oftener than once in `everyMs`, and an answer stays until a newer one has come.
 */

import type { Port } from '../port/port';
import { Asking } from './asking.svelte';

const everyMs = 2000;

export class Glance<T> {
  readonly asking = new Asking();
  value: T | null = $state.raw(null);
  /** When it was fetched. */
  at: number | null = $state(null);
  readonly #ask: () => Promise<T>;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stale = false;

  constructor(ask: () => Promise<T>, now: () => number) {
    this.#ask = ask;
    this.#now = now;
  }

  async fetch(): Promise<void> {
    if (this.asking.busy) {
      this.#stale = true;
      return;
    }
    this.#stale = false;
    await this.asking.run(async () => {
      this.value = await this.#ask();
      this.at = this.#now();
    });
    if (this.#stale) this.#later();
  }

  /** Fetches now, and again after news; the answer stops it. */
  watch(port: Port): () => void {
    void this.fetch();
    const stop = port.listen((news) => {
      if (news.kind === 'spaces' || news.kind === 'confirmed' || (news.kind === 'status' && news.status.online))
        this.#later();
    });
    return () => {
      stop();
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#stale = false;
    };
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.fetch();
    }, everyMs);
  }
}
