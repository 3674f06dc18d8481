/**
 * The invitations one has made, and for whom each was meant.
 *
 * Owns fetching them and the names. Refuses to know how they are drawn. Invariant: a name stands in one's own space only,
 * sealed like everything there; neither the server nor whoever is invited learns it.
 */

import type { InvitationId, InvitationView } from '../core/types';
import type { Port } from '../port/port';
import { Asking } from './asking.svelte';
import { invitationState, sortInvitations } from './invitations';
import { OwnSetting } from './own.svelte';
import type { Session } from './session.svelte';
import { parseInvitations, writeInvitations } from './settings';

export class Invitations {
  all: InvitationView[] | null = $state.raw(null);
  readonly fetching = new Asking();
  readonly #port: Port;
  readonly #names: OwnSetting<Record<InvitationId, string>>;

  constructor(port: Port, session: Session) {
    this.#port = port;
    this.#names = new OwnSetting(port, session, {
      name: 'invitations',
      parse: parseInvitations,
      write: writeInvitations,
      none: {},
    });
  }

  fetch(): Promise<boolean> {
    return this.fetching.run(async () => (this.all = sortInvitations(await this.#port.ask('invitations'))));
  }

  /** For whom it was meant, where that was said. */
  nameOf(id: InvitationId): string | null {
    return this.#names.value[id] ?? null;
  }

  /** Clients who were invited and have not joined yet. */
  waiting(now: number): InvitationView[] {
    return (this.all ?? []).filter((one) => one.role === 'client' && invitationState(one, now) === 'open');
  }

  /** Keeping a name, and how that went. */
  get naming(): Asking {
    return this.#names.asking;
  }

  /** Nothing is kept where nothing was said. */
  async keepName(id: InvitationId, name: string): Promise<void> {
    if (name.trim() !== '') await this.#names.change((names) => ({ ...names, [id]: name.trim() }));
  }
}
