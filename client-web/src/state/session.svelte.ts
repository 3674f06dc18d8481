/**
 * What is known right now: this browser's status, and the spaces.
 *
 * Owns the newest view of each. Refuses to know the DOM, and asks only for status and spaces. Invariant:
 * `apply` is the only way anything here changes after that, so a list of news gives the same state every time.
 */

import { SvelteMap } from 'svelte/reactivity';
import type { AccountId, Alarm, MemberView, SpaceId, SpaceView } from '../core/types';
import type { News, Port, Status } from '../port/port';

const starting: Status = {
  phase: 'starting',
  broken: null,
  online: false,
  account: null,
  locked: null,
  storage: 'kept',
  clockOffMs: null,
  restored: true,
  secondStep: null,
  sheetWaiting: false,
  updateReady: false,
};

/** Something that happened in a space and is told once, until it is put away. */
export type Told =
  | { kind: 'readers'; space: SpaceId; added: AccountId[]; removed: AccountId[] }
  | { kind: 'alarm'; space: SpaceId | null; alarm: Alarm };

export class Session {
  status: Status = $state.raw(starting);
  /**
   * The browser says that it has no network. It knows at once what the engine notices when an answer fails to come;
   * but a connection that stands counts for more than what it says.
   */
  cutOff = $state(false);
  readonly online = $derived.by(() => this.status.online && !this.cutOff);
  readonly spaces = new SvelteMap<SpaceId, SpaceView>();
  /** What signing in on this device brought back; until it is put away. */
  restored: { messages: number; spaces: number } | null = $state.raw(null);
  told: Told[] = $state.raw([]);
  /** This device was removed from the account while it was open. */
  deviceRemoved = $state(false);
  /** This device was not used for long, so its person signs in again. */
  deviceIdle = $state(false);
  /** The practice asks for a second step, and this account has none: the server lets it in only then. */
  factorRequired = $state(false);
  /** So many devices were removed because nobody used them; until it is put away. */
  idleRemoved = $state(0);
  /** Asked for, or recognised; see `own`. */
  #ownId: SpaceId | null = $state(null);

  /** The space that is one's own alone, once there is one. */
  readonly own = $derived.by(() => {
    const known = this.#ownId === null ? undefined : this.spaces.get(this.#ownId);
    return known ?? [...this.spaces.values()].find((space) => space.members.every((member) => member.me)) ?? null;
  });

  /** Conversations with others, the newest first. */
  readonly conversations = $derived.by(() =>
    [...this.spaces.values()]
      .filter((space) => space !== this.own && space.members.some((member) => !member.me))
      .sort((a, b) => latest(b) - latest(a)),
  );

  /** How much of everything has been fetched and checked on this device, while that is not all; in records. */
  readonly coming = $derived.by(() => {
    if (this.status.restored) return null;
    let [done, all] = [0, 0];
    for (const { verified, told } of this.spaces.values()) [done, all] = [done + verified, all + told];
    return all > 0 ? { done, all } : null;
  });

  /** How many conversations have new locks after a device was removed, while not all have. */
  readonly relocking = $derived.by(() => {
    const due = this.status.account?.erasDue ?? 0;
    const all = Math.max(due, [...this.spaces.values()].filter((space) => space.member).length);
    return due > 0 ? { done: all - due, all } : null;
  });

  /** Listens from now on and fetches what is there; the answer stops it. */
  start(port: Port): () => void {
    const stop = port.listen((news) => {
      const before = this.status.phase;
      this.apply(news);
      if (before !== 'open' && this.status.phase === 'open') void this.#fetchSpaces(port);
    });
    void this.#fetch(port);
    return stop;
  }

  async #fetch(port: Port): Promise<void> {
    try {
      const status = await port.ask('status');
      const before = this.status.phase;
      this.apply({ kind: 'status', status });
      if (before !== 'open' && status.phase === 'open') await this.#fetchSpaces(port);
    } catch {
      // The engine tells its status by itself when it can.
    }
  }

  async #fetchSpaces(port: Port): Promise<void> {
    try {
      const spaces = await port.ask('spaces');
      if (this.status.phase === 'open') this.apply({ kind: 'spaces', spaces });
    } catch {
      // Locked or restarted in the meantime; opening again asks again.
    }
  }

  apply(news: News): void {
    switch (news.kind) {
      case 'status':
        return this.#applyStatus(news.status);
      case 'spaces':
        for (const space of news.spaces) this.spaces.set(space.id, space);
        return;
      case 'restored':
        this.restored = { messages: news.messages, spaces: news.spaces };
        return;
      case 'alarm':
        this.told = [...this.told, { kind: 'alarm', space: news.space, alarm: news.alarm }];
        return;
      case 'eraBegan':
        if (news.added.length === 0 && news.removed.length === 0) return;
        this.told = [...this.told, { kind: 'readers', space: news.space, added: news.added, removed: news.removed }];
        return;
      case 'deviceRemoved':
        this.deviceRemoved = true;
        return;
      case 'deviceIdle':
        this.deviceIdle = true;
        return;
      case 'factorRequired':
        this.factorRequired = true;
        return;
      case 'idleRemoved':
        this.idleRemoved += news.devices.length;
        return;
      // The space itself says all of these (`confirmed`, `needsConsent`, `waiting`, a message's `refused`).
      case 'confirmed':
      case 'readersChanged':
      case 'refused':
      case 'handedBack':
        return;
    }
  }

  #applyStatus(status: Status): void {
    // A connection that was made since proves the browser wrong.
    if (status.online && !this.status.online) this.cutOff = false;
    if (status.online) this.deviceIdle = this.factorRequired = false;
    this.status = status;
    // Nothing readable stays behind a lock or after signing out.
    if (status.phase !== 'open') {
      this.spaces.clear();
      this.told = [];
      this.restored = null;
      this.#ownId = null;
      // What nobody looks at any more would keep its last value.
      void this.conversations;
      void this.own;
    }
    if (status.phase === 'blank') this.deviceRemoved = this.deviceIdle = this.factorRequired = false;
  }

  /** Finds or founds the space of one's own. */
  async ensureOwn(port: Port): Promise<SpaceId> {
    this.#ownId ??= this.own?.id ?? (await port.ask('ownSpace'));
    return this.#ownId;
  }

  /** Nothing readable stays, whatever the engine still says. */
  forget(): void {
    this.#applyStatus(starting);
  }

  putAway(told: Told): void {
    this.told = this.told.filter((other) => other !== told);
  }

  putAwayRestored(): void {
    this.restored = null;
  }
}

/** When something last happened here, by the server's clock where it has one. */
function latest(space: SpaceView): number {
  return space.last?.storedAt ?? space.last?.sentAt ?? space.eraAt ?? 0;
}

/** The others in a space. */
export function others(space: SpaceView): MemberView[] {
  return space.members.filter((member) => !member.me);
}

/** The therapist of a care space, as seen by its client. */
export function therapistOf(space: SpaceView): MemberView | null {
  const there = others(space);
  return there.find((one) => one.role === 'therapist' || one.role === 'owner_therapist') ?? there[0] ?? null;
}

/** Whether somebody in this role treats clients. */
export function treats(role: string | undefined): boolean {
  return role === 'therapist' || role === 'owner_therapist' || role === 'prescriber';
}

/** Whether somebody in this role runs the practice. */
export function owns(role: string | undefined): boolean {
  return role === 'owner' || role === 'owner_therapist';
}
