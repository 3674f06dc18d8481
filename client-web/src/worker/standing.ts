/**
 * How things stand with this browser, as its tabs are told.
 *
 * Owns the status and what is answered by an engine that is not open. Refuses to know how things came to stand so.
 * Invariant: each status is told once; it names nobody while there is nobody to name.
 */

import type { AccountView } from '../core/types';
import { PortError, type SecondStep, type Status } from '../port/port';

/** What is told when the clocks differ by more. */
const CLOCK_OFF_MS_MIN = 2 * 60_000;

export class Standing {
  account: AccountView | null = null;
  clockOffMs: number | null = null;
  storage: Status['storage'] = 'kept';
  owner: { handle: string; practice: string } | undefined;
  /** While locked, because this device was removed. */
  removed = false;
  sheetWaiting = false;
  secondStep: SecondStep | null = null;
  restored = false;
  #phase: Status['phase'] = 'starting';
  #code: string | null = null;
  #told = '';

  constructor(private readonly hear: (status: Status) => void) {}

  get phase(): Status['phase'] {
    return this.#phase;
  }

  /** Why it is broken. */
  get code(): string | null {
    return this.#code;
  }

  get status(): Status {
    const phase = this.#phase;
    const off = this.clockOffMs;
    return {
      phase,
      broken: this.#code,
      online: phase === 'open' && (this.account?.online ?? false),
      account: phase === 'open' ? this.account : null,
      locked: phase === 'locked' ? { ...(this.owner ?? { handle: '', practice: '' }), removed: this.removed } : null,
      storage: this.storage,
      clockOffMs: off !== null && Math.abs(off) > CLOCK_OFF_MS_MIN ? off : null,
      restored: this.restored,
      secondStep: this.secondStep,
      sheetWaiting: phase === 'open' && this.sheetWaiting,
      // Its tab knows.
      updateReady: false,
    };
  }

  become(phase: Exclude<Status['phase'], 'broken'>): void {
    this.#phase = phase;
    this.#code = null;
    this.tell();
  }

  /** `code` as in `PortError`. */
  break(code: string): void {
    this.#phase = 'broken';
    this.#code = code;
    this.tell();
  }

  /** Tells the status if it is not the one told last. */
  tell(): void {
    const { status } = this;
    const told = JSON.stringify(status);
    if (told === this.#told) return;
    this.#told = told;
    this.hear(status);
  }

  /** Why the core can't be asked. */
  closed(): PortError {
    switch (this.#phase) {
      case 'locked':
        return new PortError('locked');
      case 'broken':
        return new PortError(this.#code ?? 'crashed');
      case 'starting':
        return new PortError('busy');
      case 'blank':
        return new PortError('not_signed_in');
      case 'open':
        // It is being opened again.
        return new PortError(this.storage === 'full' ? 'storage_full' : 'busy');
    }
  }
}
