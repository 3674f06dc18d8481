/**
 * A tab's seat at the table: it leads, or it passes on.
 *
 * Owns the election, and what a tab has asked and not been answered. Refuses to know what asks mean. Invariants: at
 * most one worker leads a store, and one that is no longer the leader stops; an ask that no leader was given is never lost; one
 * that a leader may have begun with is asked again only if that is safe, and is answered `crashed` otherwise.
 */

import type { Asks } from '../port/port';
import { Engine } from './engine';
import { outcomeOf, Unanswered } from './errors';
import {
  isRepeatable,
  type Asked,
  type End,
  type OnChannel,
  type Outcome,
  type ToTab,
  type ToWorker,
} from './messages';
import type { Carried } from './rows';
import type { Channel, Locks, World } from './world';

const LOCK = 'sotto-engine';
/** How often a leader is asked whether it lives while an answer is due, and how often it may fail to say so. It says
 * nothing while it stretches a password, which takes seconds on an old phone. */
const PING_MS = 5_000;
const PINGS_MISSED_MAX = 4;
/** What an ending engine still has to answer gets so long. */
const LAST_WORDS_MS = 1_000;

interface Pending extends Asked {
  /** Some leader was given it, and may have begun. */
  given: boolean;
}

export class Seat {
  #engine: Engine | undefined;
  #leader: string | undefined;
  #safe = false;
  #ended = false;
  /** Nobody to follow and nobody to lead: the browser denies the lock, or nothing is stored that others could share. */
  #alone = false;
  /** She said that this isn't her computer. */
  #borrowed = false;
  #missed = 0;
  #release: (() => void) | undefined;
  #queued = new AbortController();
  readonly #pending = new Map<number, Pending>();
  readonly #answering = new Set<Promise<void>>();
  #ping: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly world: World,
    private readonly locks: Locks,
    private readonly channel: Channel,
    private readonly tab: (message: ToTab) => void,
  ) {
    channel.hear((message) => this.#heard(message));
  }

  /** From its tab. */
  hear(message: ToWorker): void {
    switch (message.t) {
      case 'start':
        this.#safe = message.safe;
        if (message.carried) this.#leaveTable(message.carried);
        else {
          this.#post({ t: 'hello', from: this.world.id });
          this.#queue();
        }
        this.#ping = setInterval(() => this.#checkLeader(), PING_MS);
        return;
      case 'ask': {
        const pending = { id: message.id, kind: message.kind, ask: message.ask, given: false };
        this.#pending.set(message.id, pending);
        if (message.kind === 'login' || message.kind === 'recover') {
          this.#chooseTable(message.ask as Asks['login' | 'recover']['ask']);
        }
        // A new engine has been given it already.
        return pending.given ? undefined : this.#forward(pending);
      }
      case 'nudge':
        if (this.#engine) this.#engine.nudge();
        else this.#post({ t: 'nudge' });
    }
  }

  /** The worker can go on no more. */
  crashed(): void {
    void this.#end('crashed');
  }

  #heard(message: OnChannel): void {
    if (this.#alone) return;
    const { id } = this.world;
    switch (message.t) {
      case 'hello':
        return this.#introduce();
      case 'lead':
        return this.#follow(message.leader);
      case 'ask':
        if (this.#engine && !this.#ended) this.#serve(this.#engine, message.from, message.asked);
        return;
      case 'outcome':
        return message.to === id ? this.#outcome(message.id, message.outcome) : undefined;
      case 'news':
        return this.#engine ? undefined : this.tab({ t: 'news', news: message.news });
      case 'nudge':
        return this.#engine?.nudge();
      case 'ping':
        return this.#engine && this.#post({ t: 'pong', to: message.from });
      case 'pong':
        if (message.to === id) this.#missed = 0;
    }
  }

  // Leading.

  #queue(steal = false): void {
    const options: LockOptions = steal ? { steal } : { signal: this.#queued.signal };
    let leads = false;
    const lead = () => {
      leads = true;
      return this.#lead();
    };
    this.locks.request(LOCK, options, lead).catch((error: unknown) => {
      // Taken away, after which nothing may be stored any more; or no longer waited for.
      if (leads) return void this.#engine?.fenced();
      // Where nothing may be stored, locks are denied as well: then no two workers can meet in one store.
      if (!(error instanceof DOMException && error.name === 'SecurityError')) return;
      this.#alone = true;
      void this.#lead();
    });
  }

  #post(message: OnChannel): void {
    if (!this.#alone) this.channel.post(message);
  }

  #lead(carried?: Carried): Promise<void> | undefined {
    if (this.#ended || this.#engine) return undefined;
    const held = new Promise<void>((resolve) => (this.#release = resolve));
    const engine = new Engine(this.world, {
      news: (news) => {
        this.tab({ t: 'news', news });
        this.#post({ t: 'news', news });
      },
      // One that was left behind ends unheard.
      end: (why, carried) => void (this.#engine === engine && this.#end(why, carried)),
    });
    this.#engine = engine;
    this.#leader = this.world.id;
    void engine.start(this.#safe, carried);
    this.#post({ t: 'lead', leader: this.world.id });
    this.#askAgain();
    return held;
  }

  #serve(engine: Engine, from: string, { id, kind, ask }: Asked): void {
    const mine = from === this.world.id;
    const answering = engine
      .ask(kind, ask)
      .then(
        (answer): Outcome => ({ ok: true, answer }),
        (error: unknown) => (error instanceof Unanswered ? undefined : outcomeOf(error)),
      )
      .then((outcome) => {
        this.#answering.delete(answering);
        if (!outcome) return;
        if (mine) this.#outcome(id, outcome);
        else this.#post({ t: 'outcome', to: from, id, outcome });
      });
    this.#answering.add(answering);
  }

  // Being on one's own.

  /** Where she signs in: on a computer that isn't hers in this tab alone, elsewhere at the table of all tabs. */
  #chooseTable({ borrowed = false }: Asks['login' | 'recover']['ask']): void {
    const phase = this.#engine?.status.phase;
    if (borrowed && !this.#borrowed && (phase === undefined || phase === 'blank')) {
      this.#leaveTable({ rows: [], notes: {}, borrowed });
    }
    // She took it back before she got in: the next worker finds a seat as any other.
    if (!borrowed && this.#borrowed && phase === 'blank') void this.#end('again');
  }

  #leaveTable(carried: Carried): void {
    const left = this.#engine;
    this.#borrowed = carried.borrowed;
    this.#alone = true;
    this.#queued.abort();
    this.#engine = undefined;
    const release = this.#release;
    void this.#lead(carried);
    // Nobody's so far; not even that is to stay behind.
    void left
      ?.fenced()
      .then(() => this.world.forget())
      .finally(() => release?.());
  }

  // Following.

  #introduce(): void {
    if (!this.#engine) return;
    this.#post({ t: 'lead', leader: this.world.id });
    this.#post({ t: 'news', news: { kind: 'status', status: this.#engine.status } });
  }

  #follow(leader: string): void {
    this.#missed = 0;
    if (this.#engine || leader === this.#leader) return;
    this.#leader = leader;
    this.#askAgain();
  }

  /** There is a new leader, who knows of nothing that was asked of the last one. */
  #askAgain(): void {
    for (const pending of [...this.#pending.values()]) {
      if (!pending.given || isRepeatable(pending.kind)) this.#forward(pending);
      else this.#outcome(pending.id, { ok: false, code: 'crashed', detail: {} });
    }
  }

  #forward(pending: Pending): void {
    const { id, kind, ask } = pending;
    // Without a leader it waits until there is one.
    if (!this.#leader || this.#ended) return;
    pending.given = true;
    this.tab({ t: 'given', id });
    if (this.#engine) this.#serve(this.#engine, this.world.id, { id, kind, ask });
    else this.#post({ t: 'ask', from: this.world.id, asked: { id, kind, ask } });
  }

  #outcome(id: number, outcome: Outcome): void {
    if (this.#pending.delete(id)) this.tab({ t: 'outcome', id, outcome });
  }

  /** A leader that does not answer for long, such as a tab that the browser has frozen, is replaced. */
  #checkLeader(): void {
    if (this.#engine || this.#ended || this.#pending.size === 0) {
      this.#missed = 0;
      return;
    }
    if (this.#missed >= PINGS_MISSED_MAX) {
      this.#missed = 0;
      this.#queued.abort();
      return this.#queue(true);
    }
    this.#missed += 1;
    this.#post({ t: 'ping', from: this.world.id });
  }

  async #end(why: End, carried?: Carried): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#ping);
    this.#queued.abort();
    if (this.#answering.size > 0) {
      const late = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS));
      await Promise.race([Promise.allSettled([...this.#answering]), late]);
    }
    this.#engine = undefined;
    this.#release?.();
    this.channel.close();
    // What was asked and not answered, the tab asks its next worker.
    this.tab(carried ? { t: 'end', why, carried } : { t: 'end', why });
  }
}
