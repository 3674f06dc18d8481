/**
 * Asks that the core answers.
 *
 * Owns which command an ask becomes and which event answers it. Refuses to know tabs, locks and the disk. Invariants:
 * of the commands that can fail one at a time is under way, because the core does not say whose failure it tells; what
 * needs the connection fails with it instead of waiting for ever.
 */

import type { Command, Event } from '../core/api';
import type { SpaceId } from '../core/types';
import { PortError, type AskKind, type Asks } from '../port/port';
import type { Host } from './host';

/** How long an ask waits for the connection, and for its answer. */
const CONNECT_MS_MAX = 15_000;
const ANSWER_MS_MAX = 30_000;
const SYNC_MS_MAX = 60_000;

/** What only the engine can answer. */
export type EngineAsk =
  | 'status'
  | 'setup'
  | 'join'
  | 'login'
  | 'recover'
  | 'sheet'
  | 'generatePassphrase'
  | 'strength'
  | 'unlock'
  | 'lock'
  | 'active'
  | 'signOut';
export type CoreAsk = Exclude<AskKind, EngineAsk>;
type Answerers = { [K in CoreAsk]: (ask: Asks[K]['ask']) => Promise<Asks[K]['answer']> };

interface Waiting {
  /** Undefined while the event answers nothing. */
  take(event: Event): { answer: unknown } | undefined;
  /** Takes failures. */
  fails: boolean;
  /** Forgotten by the core with the connection. */
  onLine: boolean;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

interface Terms {
  fails?: boolean;
  onLine?: boolean;
  ms?: number;
}

export class Commands {
  readonly #waiting = new Set<Waiting>();
  #lane: Promise<unknown> = Promise.resolve();
  #onLine = false;

  /** `origin`: of this page, the only server that this page may talk to. */
  constructor(
    private readonly host: Host,
    private readonly origin: string,
    private readonly changed: (space: SpaceId) => void,
  ) {}

  answer<K extends CoreAsk>(kind: K, ask: Asks[K]['ask']): Promise<Asks[K]['answer']> {
    return (this.#answerers[kind] as (ask: Asks[K]['ask']) => Promise<Asks[K]['answer']>)(ask);
  }

  /** Gives a command that makes an account here, and waits until it is there. */
  signIn(command: Extract<Command, { kind: 'setup' | 'join' | 'login' | 'recover' }>): Promise<void> {
    if ('link' in command) this.#checkLink(command.link);
    return this.#run(command, (event) => (event.kind === 'signedIn' ? { answer: undefined } : undefined), {
      fails: true,
    });
  }

  /** Hears every event of the core. */
  event(event: Event): void {
    if (event.kind === 'online') this.#onLine = true;
    if (event.kind === 'offline') this.#onLine = false;
    for (const waiting of [...this.#waiting]) {
      const taken = waiting.take(event);
      if (taken) this.#settle(waiting, () => waiting.resolve(taken.answer));
      else if (event.kind === 'failed' && waiting.fails) {
        const detail = event.retryAfterMs === null ? {} : { retryAfterMs: event.retryAfterMs };
        this.#settle(waiting, () => waiting.reject(new PortError(event.code, detail)));
      } else if (event.kind === 'offline' && waiting.onLine) {
        this.#settle(waiting, () => waiting.reject(new PortError('unreachable')));
      }
    }
    // An invitation whose asker has gone: nobody has its link, so nobody should be let in by it.
    if (event.kind === 'invitation' && !this.#invited.delete(event.id)) {
      void this.host.command({ kind: 'revoke', id: event.id }).catch(() => undefined);
    }
  }

  /** Whatever is waited for will not come. */
  fail(error: unknown): void {
    for (const waiting of [...this.#waiting]) this.#settle(waiting, () => waiting.reject(error));
  }

  readonly #invited = new Set<string>();

  readonly #answerers: Answerers = {
    peek: (ask) => {
      this.#checkLink(ask.link);
      const welcome = (event: Event) => {
        if (event.kind !== 'welcome') return undefined;
        const { kind: _, ...answer } = event;
        return { answer };
      };
      return this.#run({ kind: 'peek', ...ask }, welcome, { fails: true });
    },
    peekSetup: (ask) => {
      this.#checkLink(ask.link);
      const open = (event: Event) => (event.kind === 'setupOpen' ? { answer: undefined } : undefined);
      return this.#run({ kind: 'peekSetup', ...ask }, open, { fails: true });
    },
    spaces: () => this.host.look((core) => core.spaces()),
    page: ({ space, start, count }) => this.host.look((core) => core.page(space, start, count)),
    devices: () => this.host.look((core) => core.devices()),
    invitations: () => this.host.look((core) => core.invitations()),
    write: (ask) =>
      this.#run({ kind: 'write', ...ask }, (event) =>
        event.kind === 'queued' && event.id.record === ask.id ? { answer: event.id } : undefined,
      ),
    keepDraft: (ask) => this.#local({ kind: 'keepDraft', ...ask }),
    markRead: (ask) => this.#local({ kind: 'markRead', ...ask }),
    acceptReaders: (ask) => this.#local({ kind: 'acceptReaders', ...ask }),
    ownSpace: () => this.#ownSpace(),
    invite: async (ask) => {
      await this.#line();
      return this.#run(
        { kind: 'invite', ...ask },
        (event) => {
          if (event.kind !== 'invitation') return undefined;
          this.#invited.add(event.id);
          return { answer: { id: event.id, link: event.link } };
        },
        { fails: true, ms: SYNC_MS_MAX },
      );
    },
    revoke: (ask) =>
      this.#remote({ kind: 'revoke', ...ask }, (event) =>
        event.kind === 'revoked' && event.id === ask.id ? { answer: undefined } : undefined,
      ),
    renameDevice: (ask) => this.host.command({ kind: 'renameDevice', ...ask }),
    wake: (ask) => this.#stepUp({ kind: 'wake', ...ask }, 'woken'),
    removeDevice: (ask) =>
      this.#run(
        { kind: 'removeDevice', ...ask },
        (event) => (event.kind === 'deviceGone' && event.device === ask.device ? { answer: undefined } : undefined),
        { fails: true },
      ),
    changePassword: (ask) => this.#stepUp({ kind: 'changePassword', ...ask }, 'passwordChanged'),
    makeSheet: (ask) => this.#stepUp({ kind: 'makeSheet', ...ask }, 'sheet'),
    sheetKept: () => this.host.command({ kind: 'sheetKept' }),
    removeLost: (ask) => this.#stepUp({ kind: 'removeLost', ...ask }, 'passwordChanged'),
    reopen: (ask) => this.#stepUp({ kind: 'reopen', ...ask }, 'reopened'),
    // Not in the lane: what is in it waits for this.
    showCode: (ask) => this.host.command({ kind: 'showCode', ...ask }),
    showPasskey: (ask) => this.host.command({ kind: 'showPasskey', ...ask }),
    stopFactor: () => this.host.command({ kind: 'stopFactor' }),
    offerTotp: () =>
      this.#run({ kind: 'offerTotp' }, (event) =>
        event.kind === 'totpOffered' ? { answer: event.secret } : undefined,
      ),
    addTotp: (ask) => this.#stepUp({ kind: 'addTotp', ...ask }, 'factors'),
    removeFactor: (ask) => this.#stepUp({ kind: 'removeFactor', ...ask }, 'factors'),
    requireFactors: (ask) =>
      this.#remote({ kind: 'requireFactors', ...ask }, (event) =>
        event.kind === 'factorsRequired' && event.required === ask.required ? { answer: undefined } : undefined,
      ),
    people: () =>
      this.#remote({ kind: 'people' }, (event) => (event.kind === 'people' ? { answer: event.people } : undefined)),
    glance: () =>
      this.#remote({ kind: 'glance' }, (event) =>
        event.kind === 'glance' ? { answer: { tables: event.tables } } : undefined,
      ),
    pushKey: () =>
      this.#remote({ kind: 'pushKey' }, (event) => (event.kind === 'pushKey' ? { answer: event.key } : undefined)),
    pushTo: (ask) =>
      this.#remote({ kind: 'pushTo', ...ask }, (event) =>
        event.kind === 'pushSet' ? { answer: undefined } : undefined,
      ),
    exportBegin: ({ wanted }) =>
      this.#run(
        { kind: 'export', ...wanted },
        (event) =>
          event.kind === 'exportBegun' ? { answer: { export: event.export, contents: event.contents } } : undefined,
        { fails: true },
      ),
    exportMore: (ask) =>
      this.#run(
        { kind: 'exportMore', ...ask },
        (event) => {
          if (event.kind !== 'exportPiece' || event.export !== ask.export) return undefined;
          const { piece, done, of, last } = event;
          return { answer: { piece, done, of, last } };
        },
        { fails: true },
      ),
    exportStop: (ask) => this.host.command({ kind: 'exportStop', ...ask }),
    sync: () =>
      this.#run({ kind: 'sync' }, (event) => (event.kind === 'synced' ? { answer: undefined } : undefined), {
        ms: SYNC_MS_MAX,
      }),
  };

  /** Asks for the password at the server; the core says by itself when that can't be reached. */
  #stepUp(command: Command, done: Event['kind']): Promise<void> {
    return this.#run(command, (event) => (event.kind === done ? { answer: undefined } : undefined), { fails: true });
  }

  /** Done when it is stored. */
  async #local(command: Extract<Command, { space: SpaceId }>): Promise<void> {
    this.changed(command.space);
    await this.host.command(command);
  }

  async #ownSpace(): Promise<SpaceId> {
    const known = await this.host.look((core) => core.ownSpace());
    if (known !== null) return known;
    const founded = this.#wait((event) => (event.kind === 'spaceAdded' ? { answer: undefined } : undefined), {
      ms: ANSWER_MS_MAX,
    });
    // Founding twice is founding once, so whoever comes second waits for the same space.
    founded.promise.catch(() => undefined);
    try {
      await this.host.command({ kind: 'foundOwn' });
    } catch (error) {
      founded.reject(error);
      throw error;
    }
    const soon = await this.host.look((core) => core.ownSpace());
    if (soon !== null) {
      founded.resolve();
      return soon;
    }
    await founded.promise;
    return this.#ownSpace();
  }

  async #remote<T>(command: Command, take: (event: Event) => { answer: T } | undefined): Promise<T> {
    await this.#line();
    return this.#run(command, take, { fails: true, onLine: true, ms: ANSWER_MS_MAX });
  }

  /** Waits for the connection, for a little while. */
  async #line(): Promise<void> {
    if (this.#onLine) return;
    const online = this.#wait((event) => (event.kind === 'online' ? { answer: undefined } : undefined), {
      ms: CONNECT_MS_MAX,
    });
    await online.promise;
  }

  async #run<T>(command: Command, take: (event: Event) => { answer: T } | undefined, terms: Terms = {}): Promise<T> {
    if (!terms.fails) return this.#runNow(command, take, terms);
    const before = this.#lane;
    const run = before.then(() => this.#runNow(command, take, terms));
    this.#lane = run.catch(() => undefined);
    return run;
  }

  async #runNow<T>(command: Command, take: (event: Event) => { answer: T } | undefined, terms: Terms): Promise<T> {
    const waiting = this.#wait(take, terms);
    this.host.command(command).catch(waiting.reject);
    return waiting.promise as Promise<T>;
  }

  #wait(take: Waiting['take'], { fails = false, onLine = false, ms }: Terms) {
    let settle!: Pick<Waiting, 'resolve' | 'reject'>;
    const promise = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }));
    const waiting: Waiting = { take, fails, onLine, ...settle };
    this.#waiting.add(waiting);
    const timer =
      ms === undefined
        ? undefined
        : setTimeout(() => this.#settle(waiting, () => waiting.reject(new PortError('unreachable'))), ms);
    const end = () => clearTimeout(timer);
    promise.then(end, end);
    return {
      promise,
      resolve: () => this.#settle(waiting, () => waiting.resolve(undefined)),
      reject: (error: unknown) => this.#settle(waiting, () => waiting.reject(error)),
    };
  }

  #settle(waiting: Waiting, how: () => void): void {
    if (this.#waiting.delete(waiting)) how();
  }

  /** What is no link at all, the core says. */
  #checkLink(link: string): void {
    let origin: string;
    try {
      origin = new URL(link.trim()).origin;
    } catch {
      return;
    }
    if (origin !== 'null' && origin !== this.origin) throw new PortError('link_elsewhere');
  }
}
