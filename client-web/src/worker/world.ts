/**
 * What surrounds an engine.
 *
 * Owns the borders of everything that tests replace. Refuses to know how browsers do it (`main.ts` does).
 */

import type { CoreModule } from '../core/api';
import type { News } from '../port/port';
import type { End, OnChannel } from './messages';
import type { Carried, Disk } from './rows';
import type { Net } from './socket';

export interface World {
  /** Of this worker; leaders are told apart by it. */
  readonly id: string;
  /** Takes the lead in what is stored. `lost`: the browser has closed it. */
  openDisk(lost: () => void): Promise<Disk>;
  readonly net: Net;
  /** Of this page, and so of the server. */
  readonly origin: string;
  /** The core's code; rejects when it cannot be fetched. */
  module(): Promise<CoreModule>;
  /** Removes what is left of an account: the database itself, and what the app keeps in caches. */
  forget(): Promise<void>;
}

/** Who hears what an engine tells. */
export interface Above {
  news(news: News): void;
  end(why: End, carried?: Carried): void;
}

/** Of `LockManager`, what is needed here. */
export type Locks = Pick<LockManager, 'request'>;

/** Reaches every other worker of this origin. */
export interface Channel {
  post(message: OnChannel): void;
  hear(listener: (message: OnChannel) => void): void;
  close(): void;
}
