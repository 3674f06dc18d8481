/**
 * A browser for tests: tabs, workers, locks, a channel, a net and one database.
 */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { WorkerPort, type Tab, type WorkerLike } from '../../port/worker-port';
import type { News, Status } from '../../port/port';
import type { OnChannel, ToTab, ToWorker } from '../messages';
import { deleteDatabase, openDisk, type Disk } from '../rows';
import { Seat } from '../seat';
import type { Connection, Heard, Net } from '../socket';
import type { Channel, Locks, World } from '../world';
import { Outside } from './fake-core';

const patienceMs = 4000;

/** Waits for something; a busy machine may take its turns slowly, so it is the clock that gives up. */
export async function until<T>(look: () => T | undefined | false | null, what = 'it never came'): Promise<T> {
  const givesUpAt = performance.now() + patienceMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (performance.now() > givesUpAt) throw new Error(what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

class FakeLocks {
  /** As where nothing may be stored. */
  denied = false;
  #holder: { id: string; lose: (error: unknown) => void } | undefined;
  readonly #waiting: { id: string; grant: () => void }[] = [];

  /** As the worker `id` sees it. */
  of(id: string): Locks {
    const request = (_name: string, options: LockOptions, task: () => Promise<unknown> | undefined) =>
      new Promise((resolve, reject) => {
        if (this.denied) return reject(new DOMException('denied', 'SecurityError'));
        const grant = () => {
          this.#holder = { id, lose: reject };
          void Promise.resolve(task()).then((value) => {
            if (this.#holder?.lose === reject) this.release(id);
            resolve(value);
          });
        };
        if (options.steal) {
          this.#holder?.lose(new DOMException('stolen', 'AbortError'));
          return grant();
        }
        options.signal?.addEventListener('abort', () => {
          const at = this.#waiting.findIndex((waiting) => waiting.grant === grant);
          // A lock that was granted stays granted.
          if (at < 0) return;
          this.#waiting.splice(at, 1);
          reject(new DOMException('aborted', 'AbortError'));
        });
        if (this.#holder) this.#waiting.push({ id, grant });
        else grant();
      });
    return { request } as unknown as Locks;
  }

  /** The worker is gone. */
  release(id: string): void {
    this.#waiting.splice(0, Infinity, ...this.#waiting.filter((waiting) => waiting.id !== id));
    if (this.#holder?.id !== id) return;
    this.#holder = undefined;
    this.#waiting.shift()?.grant();
  }
}

class FakeNet implements Net {
  heard: Heard | undefined;
  readonly sent: string[] = [];
  dials = 0;

  dial(_origin: string, heard: Heard): Connection {
    this.dials += 1;
    this.heard = heard;
    let open = true;
    const still = (tell: () => void) => open && tell();
    this.heard = {
      up: () => still(heard.up),
      frame: (bytes) => still(() => heard.frame(bytes)),
      lost: () => still(heard.lost),
    };
    return {
      send: (frame) => open && this.sent.push(new TextDecoder().decode(frame)),
      close: () => void (open = false),
    };
  }

  async request(): Promise<undefined> {
    return undefined;
  }
}

/** One worker, which can be frozen, crash, or go away with its tab. */
export class FakeWorker implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onerror: WorkerLike['onerror'] = null;
  readonly id = crypto.randomUUID();
  frozen = false;
  gone = false;
  readonly #seat: Seat;

  constructor(private readonly browser: FakeBrowser) {
    const channel: Channel = {
      post: (message) => !this.frozen && browser.broadcast(this, message),
      hear: (listener) => void (this.listener = listener),
      close: () => (this.listener = () => undefined),
    };
    const world: World = {
      id: this.id,
      openDisk: (lost) => browser.openDisk(this.id, lost),
      net: browser.net,
      origin: 'http://here',
      module: () => browser.module(),
      forget: () => deleteDatabase(browser.factory),
    };
    this.#seat = new Seat(world, browser.locks.of(this.id), channel, (message) => this.#toTab(message));
  }

  listener: (message: OnChannel) => void = () => undefined;

  postMessage(message: ToWorker): void {
    const copy = structuredClone(message);
    setImmediate(() => !this.gone && this.#seat.hear(copy));
  }

  /** As if an exception had gone uncaught. */
  crash(): void {
    this.#seat.crashed();
  }

  terminate(): void {
    this.gone = true;
    this.listener = () => undefined;
    this.browser.locks.release(this.id);
  }

  #toTab(message: ToTab): void {
    const copy = structuredClone(message);
    setImmediate(() => !this.frozen && this.onmessage?.({ data: copy } as MessageEvent<ToTab>));
  }
}

/** One tab with its port, and what it was told. */
export class FakeTab {
  readonly workers: FakeWorker[] = [];
  readonly news: News[] = [];
  readonly port: WorkerPort;
  signedOut = 0;
  kept = true;
  nudge: () => void = () => undefined;

  constructor(private readonly browser: FakeBrowser) {
    const tab: Tab = {
      startWorker: () => this.#startWorker(),
      askToKeep: async () => this.kept,
      signedOut: async () => void (this.signedOut += 1),
      onNudge: (nudge) => (this.nudge = nudge),
      onUpdate: () => undefined,
    };
    this.port = new WorkerPort(tab);
    this.port.listen((news) => this.news.push(news));
  }

  get worker(): FakeWorker {
    const worker = this.workers.at(-1);
    if (!worker) throw new Error('no worker');
    return worker;
  }

  get status(): Status | undefined {
    return this.news.flatMap((news) => (news.kind === 'status' ? [news.status] : [])).at(-1);
  }

  async phase(phase: Status['phase']): Promise<Status> {
    return until(() => (this.status?.phase === phase ? this.status : undefined), `phase ${phase} never came`);
  }

  close(): void {
    this.worker.terminate();
    this.worker.onmessage = null;
  }

  #startWorker(): FakeWorker {
    const worker = this.browser.worker();
    this.workers.push(worker);
    return worker;
  }
}

export class FakeBrowser {
  readonly outside = new Outside();
  readonly factory: IDBFactory = new IDBFactory();
  readonly locks = new FakeLocks();
  readonly net = new FakeNet();
  readonly #workers: FakeWorker[] = [];
  blocked = false;
  /** Wraps every disk that is opened. */
  spoil: (disk: Disk) => Disk = (disk) => disk;
  module: () => Promise<Outside['module']> = async () => this.outside.module;

  tab(): FakeTab {
    return new FakeTab(this);
  }

  worker(): FakeWorker {
    const worker = new FakeWorker(this);
    this.#workers.push(worker);
    return worker;
  }

  broadcast(from: FakeWorker, message: OnChannel): void {
    const copy = structuredClone(message);
    for (const worker of this.#workers) {
      if (worker !== from) setImmediate(() => !worker.gone && !worker.frozen && worker.listener(copy));
    }
  }

  async openDisk(id: string, lost: () => void): Promise<Disk> {
    return this.spoil(await openDisk(this.blocked ? undefined : this.factory, id, lost));
  }

  /** What a stranger would find in the browser's files, as text. */
  async files(): Promise<{ rows: string[]; notes: Record<string, unknown> }> {
    const known = await this.factory.databases();
    if (known.length === 0) return { rows: [], notes: {} };
    // Not by `openDisk`, which would take the lead.
    const database = await answer(this.factory.open('sotto'));
    const store = (name: string) => database.transaction(name).objectStore(name);
    const names = await answer(store('rows').getAllKeys());
    const values = await answer(store('rows').getAll());
    const rows = names.map((name, at) => `${decode(name)}=${decode(values[at])}`);
    const noteNames = await answer(store('notes').getAllKeys());
    const noteValues = (await answer(store('notes').getAll())) as unknown[];
    database.close();
    return { rows, notes: Object.fromEntries(noteNames.map((name, at) => [String(name), noteValues[at]])) };
  }
}

function decode(bytes: unknown): string {
  return new TextDecoder().decode(bytes as Uint8Array);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
