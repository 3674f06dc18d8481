/**
 * Publishes what is missing, one after the other, until nothing is.
 *
 * Owns the order and not doing anything twice. Refuses to decide what is missing (`publishing.ts`). Invariant: one write at
 * a time; what failed is tried again when something has changed, never in a loop.
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

  constructor(port: Port, session: Session) {
    this.#port = port;
    this.#session = session;
  }

  /** What is missing now. */
  readonly missing = $derived.by((): Publication[] => {
    const { status, own, conversations } = this.#session;
    if (status.phase !== 'open' || !status.account || !status.restored) return [];
    return missing(status.account, own, conversations);
  });

  /** Writes all of it. Called whenever something changed. */
  async publish(): Promise<void> {
    await this.asking.run(async () => {
      for (let next = this.#next(); next; next = this.#next()) {
        const { space, name, value } = next;
        await this.#port.ask('write', { space, id: newRecordId(), draft: { kind: 'setting', name, value } });
        this.#written.set(space + name, value);
      }
    });
  }

  #next(): Publication | undefined {
    return this.missing.find(({ space, name, value }) => this.#written.get(space + name) !== value);
  }
}
