/**
 * What is kept in this browser: the core's sealed rows, and a few notes of the engine's own.
 *
 * Owns IndexedDB. Refuses to know what is in a row. Invariants: a batch is stored whole or not at all, and is on the
 * disk before `put` is done; every write checks, inside its own transaction, that this worker is the newest leader, so
 * that one that was frozen and wakes up cannot write over its successor's work.
 */

import type { Change, Row } from '../core/api';
import { DiskError } from './errors';
import type { NextLock } from './relock';

export const DATABASE = 'sotto';
const VERSION = 1;
const ROWS = 'rows';
const NOTES = 'notes';
/** Rows under this prefix are not given to the core at start; it asks for them. */
const LAZY_FROM = new TextEncoder().encode('log/');
const LAZY_TO = new TextEncoder().encode('log0');
/** Rows of records not yet on the server: their names can be counted while locked. */
const OUTBOX_FROM = new TextEncoder().encode('out/');
const OUTBOX_TO = new TextEncoder().encode('out0');
/** Some browsers never answer when they do not let a page store. */
const OPEN_MS_MAX = 10_000;

/** The storage key under a key of Web Crypto that cannot be read out. */
export interface WrappedKey {
  by: CryptoKey;
  iv: Uint8Array<ArrayBuffer>;
  wrapped: Uint8Array<ArrayBuffer>;
}

/** What the engine notes beside the rows. None of it is secret but `wrapped`, which exists only while unlocked. */
export interface Notes {
  fence: { leader: string; number: number };
  wrapped: WrappedKey;
  /** The storage key under the password. */
  sealed: Uint8Array;
  /** The same under a password that was sent to the server, while it is not known whether it holds (`relock.ts`). */
  next: NextLock;
  /** This device was removed from the account, and has been locked for that. */
  removed: boolean;
  /** Whose browser this is. */
  owner: { handle: string; practice: string };
  /** Everything was fetched since signing in here. */
  restored: boolean;
  idle: { activeAt: number; lockAfterMs: number };
  attempts: { failures: number; at: number };
}

/** What is kept nowhere but in memory. The rows are as the core sealed them, so whoever passes them on reads nothing. */
export interface Carried {
  rows: Row[];
  notes: Partial<Notes>;
  /** By choice, and not because the browser stores nothing. */
  borrowed: boolean;
}

/** Notes to set, or with `null` to delete. */
export type NoteChanges = { [N in keyof Notes]?: Notes[N] | null };

export interface Disk {
  /** Nothing here outlives the worker. */
  readonly inMemory: boolean;
  /** What a core is opened with: all rows but the lazy ones. */
  eager(): Promise<Row[]>;
  /** Rows from the first name (included) to the second (excluded), in order. */
  range(from: Uint8Array, to: Uint8Array): Promise<Row[]>;
  put(changes: readonly Change[]): Promise<void>;
  notes(): Promise<Partial<Notes>>;
  note(changes: NoteChanges): Promise<void>;
  /** How many records wait to be sent. */
  waiting(): Promise<number>;
  /** Empties everything and closes. */
  erase(): Promise<void>;
  close(): void;
}

/** Opens the database and takes the lead in it. `lost` is called when the browser closes it by itself. */
export async function openDisk(factory: IDBFactory | undefined, leader: string, lost: () => void): Promise<Disk> {
  if (!factory) throw new DiskError('blocked');
  const database = await openDatabase(factory);
  const disk = new IndexedDisk(database, leader);
  database.onclose = lost;
  // Somebody else erases it.
  database.onversionchange = () => {
    database.close();
    lost();
  };
  await disk.lead();
  return disk;
}

/** Deletes even what `openDisk` could not open. Waits for nobody who still has it open: emptying it is what counts. */
export function deleteDatabase(factory: IDBFactory | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (!factory) return resolve();
    const request = factory.deleteDatabase(DATABASE);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
}

function openDatabase(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DiskError('blocked')), OPEN_MS_MAX);
    let request: IDBOpenDBRequest;
    try {
      request = factory.open(DATABASE, VERSION);
    } catch {
      clearTimeout(timer);
      reject(new DiskError('blocked'));
      return;
    }
    request.onupgradeneeded = () => {
      request.result.createObjectStore(ROWS);
      request.result.createObjectStore(NOTES);
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      // A later version of the app may have written it; that is not the browser's refusal.
      reject(request.error?.name === 'VersionError' ? request.error : new DiskError('blocked'));
    };
  });
}

class IndexedDisk implements Disk {
  readonly inMemory = false;

  constructor(
    private readonly database: IDBDatabase,
    private readonly leader: string,
  ) {}

  async lead(): Promise<void> {
    const transaction = this.#begin('readwrite');
    const notes = transaction.objectStore(NOTES);
    const current = notes.get('fence');
    current.onsuccess = () => {
      const number = ((current.result as Notes['fence'] | undefined)?.number ?? 0) + 1;
      notes.put({ leader: this.leader, number } satisfies Notes['fence'], 'fence');
    };
    await done(transaction);
  }

  async eager(): Promise<Row[]> {
    const transaction = this.#begin('readonly');
    const rows = transaction.objectStore(ROWS);
    const [before, after] = await Promise.all([
      all(rows, IDBKeyRange.upperBound(LAZY_FROM, true)),
      all(rows, IDBKeyRange.lowerBound(LAZY_TO)),
    ]);
    return [...before, ...after];
  }

  async range(from: Uint8Array, to: Uint8Array): Promise<Row[]> {
    if (compare(from, to) >= 0) return [];
    const rows = this.#begin('readonly').objectStore(ROWS);
    return all(rows, IDBKeyRange.bound(exact(from), exact(to), false, true));
  }

  put(changes: readonly Change[]): Promise<void> {
    return this.#fenced((transaction) => {
      const rows = transaction.objectStore(ROWS);
      for (const [key, value] of changes) {
        if (value) rows.put(exact(value), exact(key));
        else rows.delete(exact(key));
      }
    });
  }

  async notes(): Promise<Partial<Notes>> {
    const notes = this.#begin('readonly').objectStore(NOTES);
    const [keys, values] = await Promise.all([result(notes.getAllKeys()), result(notes.getAll())]);
    return Object.fromEntries(keys.map((key, at) => [String(key), values[at] as unknown])) as Partial<Notes>;
  }

  note(changes: NoteChanges): Promise<void> {
    return this.#fenced((transaction) => {
      const notes = transaction.objectStore(NOTES);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) notes.delete(name);
        else notes.put(value, name);
      }
    });
  }

  async waiting(): Promise<number> {
    const rows = this.#begin('readonly').objectStore(ROWS);
    return result(rows.count(IDBKeyRange.bound(OUTBOX_FROM, OUTBOX_TO, false, true)));
  }

  async erase(): Promise<void> {
    await this.#fenced((transaction) => {
      transaction.objectStore(ROWS).clear();
      transaction.objectStore(NOTES).clear();
    });
    this.close();
  }

  close(): void {
    this.database.onclose = null;
    this.database.onversionchange = null;
    this.database.close();
  }

  #begin(mode: IDBTransactionMode): IDBTransaction {
    try {
      return this.database.transaction([ROWS, NOTES], mode, { durability: 'strict' });
    } catch {
      // It was closed under our hands.
      throw new DiskError('lost');
    }
  }

  async #fenced(write: (transaction: IDBTransaction) => void): Promise<void> {
    const transaction = this.#begin('readwrite');
    let fenced = false;
    const fence = transaction.objectStore(NOTES).get('fence');
    fence.onsuccess = () => {
      fenced = (fence.result as Notes['fence'] | undefined)?.leader !== this.leader;
      if (fenced) transaction.abort();
    };
    // Handed over at once, so that the disk is at work while this worker is; whatever was written is undone by the abort.
    write(transaction);
    try {
      await done(transaction);
    } catch (error) {
      throw fenced ? new DiskError('fenced') : error;
    }
  }
}

/** Rows for a browser that stores nothing, or is not to: they live as long as the tab. */
export class MemoryDisk implements Disk {
  readonly inMemory = true;
  #rows: Row[];
  #notes: Partial<Notes>;

  constructor(carried: Pick<Carried, 'rows' | 'notes'> = { rows: [], notes: {} }) {
    this.#rows = carried.rows;
    this.#notes = carried.notes;
  }

  carry(borrowed: boolean): Carried {
    return { rows: this.#rows, notes: this.#notes, borrowed };
  }

  async eager(): Promise<Row[]> {
    return this.#rows.filter(([key]) => compare(key, LAZY_FROM) < 0 || compare(key, LAZY_TO) >= 0);
  }

  async range(from: Uint8Array, to: Uint8Array): Promise<Row[]> {
    return this.#rows.filter(([key]) => compare(key, from) >= 0 && compare(key, to) < 0);
  }

  async put(changes: readonly Change[]): Promise<void> {
    const names = new Map<string, Row>(this.#rows.map((row) => [row[0].join(), row]));
    for (const [key, value] of changes) {
      if (value) names.set(key.join(), [key.slice(), value.slice()]);
      else names.delete(key.join());
    }
    this.#rows = [...names.values()].sort(([a], [b]) => compare(a, b));
  }

  async notes(): Promise<Partial<Notes>> {
    return { ...this.#notes };
  }

  async note(changes: NoteChanges): Promise<void> {
    const set = Object.entries({ ...this.#notes, ...changes }).filter(([, value]) => value !== null);
    this.#notes = Object.fromEntries(set) as Partial<Notes>;
  }

  async waiting(): Promise<number> {
    return (await this.range(OUTBOX_FROM, OUTBOX_TO)).length;
  }

  async erase(): Promise<void> {
    this.#rows = [];
    this.#notes = {};
  }

  close(): void {}
}

async function all(rows: IDBObjectStore, range: IDBKeyRange): Promise<Row[]> {
  const [keys, values] = await Promise.all([result(rows.getAllKeys(range)), result(rows.getAll(range))]);
  return keys.map((key, at) => [new Uint8Array(key as ArrayBuffer), values[at] as Uint8Array]);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(troubleOf(request.error));
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(troubleOf(transaction.error));
  });
}

function troubleOf(error: DOMException | null): DiskError {
  return new DiskError(error?.name === 'QuotaExceededError' ? 'full' : 'lost');
}

/** A view on a larger buffer would be stored with all of that buffer. */
function exact(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.slice();
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
