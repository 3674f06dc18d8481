/**
 * Publishes what is missing, one after the other, until nothing is.
 *
 * Owns the order and not doing anything twice. Refuses to decide what is missing (`publishing.ts`). Invariants: nothing is
 * written before everything was fetched since the connection stands, or a card that another device wrote meanwhile would be
 * written over; one write at a time; what failed is tried again when something has changed, never in a loop.
 */

import type { Port } from '../port/port';
import { Asking } from './asking.svelte';
import { newRecordId } from './ids';
import { missing, type Publication } from './publishing';
import type { Session } from './session.svelte';

export class Publisher {
  readonly asking = new Asking();
  readonly #port: Port;
  readonly #session: Session;
  /** What was written here last, by space and name: the space says so itself only a moment later. */
  readonly #written = new Map<string, string>();

  /** Everything was fetched since the connection stands. */
  #fetched = false;

  constructor(port: Port, session: Session) {
    this.#port = port;
    this.#session = session;
  }

  /** What is missing now. */
  readonly missing = $derived.by((): Publication[] => {
    const { status, own, conversations } = this.#session;
    if (status.phase !== 'open' || !status.account || !status.restored || !status.online) return [];
    return missing(status.account, own, conversations);
  });

  /** Writes all of it. Called whenever something changed. */
  async publish(): Promise<void> {
    if (!this.#session.status.online) this.#fetched = false;
    if (this.missing.length === 0) return;
    await this.asking.run(async () => {
      await this.#fetch();
      for (let next = this.#next(); next; next = this.#next()) {
        const { space, name, value } = next;
        await this.#port.ask('write', { space, id: newRecordId(), draft: { kind: 'setting', name, value } });
        this.#written.set(space + name, value);
      }
    });
  }

  async #fetch(): Promise<void> {
    if (this.#fetched) return;
    await this.#port.ask('sync');
    this.#session.apply({ kind: 'spaces', spaces: await this.#port.ask('spaces') });
    this.#fetched = true;
  }

  #next(): Publication | undefined {
    return this.missing.find(({ space, name, value }) => this.#written.get(space + name) !== value);
  }
}
