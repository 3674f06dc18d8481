/**
 * Where the worker's time goes.
 *
 * Owns clocks around the core's functions, the database's writes and the socket, put there before the worker's own code
 * runs; the app itself has none. Every time is counted once: what the core does while the disk writes counts as the core's.
 */

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { workerOf } from './worker';

/** Runs in the worker, before anything else there. */
function clocks(): void {
  const scope = globalThis as unknown as { clocks: object };
  const times: Record<string, number> = {};
  const counts: Record<string, number> = { frames: 0, bytes: 0, writes: 0, rows: 0 };
  let begun = 0;
  let depth = 0;
  let writing = 0;
  let coreWhileWriting = 0;
  let writingSince = 0;
  const add = (name: string, ms: number) => (times[name] = (times[name] ?? 0) + ms);
  const around =
    (name: string, call: (...given: unknown[]) => unknown) =>
    (...given: unknown[]) => {
      const from = performance.now();
      depth += 1;
      try {
        return call(...given);
      } finally {
        depth -= 1;
        if (depth === 0) {
          const ms = performance.now() - from;
          add(name, ms);
          if (writing > 0) coreWhileWriting += ms;
        }
      }
    };
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const { module, instance } = await instantiate(...given);
    const timed = Object.entries(instance.exports).map(([name, one]) =>
      typeof one === 'function' && /^core_/.test(name) ? [name, around(name, one as never)] : [name, one],
    );
    return { module, instance: { exports: Object.fromEntries(timed) as WebAssembly.Exports } };
  };
  const transaction = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...given) {
    const made = transaction.apply(this, given);
    if (given[1] === 'readwrite') {
      counts['writes'] = (counts['writes'] ?? 0) + 1;
      if (writing === 0) writingSince = performance.now();
      writing += 1;
      const done = () => {
        writing -= 1;
        if (writing > 0) return;
        add('disk', performance.now() - writingSince - coreWhileWriting);
        coreWhileWriting = 0;
      };
      made.addEventListener('complete', done);
      made.addEventListener('abort', done);
    }
    return made;
  };
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    counts['rows'] = (counts['rows'] ?? 0) + 1;
    return put.apply(this, given);
  };
  const Socket = WebSocket;
  globalThis.WebSocket = class extends Socket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      // Signing in is over: what it took is not part of this.
      if (begun === 0) for (const name of Object.keys(times)) delete times[name];
      begun ||= performance.now();
      this.addEventListener('message', ({ data }) => {
        counts['frames'] = (counts['frames'] ?? 0) + 1;
        counts['bytes'] = (counts['bytes'] ?? 0) + (data as ArrayBuffer).byteLength;
      });
    }
  };
  scope.clocks = { times, counts, since: () => performance.now() - begun };
}

/** Runs with a copy of a built app whose workers have the clocks. */
export async function withClocks(app: string, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sotto-clocks-'));
  try {
    await cp(app, folder, { recursive: true });
    const assets = join(folder, 'assets');
    const worker = (await readdir(assets)).find((name) => /^main-.*\.js$/.test(name));
    if (!worker) throw new Error(`there is no worker in ${app}; build the app first`);
    const code = await readFile(join(assets, worker), 'utf8');
    await writeFile(join(assets, worker), `(${clocks.toString()})();${code}`);
    await rm(join(assets, `${worker}.br`), { force: true });
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds by what they went to, from the connection on. */
export async function splitOf(page: Page): Promise<Record<string, number>> {
  const worker = await workerOf(page);
  const { times, counts, whole } = await worker.evaluate(() => {
    type Clocks = { times: Record<string, number>; counts: Record<string, number>; since(): number };
    const { times, counts, since } = (globalThis as unknown as { clocks: Clocks }).clocks;
    return { times, counts, whole: since() };
  });
  console.log(
    Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(', '),
  );
  const core = Object.entries(times).filter(([name]) => name !== 'disk');
  const atWork = core.reduce((sum, [, ms]) => sum + ms, 0);
  return {
    'the core at work': atWork,
    ...Object.fromEntries(core.filter(([, ms]) => ms > 50).map(([name, ms]) => [`  ${name}`, ms])),
    'waiting for the disk': times['disk'] ?? 0,
    'waiting for the line, and all else': whole - atWork - (times['disk'] ?? 0),
  };
}
