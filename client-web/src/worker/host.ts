/**
 * Drives a core: carries out what it asks for, and tells it what happened.
 *
 * Owns the loop between the state machine and its surroundings. Refuses to know frames, contents and asks. Invariants:
 * outputs are carried out in order; a batch is on disk before the core hears that it is, and before anything that
 * follows it; meanwhile the core takes in what the server says, as long as nobody waits to look at it; after a failure of the disk nothing more goes in or out, because the core is then ahead of what is
 * stored; the core is looked at only when it is idle, so nobody is shown what a reload would lose.
 */

import type { Change, Command, Core, Event, Output } from '../core/api';
import { refusalOf } from './errors';
import type { Disk } from './rows';
import type { Connection, Net } from './socket';

/** Frames that wait for a core that is busy. A server that sends more has its connection closed, and is asked again. */
const FRAMES_WAITING_MAX = 4096;
/** For so long frames go into a core that is ahead of the disk; then it comes to rest, so that it can be looked at. */
const AHEAD_MS_MAX = 250;
/** The longest time a timer can be set to. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export interface HostHooks {
  /** In order, each when what it follows from is stored. */
  event(event: Event): void;
  /** The core is idle and may be looked at; `busy` when more is waiting to go in. */
  idle(core: Core, busy: boolean): void;
  stored(): void;
  /** The host is finished: its disk failed, or its core crashed. */
  failed(error: unknown): void;
}

type Job = () => Promise<void>;

/** Something that arrived. */
interface Arrival {
  job: Job;
  /** Of a frame: tells it to the core, and nothing else. */
  frame?: () => void;
}

/** Something asked, and how to say that it will not be done. */
interface Ask {
  job: Job;
  reject(error: unknown): void;
}

export class Host {
  /** What people ask comes first, then what the server says, then the clock, so that a core that was busy for long
   * hears everything before it is told how late it is. */
  readonly #asks: Ask[] = [];
  readonly #arrivals: Arrival[] = [];
  /** A batch is being stored; done when the core has heard of it, or of its failure. */
  #storing: Promise<void> | undefined;
  #storeFailed: { error: unknown } | undefined;
  #restedAt = 0;
  /** Something arrived while a batch is being stored. */
  #stir: (() => void) | undefined;
  /** Refuses the ask under way. */
  #asking: ((error: unknown) => void) | undefined;
  #due = false;
  #running = false;
  #finished: { error: unknown } | undefined;
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped: (() => void) | undefined;

  constructor(
    private readonly core: Core,
    private readonly disk: Disk,
    private readonly net: Net,
    private readonly hooks: HostHooks,
  ) {}

  /** Carries out what the core wants from the start. */
  start(): Promise<void> {
    return this.#ask(() => undefined);
  }

  /** Gives a command. Done when everything that follows at once is stored; what comes of it is told by events. */
  command(command: Command): Promise<void> {
    return this.#ask(() => this.core.command(command, Date.now()));
  }

  /** Looks at the core when it is idle. */
  look<T>(look: (core: Core) => T): Promise<T> {
    return this.#ask(() => look(this.core));
  }

  /** Ends the connection, waits for what is being stored, and does nothing afterwards. */
  async stop(error: unknown): Promise<void> {
    this.#finish(error);
    if (this.#running) await new Promise<void>((resolve) => (this.#stopped = resolve));
  }

  #ask<T>(task: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#finished) return reject(this.#finished.error);
      const job = async () => {
        this.#asking = reject;
        const outcome = settle(task);
        await this.#drain();
        this.#asking = undefined;
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      };
      this.#asks.push({ job, reject });
      this.#pump();
    });
  }

  #arrived(connection: Connection | undefined, tell: () => void, frame = false): void {
    if (this.#finished) return;
    this.#arrivals.push({
      job: async () => {
        if (connection !== this.#connection) return;
        this.#tell(tell);
        await this.#drain();
      },
      ...(frame && { frame: () => connection === this.#connection && this.#tell(tell) }),
    });
    this.#pump();
  }

  #pump(): void {
    this.#stir?.();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      for (let job = this.#next(); job; job = this.#next()) await job();
    } catch (error) {
      const first = !this.#finished;
      this.#finish(error);
      if (first) this.hooks.failed(error);
      // After the host's owner, who decides what becomes of the askers.
      this.#asking?.(error);
    } finally {
      this.#running = false;
      this.#stopped?.();
    }
  }

  #next(): Job | undefined {
    if (this.#finished) return undefined;
    const job = this.#asks.shift()?.job ?? this.#arrivals.shift()?.job;
    if (job || !this.#due) return job;
    this.#due = false;
    return async () => {
      this.#tell(() => this.core.wake(Date.now()));
      await this.#drain();
    };
  }

  /** Carries out what the core asks for until it is idle. */
  async #drain(): Promise<void> {
    for (;;) {
      if (this.#finished) await this.#storing;
      const ended = this.#storeFailed ?? this.#finished;
      if (ended) throw ended.error;
      const output = this.core.poll();
      if (output.kind !== 'idle') {
        await this.#carryOut(output);
      } else if (this.#storing) {
        await this.#meanwhile(this.#storing);
      } else {
        this.#wakeAt(output.wakeAt);
        this.#restedAt = performance.now();
        this.hooks.idle(this.core, this.#asks.length + this.#arrivals.length > 0);
        return;
      }
    }
  }

  /** While a batch is being stored: tells the core a frame, or waits. */
  async #meanwhile(storing: Promise<void>): Promise<void> {
    const [next] = this.#arrivals;
    const mayGoOn = this.#asks.length === 0 && performance.now() - this.#restedAt < AHEAD_MS_MAX;
    if (mayGoOn && next?.frame) {
      this.#arrivals.shift();
      next.frame();
      return;
    }
    const stirred = new Promise<void>((resolve) => (this.#stir = resolve));
    await (mayGoOn && !next ? Promise.race([storing, stirred]) : storing);
    this.#stir = undefined;
  }

  #store(batch: number, changes: readonly Change[]): void {
    const stored = () => {
      this.#storing = undefined;
      if (this.#finished) return;
      this.hooks.stored();
      this.#tell(() => this.core.stored(batch, Date.now()));
    };
    this.#storing = this.disk.put(changes).then(stored, (error: unknown) => {
      this.#storing = undefined;
      this.#storeFailed = { error };
    });
  }

  async #carryOut(output: Exclude<Output, { kind: 'idle' }>): Promise<void> {
    switch (output.kind) {
      case 'store':
        return this.#store(output.batch, output.changes);
      case 'load': {
        const rows = await this.disk.range(output.from, output.to);
        return this.#tell(() => this.core.loaded(rows, Date.now()));
      }
      case 'dial':
        return this.#dial(output.origin);
      case 'send':
        return this.#connection?.send(output.frame);
      case 'hangUp':
        this.#hangUp();
        return this.#tell(() => this.core.disconnected(Date.now()));
      case 'request':
        return this.#request(output.id, output.origin, output.body);
      case 'event':
        return this.hooks.event(output.event);
    }
  }

  /** Of anything but a command that the core will not take, it has changed nothing, and there is nothing to do. */
  #tell(tell: () => void): void {
    const outcome = settle(tell);
    if ('error' in outcome) console.debug('the core would not take an input:', refusalOf(outcome.error)?.code);
  }

  #dial(origin: string): void {
    this.#hangUp();
    const connection = this.net.dial(origin, {
      up: () => this.#arrived(connection, () => this.core.connected(Date.now())),
      frame: (bytes) => {
        if (this.#arrivals.length >= FRAMES_WAITING_MAX) this.#lose(connection);
        else this.#arrived(connection, () => this.core.frame(bytes, Date.now()), true);
      },
      lost: () => this.#lose(connection),
    });
    this.#connection = connection;
  }

  #lose(connection: Connection): void {
    this.#arrived(connection, () => {
      this.#hangUp();
      this.core.disconnected(Date.now());
    });
    connection.close();
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  #request(id: number, origin: string, body: Uint8Array): void {
    void this.net.request(origin, body).then((answer) => {
      if (this.#finished) return;
      this.#arrivals.push({
        job: async () => {
          this.#tell(() => this.core.response(id, answer, Date.now()));
          await this.#drain();
        },
      });
      this.#pump();
    });
  }

  #wakeAt(at: number | null): void {
    clearTimeout(this.#timer);
    if (at === null || this.#finished) return;
    const wait = Math.min(Math.max(at - Date.now(), 0), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#due = true;
      this.#pump();
    }, wait);
  }

  #finish(error: unknown): void {
    this.#finished ??= { error };
    clearTimeout(this.#timer);
    this.#hangUp();
    this.#arrivals.length = 0;
    for (const ask of this.#asks.splice(0)) ask.reject(error);
  }
}

type Settled<T> = { value: T } | { error: unknown };

/** A refusal is an outcome; anything else goes on as the disaster that it is. */
function settle<T>(task: () => T): Settled<T> {
  try {
    return { value: task() };
  } catch (error) {
    if (!refusalOf(error)) throw error;
    return { error };
  }
}
