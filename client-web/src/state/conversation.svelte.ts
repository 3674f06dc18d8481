/**
 * A conversation of any length, of which only what is looked at is here.
 *
 * Owns pages of messages and where the new ones begin. Refuses to know how they are drawn. Invariants: what was fetched
 * stays until something newer has come, so that nothing on screen blinks; a message that has not changed stays the same
 * object, so that what it is drawn as isn't drawn again.
 */

import { SvelteMap } from 'svelte/reactivity';
import type { MessageId, MessageView, SpaceId, SpaceView } from '../core/types';
import type { Port } from '../port/port';

export const pageSize = 60;
/** How far back the first new message is looked for. */
const searchMax = 600;

export class Conversation {
  readonly id: SpaceId;
  total: number = $state(0);
  /** Where the new messages begin; found once, when the conversation is opened. */
  newFrom: number | null = $state(null);
  /** The last fetch failed; what is here stays. */
  failed = $state(false);
  readonly #port: Port;
  readonly #pages = new SvelteMap<number, MessageView[]>();
  /** Pages that were fetched for the present generation, or are on their way. */
  #fresh = new Set<number>();
  #generation = 0;
  #stamp = '';
  #wanted: [first: number, last: number] = [0, 0];

  constructor(port: Port, space: SpaceView) {
    this.#port = port;
    this.id = space.id;
    this.total = space.total;
    this.#stamp = stampOf(space);
    this.#wanted = [Math.max(0, space.total - 1), space.total];
  }

  at(index: number): MessageView | undefined {
    return this.#pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /** These rows are looked at. */
  want(first: number, last: number): void {
    this.#wanted = [first, last];
    this.#fetchWanted();
  }

  /** Fetches again what could not be fetched. */
  retry(): void {
    this.#fetchWanted();
  }

  /** The space as it is now: what is looked at is fetched anew if a message can have changed. */
  apply(space: SpaceView): void {
    const stamp = stampOf(space);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#generation += 1;
    this.#fresh = new Set();
    const more = space.total - this.total;
    this.total = space.total;
    if (space.last) this.#place(space.last, more);
    this.#fetchWanted();
  }

  /** The newest message comes with the news of it, so it needn't be fetched to be shown. */
  #place(last: MessageView, more: number): void {
    const index = this.total - 1;
    const page = Math.floor(index / pageSize);
    const messages = this.#pages.get(page) ?? [];
    const at = index % pageSize;
    const added = more === 1 && messages.length === at && this.indexOf(last.id) === null;
    const changed = more === 0 && messages[at] !== undefined && isSame(messages[at].id, last.id);
    if (added || changed) this.#keep(page, [...messages.slice(0, at), last, ...messages.slice(at + 1)]);
  }

  #keep(page: number, messages: MessageView[]): void {
    const before = this.#pages.get(page) ?? [];
    const kept = messages.map((message, at) => {
      const old = before[at];
      return old && JSON.stringify(old) === JSON.stringify(message) ? old : message;
    });
    if (kept.length === before.length && kept.every((message, at) => message === before[at])) return;
    this.#pages.set(page, kept);
  }

  /** Where the last `unread` messages of others begin. */
  async locateNew(unread: number): Promise<number | null> {
    if (unread <= 0) return null;
    let left = unread;
    for (let page = this.#lastPage(); page >= 0 && (this.#lastPage() - page) * pageSize < searchMax; page--) {
      const messages = await this.#page(page);
      for (let index = messages.length - 1; index >= 0; index--) {
        if (messages[index]?.mine === false && --left === 0) return (this.newFrom = page * pageSize + index);
      }
    }
    return null;
  }

  /** The row of a message, if it is here. */
  indexOf(id: MessageId): number | null {
    for (const [page, messages] of this.#pages) {
      const index = messages.findIndex((one) => isSame(one.id, id));
      if (index >= 0) return page * pageSize + index;
    }
    return null;
  }

  #lastPage(): number {
    return Math.floor(Math.max(0, this.total - 1) / pageSize);
  }

  #fetchWanted(): void {
    const [first, last] = this.#wanted;
    const end = Math.min(Math.floor(Math.max(first, last - 1) / pageSize), this.#lastPage());
    if (this.total === 0) return;
    for (let page = Math.floor(first / pageSize); page <= end; page++) {
      if (!this.#fresh.has(page)) void this.#page(page);
    }
  }

  async #page(page: number): Promise<MessageView[]> {
    const generation = this.#generation;
    this.#fresh.add(page);
    try {
      const got = await this.#port.ask('page', { space: this.id, start: page * pageSize, count: pageSize });
      // An answer from before the last change is still better than nothing, but not better than what came since.
      if (generation === this.#generation || !this.#pages.has(page)) this.#keep(page, got.messages);
      this.failed = false;
      return got.messages;
    } catch {
      this.#fresh.delete(page);
      this.failed = true;
      return this.#pages.get(page) ?? [];
    }
  }
}

function isSame(a: MessageId, b: MessageId): boolean {
  return a.record === b.record && a.author === b.author;
}

/** Changes whenever a message may have. Drafts and what has been read don't count. */
function stampOf(space: SpaceView): string {
  const { seq, head, total, waiting, needsConsent, last, attention } = space;
  const newest = last ? [last.id.record, last.seq, last.body.kind, last.edited, last.refused] : [];
  return [seq, head, total, waiting, needsConsent, attention.length, ...newest].join();
}
