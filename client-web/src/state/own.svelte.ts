/**
 * A setting that only oneself can read, in the space of one's own.
 *
 * Owns its newest value and changing it. Refuses to know what it means. Invariant: a change builds on the value last
 * written here, even before the engine has told it back, so that two changes in a row both hold.
 */

import type { Port } from '../port/port';
import { Asking } from './asking.svelte';
import { newRecordId } from './ids';
import type { Session } from './session.svelte';
import { settingIn, type SettingName } from './settings';

interface Shape<T> {
  name: SettingName;
  parse: (json: string) => T;
  write: (value: T) => string;
  none: T;
}

export class OwnSetting<T> {
  readonly asking = new Asking();
  readonly #port: Port;
  readonly #session: Session;
  readonly #shape: Shape<T>;
  /** Written here, while what the session knows is still what it was before. */
  #written: { json: string; before: string | null } | null = $state.raw(null);

  constructor(port: Port, session: Session, shape: Shape<T>) {
    this.#port = port;
    this.#session = session;
    this.#shape = shape;
  }

  readonly #told = $derived.by(() => settingIn(this.#session.own, this.#shape.name)?.value ?? null);
  readonly #json = $derived.by(() =>
    this.#written && this.#written.before === this.#told ? this.#written.json : this.#told,
  );
  readonly value = $derived.by(() => (this.#json === null ? this.#shape.none : this.#shape.parse(this.#json)));
  /** Whether it was ever written. */
  readonly there = $derived.by(() => this.#json !== null);

  /** Whether it is stored. One change at a time. */
  async change(make: (before: T) => T): Promise<boolean> {
    return this.asking.run(async () => {
      const space = await this.#session.ensureOwn(this.#port);
      const json = this.#shape.write(make(this.value));
      const before = this.#told;
      const draft = { kind: 'setting', name: this.#shape.name, value: json } as const;
      await this.#port.ask('write', { space, id: newRecordId(), draft });
      this.#written = { json, before };
    });
  }
}
