/**
 * A therapist's day: what waits, and what she does with it.
 *
 * Owns the actions of *Today*. Refuses to know how it is drawn. Invariant: an action that failed leaves everything where it
 * was, and its error with the conversation it was tried on.
 */

import type { SpaceId } from '../core/types';
import type { Port } from '../port/port';
import { Asking } from './asking.svelte';
import type { Clock } from './clock.svelte';
import { newRecordId } from './ids';
import { OwnSetting } from './own.svelte';
import { ownValue } from './publishing';
import type { Session } from './session.svelte';
import { parseAvailability, parseToday, todayNone, writeToday } from './settings';
import { deskOf, noted, putAway, putBack, tidy, type Waiting } from './today';

export class Today {
  readonly asking = new Asking();
  /** Where something is or was last done. */
  at: { space: SpaceId; bucket: Waiting['bucket'] | 'done' } | null = $state.raw(null);
  readonly #port: Port;
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #kept: OwnSetting<ReturnType<typeof parseToday>>;

  constructor(port: Port, session: Session, clock: Clock) {
    this.#port = port;
    this.#session = session;
    this.#clock = clock;
    this.#kept = new OwnSetting(port, session, {
      name: 'today',
      parse: parseToday,
      write: writeToday,
      none: todayNone,
    });
  }

  /** Her card, as it stands. */
  readonly card = $derived.by(() => {
    const { own, conversations, status } = this.#session;
    const value = status.account ? ownValue('availability', own, conversations, status.account.account) : null;
    return value === null ? null : parseAvailability(value);
  });

  readonly #startOfDay = $derived.by(() => new Date(this.#clock.now).setHours(0, 0, 0, 0));
  readonly desk = $derived.by(() => deskOf(this.#session.conversations, this.#kept.value, this.card, this.#startOfDay));

  /** "I've read this", for each message of theirs shown there. */
  async acknowledge(waiting: Waiting): Promise<boolean> {
    return this.#do(waiting, async () => {
      const theirs = waiting.messages.filter((one) => !one.mine && one.seq !== null);
      for (const { id } of theirs) await this.#write(waiting, { kind: 'acknowledge', target: id });
      const seq = Math.max(0, ...theirs.map((one) => one.seq ?? 0));
      await this.#port.ask('markRead', { space: waiting.space.id, seq });
      await this.#keep((today) => noted(today, waiting.space.id, this.#clock.now));
    });
  }

  /** Keeps all of it for the session. */
  async hold(waiting: Waiting): Promise<boolean> {
    return this.#do(waiting, async () => {
      for (const { id } of waiting.messages) await this.#write(waiting, { kind: 'hold', target: id });
    });
  }

  async done(waiting: Waiting): Promise<boolean> {
    return this.#do(waiting, () => this.#keep((today) => putAway(today, waiting, this.#clock.now)));
  }

  async putBack(space: SpaceId): Promise<boolean> {
    this.at = { space, bucket: 'done' };
    return this.asking.run(() => this.#keep((today) => putBack(today, space)));
  }

  async #do(waiting: Waiting, what: () => Promise<unknown>): Promise<boolean> {
    if (this.asking.busy) return false;
    this.at = { space: waiting.space.id, bucket: waiting.bucket };
    return this.asking.run(what);
  }

  async #write({ space }: Waiting, draft: { kind: 'acknowledge' | 'hold'; target: Waiting['messages'][number]['id'] }) {
    await this.#port.ask('write', { space: space.id, id: newRecordId(), draft });
  }

  async #keep(change: (today: ReturnType<typeof parseToday>) => ReturnType<typeof parseToday>): Promise<void> {
    const kept = await this.#kept.change((before) =>
      tidy(change(before), this.#session.conversations, this.#startOfDay),
    );
    if (!kept) throw this.#kept.asking.error;
  }
}
