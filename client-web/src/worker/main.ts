/**
 * The worker of a tab.
 *
 * Owns the worker's own beginning and end, and how a browser does what `World` asks. Refuses to know what happens in
 * between. Invariant: whatever goes wrong unseen ends the worker; its tab starts another.
 */

import { PREFERENCES_CACHE } from '../sw/names';
import type { OnChannel, ToTab, ToWorker } from './messages';
import { loadModule } from './module';
import { deleteDatabase, openDisk } from './rows';
import { Seat } from './seat';
import { BrowserNet } from './socket';
import type { Channel, World } from './world';

/** Of `DedicatedWorkerGlobalScope`, whose types do not go together with those of a page. */
interface WorkerScope {
  postMessage(message: ToTab): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  addEventListener(type: 'unhandledrejection', listener: (event: PromiseRejectionEvent) => void): void;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

class BrowserChannel implements Channel {
  readonly #channel = new BroadcastChannel('sotto-engine');

  post(message: OnChannel): void {
    this.#channel.postMessage(message);
  }

  hear(listener: (message: OnChannel) => void): void {
    this.#channel.onmessage = ({ data }: MessageEvent<OnChannel>) => listener(data);
  }

  close(): void {
    this.#channel.close();
  }
}

/** In some private modes even looking at it throws. */
function database(): IDBFactory | undefined {
  try {
    return globalThis.indexedDB;
  } catch {
    return undefined;
  }
}

// Fetched and compiled while she types her password.
let loading = loadModule();
// Whoever needs it hears of the failure, and has it fetched again.
loading.catch(() => undefined);

const id = crypto.randomUUID();
const world: World = {
  id,
  openDisk: (lost) => openDisk(database(), id, lost),
  net: new BrowserNet(location.origin),
  origin: location.origin,
  module: () => (loading = loading.catch(loadModule)),
  forget: async () => {
    await deleteDatabase(database());
    try {
      await caches.delete(PREFERENCES_CACHE);
    } catch {
      // Where nothing may be kept, nothing is there.
    }
  },
};

const seat = new Seat(world, navigator.locks, new BrowserChannel(), (message) => {
  scope.postMessage(message);
  if (message.t === 'end') scope.close();
});
scope.addEventListener('message', ({ data }) => seat.hear(data));
scope.addEventListener('error', (event) => crashed(event, event.error));
scope.addEventListener('unhandledrejection', (event) => crashed(event, event.reason));

/** Told once, and by name only: a message may hold what somebody wrote. */
function crashed(event: Event, error: unknown): void {
  event.preventDefault();
  console.error('the engine crashed:', error instanceof Error ? error.name : typeof error);
  seat.crashed();
}
