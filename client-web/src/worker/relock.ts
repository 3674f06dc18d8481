/**
 * Which passwords open this browser while its person changes hers.
 *
 * Owns the storage key sealed under a password of which it is not known yet whether it holds. Refuses to know how a password
 * is changed on the server. Invariants: at every instant a password that may hold opens this browser, also when it is closed
 * between the server's answer and our note of it; once it is known which one holds, no other does; nobody's guess is noted
 * who does not know the one before.
 */

import type { CoreModule } from '../core/api';
import type { Millis } from '../core/types';
import { codeOf, refusalOf } from './errors';
import type { NoteChanges, Notes } from './rows';
import { seed } from './storage-key';

/** The storage key under a password that was sent to the server. */
export interface NextLock {
  sealed: Uint8Array;
  /** When the password before it was set. Another time means that this one holds. */
  before: Millis | null;
}

/** What it needs of the engine. */
export interface Hands {
  module(): Promise<CoreModule>;
  /** The storage key while this browser is open. */
  key(): Uint8Array | undefined;
  notes(): Partial<Notes>;
  note(changes: NoteChanges): Promise<void>;
  /** When the password was set, as the core has it. */
  passwordAt(): Millis | null;
}

export class Relock {
  constructor(private readonly hands: Hands) {}

  /** Tries a password; the storage key, or the core's refusal. */
  async open(password: string): Promise<Uint8Array<ArrayBuffer>> {
    const module = await this.hands.module();
    const { sealed, next } = this.hands.notes();
    let refused: unknown;
    for (const lock of [sealed, next?.sealed]) {
      if (!lock) continue;
      try {
        return module.openStorageKey(lock, password).slice();
      } catch (error) {
        if (refusalOf(error)?.code !== 'wrong_password') throw error;
        refused = error;
      }
    }
    throw refused;
  }

  /** Runs a change to `password`, by somebody who gives the present one where there is one to give. */
  async change<T>(present: string | null, password: string, run: () => Promise<T>): Promise<T> {
    const key = this.hands.key();
    const sealed = await this.#seal(password);
    const before = this.hands.notes().next ?? null;
    const known = present !== null && (await this.#knows(present));
    if (known) await this.hands.note({ next: { sealed, before: this.hands.passwordAt() } });
    let outcome: T;
    try {
      outcome = await run();
    } catch (error) {
      // Whether the server has it isn't known: until it is, both open this browser.
      const decided = codeOf(error) !== 'unanswered' && key !== undefined && this.hands.key() === key;
      if (known && decided) await this.hands.note({ next: before });
      throw error;
    }
    await this.hands.note({ sealed, next: null });
    return outcome;
  }

  /** The server took this password just now: so it is the one, wherever it was set. */
  async proven(password: string): Promise<void> {
    const { sealed, next } = this.hands.notes();
    if (!next && sealed && (await this.#opens(sealed, password))) return;
    await this.hands.note({ sealed: await this.#seal(password), next: null });
  }

  /** Looks whether what was on its way has arrived: after opening, and when the core says so by itself. */
  async settle(): Promise<void> {
    const { next } = this.hands.notes();
    const since = this.hands.passwordAt();
    if (next && since !== null && next.before !== since) await this.hands.note({ sealed: next.sealed, next: null });
  }

  async #seal(password: string): Promise<Uint8Array> {
    const module = await this.hands.module();
    const key = this.hands.key();
    if (!key) throw new Error('there is no key to seal');
    return module.sealStorageKey(key, password, seed());
  }

  async #knows(password: string): Promise<boolean> {
    const { sealed, next } = this.hands.notes();
    for (const lock of [sealed, next?.sealed]) if (lock && (await this.#opens(lock, password))) return true;
    return false;
  }

  async #opens(lock: Uint8Array, password: string): Promise<boolean> {
    const module = await this.hands.module();
    try {
      module.openStorageKey(lock, password).fill(0);
      return true;
    } catch (error) {
      if (refusalOf(error)) return false;
      throw error;
    }
  }
}
