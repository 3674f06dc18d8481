/**
 * The port as the app uses it: the tab's side of its worker.
 *
 * Owns the worker's life and what it has been asked. Refuses to know which worker leads and what asks mean. Invariants:
 * every ask is answered once; a worker that ended is followed by another, which is asked what is still unanswered,
 * unless that could be done twice; one that keeps crashing is not started for ever.
 */

import type { Outcome, ToTab, ToWorker } from '../worker/messages';
import { isRepeatable } from '../worker/messages';
import type { Carried } from '../worker/rows';
import { PortError, type AskKind, type Asks, type News, type Port, type Status } from './port';

const MINUTE_MS = 60_000;
/** Crashes in a minute after which a worker only says so. */
const CRASHES_MAX = 3;
/** Ends of any sort in a minute, lest worker and browser play ball. */
const ENDS_MAX = 20;
/** Whoever leaves in a hurry is not kept for longer. */
const LEAVE_MS = 1_000;
/** That somebody is there need not be said more often. */
const ACTIVE_MS = 5_000;

/** Of `Worker`, what is needed here. */
export interface WorkerLike {
  postMessage(message: ToWorker): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<ToTab>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** What a tab can do for its port. */
export interface Tab {
  startWorker(): WorkerLike;
  /** Whether the browser promises to keep what is stored; asks for it. */
  askToKeep(): Promise<boolean>;
  /** She has signed out: what only the tab can remove, goes. */
  signedOut(): Promise<void>;
  /** Calls when the tab comes to the front or the network comes back. */
  onNudge(nudge: () => void): void;
  /** Calls when a newer version of the app waits. */
  onUpdate(ready: () => void): void;
}

interface Pending {
  kind: AskKind;
  ask: unknown;
  /** A leader may have begun with it. */
  given: boolean;
  resolve(answer: never): void;
  reject(error: PortError): void;
}

const STARTING: Status = {
  phase: 'starting',
  broken: null,
  online: false,
  account: null,
  locked: null,
  storage: 'kept',
  clockOffMs: null,
  restored: false,
  secondStep: null,
  sheetWaiting: false,
  updateReady: false,
};

export class WorkerPort implements Port {
  #worker: WorkerLike | undefined;
  #status = STARTING;
  #kept: boolean | undefined;
  #updateReady = false;
  #next = 1;
  #activeAt = -Infinity;
  #crashes: number[] = [];
  #ends: number[] = [];
  #safe = false;
  #left = false;
  /** What the last worker had in memory only, sealed. */
  #carried: Carried | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(news: News) => void>();

  constructor(private readonly tab: Tab) {
    this.#start();
    tab.onNudge(() => this.#worker?.postMessage({ t: 'nudge' }));
    tab.onUpdate(() => {
      this.#updateReady = true;
      this.#tellStatus();
    });
  }

  async ask<K extends AskKind>(
    kind: K,
    ...ask: Asks[K]['ask'] extends void ? [] : [Asks[K]['ask']]
  ): Promise<Asks[K]['answer']> {
    if (kind === 'active') {
      const now = Date.now();
      if (Math.abs(now - this.#activeAt) < ACTIVE_MS) return undefined as Asks[K]['answer'];
      this.#activeAt = now;
    }
    if (!this.#worker) {
      if (kind === 'status') return this.#view() as Asks[K]['answer'];
      throw new PortError('crashed');
    }
    const answer = await this.#post<Asks[K]['answer']>(kind, ask[0]);
    return kind === 'status' ? (this.#heardStatus(answer as Status) as Asks[K]['answer']) : answer;
  }

  listen(hear: (news: News) => void): () => void {
    const listener = (news: News) => hear(news);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async leave(): Promise<void> {
    const { phase, storage } = this.#status;
    this.#left = true;
    if (phase === 'open') {
      // Where nothing is kept, locking would keep it in this tab.
      const gone = storage === 'borrowed' ? this.#post('signOut', { anyway: true }) : this.#post('lock', undefined);
      const late = new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
      await Promise.race([gone.catch(() => undefined), late]);
    }
    this.#worker?.terminate();
    this.#worker = this.#carried = undefined;
    this.#giveUp();
  }

  #post<T>(kind: AskKind, ask: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = this.#next++;
      this.#pending.set(id, { kind, ask, given: false, resolve, reject });
      this.#worker?.postMessage({ t: 'ask', id, kind, ask });
    });
  }

  #start(): void {
    let worker: WorkerLike;
    try {
      worker = this.tab.startWorker();
    } catch {
      return this.#giveUp();
    }
    this.#worker = worker;
    worker.onmessage = ({ data }) => {
      if (worker === this.#worker) this.#heard(data);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      if (worker === this.#worker) this.#ended(true);
    };
    const carried = this.#carried;
    worker.postMessage(carried ? { t: 'start', safe: this.#safe, carried } : { t: 'start', safe: this.#safe });
    for (const [id, pending] of [...this.#pending]) {
      if (pending.given && !isRepeatable(pending.kind)) {
        this.#outcome(id, { ok: false, code: 'crashed', detail: {} });
      } else {
        pending.given = false;
        worker.postMessage({ t: 'ask', id, kind: pending.kind, ask: pending.ask });
      }
    }
  }

  #heard(message: ToTab): void {
    switch (message.t) {
      case 'given': {
        const pending = this.#pending.get(message.id);
        if (pending) pending.given = true;
        return;
      }
      case 'outcome':
        return this.#outcome(message.id, message.outcome);
      case 'news':
        if (message.news.kind === 'status') this.#heardStatus(message.news.status);
        else this.#tell(message.news);
        return;
      case 'end':
        if (message.why === 'signedOut') {
          // What crashed is gone with the rest.
          this.#crashes = [];
          void this.tab.signedOut();
        }
        this.#carried = message.carried;
        return this.#ended(message.why === 'crashed');
    }
  }

  #ended(crashed: boolean): void {
    const now = Date.now();
    const recent = (at: number) => Math.abs(now - at) < MINUTE_MS;
    this.#ends = [...this.#ends.filter(recent), now];
    if (crashed) this.#crashes = [...this.#crashes.filter(recent), now];
    this.#worker?.terminate();
    this.#worker = undefined;
    if (this.#left) return;
    if (this.#safe && crashed) return this.#giveUp();
    this.#safe = this.#crashes.length >= CRASHES_MAX || this.#ends.length >= ENDS_MAX;
    this.#start();
  }

  /** Not even a worker that does nothing stays alive. */
  #giveUp(): void {
    this.#worker = undefined;
    for (const id of [...this.#pending.keys()]) this.#outcome(id, { ok: false, code: 'crashed', detail: {} });
    this.#status = { ...STARTING, phase: 'broken', broken: 'crashed' };
    this.#tellStatus();
  }

  #outcome(id: number, outcome: Outcome): void {
    const pending = this.#pending.get(id);
    if (!this.#pending.delete(id) || !pending) return;
    if (outcome.ok) pending.resolve(outcome.answer as never);
    else pending.reject(new PortError(outcome.code, outcome.detail));
  }

  #heardStatus(status: Status): Status {
    const before = JSON.stringify(this.#view());
    this.#status = status;
    if (status.phase === 'open' && status.storage !== 'blocked' && status.storage !== 'borrowed') this.#askToKeep();
    if (JSON.stringify(this.#view()) !== before) this.#tellStatus();
    return this.#view();
  }

  #askToKeep(): void {
    if (this.#kept !== undefined) return;
    this.#kept = true;
    void this.tab.askToKeep().then((kept) => {
      this.#kept = kept;
      if (!kept) this.#tellStatus();
    });
  }

  /** What the worker says, and what only the tab knows. */
  #view(): Status {
    const clearable = this.#kept === false && this.#status.storage === 'kept';
    return {
      ...this.#status,
      storage: clearable ? 'clearable' : this.#status.storage,
      updateReady: this.#updateReady,
    };
  }

  #tellStatus(): void {
    this.#tell({ kind: 'status', status: this.#view() });
  }

  #tell(news: News): void {
    if (this.#left) return;
    for (const hear of [...this.#listeners]) hear(news);
  }
}
