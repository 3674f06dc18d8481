import { expect, test } from 'vitest';
import type { Core, Event, Output } from '../core/api';
import { DiskError } from './errors';
import { Host, type HostHooks } from './host';
import { MemoryDisk, type Disk } from './rows';
import type { Connection, Heard, Net } from './socket';

const bytes = (...values: number[]) => new Uint8Array(values);
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A core whose outputs are written down beforehand, and everything that happens, in one list. */
class Scene {
  readonly log: string[] = [];
  readonly queue: Output[] = [];
  /** What a frame brings about. */
  framed: () => void = () => undefined;
  /** What doesn't wait for the disk. */
  readonly early: Output[] = [];
  readonly events: Event[] = [];
  heard: Heard | undefined;
  /** What the next put does. */
  put: () => Promise<void> = async () => undefined;
  reads = 0;
  failure: unknown;
  /** As the core does it: nothing but a few sends while a batch is being stored. */
  #storing = false;
  readonly host: Host;

  constructor(...outputs: Output[]) {
    this.queue.push(...outputs);
    const note = (what: string) => () => void this.log.push(what);
    const core = {
      command: note('command'),
      connected: note('connected'),
      disconnected: note('disconnected'),
      frame: (frame: Uint8Array) => {
        this.log.push(`frame ${frame[0]}`);
        this.framed();
      },
      response: note('response'),
      stored: () => {
        this.#storing = false;
        this.log.push('stored');
      },
      loaded: note('loaded'),
      wake: note('wake'),
      poll: () => {
        if (this.early.length > 0) return this.early.shift();
        const output = (!this.#storing && this.queue.shift()) || { kind: 'idle', wakeAt: null };
        this.#storing ||= output.kind === 'store';
        return output;
      },
      total: 7,
    } as unknown as Core;
    const disk: Disk = Object.assign(new MemoryDisk(), {
      put: async () => {
        this.log.push('put');
        await this.put();
      },
    });
    const net: Net = {
      dial: (_origin, heard): Connection => {
        this.log.push('dial');
        this.heard = heard;
        return { send: () => void this.log.push('send'), close: note('close') };
      },
      request: async () => bytes(1),
    };
    const hooks: HostHooks = {
      event: (event) => void this.log.push(event.kind),
      idle: () => void this.log.push('idle'),
      stored: () => undefined,
      failed: (error) => (this.failure = error),
    };
    this.host = new Host(core, disk, net, hooks);
  }
}

const store: Output = { kind: 'store', batch: 1, changes: [] };
const send: Output = { kind: 'send', frame: bytes(1) };
const dial: Output = { kind: 'dial', origin: 'http://here' };
const synced: Output = { kind: 'event', event: { kind: 'synced' } };

test('nothing is sent or told before the batch in front of it is stored', async () => {
  const scene = new Scene(dial);
  await scene.host.start();
  let stored!: () => void;
  scene.put = () => new Promise((resolve) => (stored = resolve));
  scene.queue.push(store, send, synced);
  const done = scene.host.command({ kind: 'sync' });
  await tick();
  expect(scene.log).toEqual(['dial', 'idle', 'command', 'put']);
  stored();
  await done;
  expect(scene.log.slice(4)).toEqual(['stored', 'send', 'synced', 'idle']);
});

test('while a batch is being stored the core hears the server, and nobody looks at it', async () => {
  const scene = new Scene(dial);
  await scene.host.start();
  let stored!: () => void;
  scene.put = () => new Promise((resolve) => (stored = resolve));
  scene.queue.push(store, synced);
  scene.heard?.frame(bytes(1));
  await tick();
  scene.framed = () => void scene.early.push(send);
  scene.heard?.frame(bytes(2));
  await tick();
  scene.framed = () => undefined;
  expect(scene.log).toEqual(['dial', 'idle', 'frame 1', 'put', 'frame 2', 'send']);
  const look = scene.host.look(() => void scene.log.push('look'));
  scene.heard?.frame(bytes(3));
  await tick();
  expect(scene.log.slice(6)).toEqual([]);
  stored();
  await look;
  expect(scene.log.slice(6)).toEqual(['stored', 'synced', 'idle', 'look', 'idle']);
});

test('after a disk that failed nothing goes in or out', async () => {
  const scene = new Scene(dial);
  await scene.host.start();
  const full = new DiskError('full');
  scene.put = () => Promise.reject(full);
  scene.queue.push(store, send, synced);
  await expect(scene.host.command({ kind: 'sync' })).rejects.toBe(full);
  expect(scene.failure).toBe(full);
  const { length } = scene.log;
  scene.heard?.frame(bytes(9));
  await tick();
  await expect(scene.host.command({ kind: 'sync' })).rejects.toBe(full);
  await expect(scene.host.look(() => 1)).rejects.toBe(full);
  expect(scene.log.slice(length)).toEqual([]);
  expect(scene.log).not.toContain('send');
  expect(scene.log).not.toContain('stored');
});

test('what people look at waits until nothing is ahead of the disk', async () => {
  const scene = new Scene();
  let stored!: () => void;
  scene.put = () => new Promise((resolve) => (stored = resolve));
  scene.queue.push(store);
  const done = scene.host.command({ kind: 'sync' });
  let looked = false;
  const look = scene.host.look((core) => {
    looked = true;
    return (core as unknown as { total: number }).total;
  });
  await tick();
  expect(looked).toBe(false);
  stored();
  await done;
  expect(await look).toBe(7);
});

test('a person comes before the server, and the server before the clock', async () => {
  const scene = new Scene(dial);
  await scene.host.start();
  let stored!: () => void;
  scene.put = () => new Promise((resolve) => (stored = resolve));
  scene.queue.push(store, { kind: 'idle', wakeAt: 0 });
  const first = scene.host.command({ kind: 'sync' });
  scene.heard?.frame(bytes(1));
  const second = scene.host.command({ kind: 'sync' });
  await tick();
  scene.log.length = 0;
  stored();
  await first;
  await second;
  await tick();
  expect(scene.log.filter((what) => what !== 'idle')).toEqual(['stored', 'command', 'frame 1']);
});

test('what a former connection still says is not heard', async () => {
  const scene = new Scene(dial);
  await scene.host.start();
  const former = scene.heard;
  former?.lost();
  await tick();
  expect(scene.log).toContain('disconnected');
  scene.queue.push(dial);
  await scene.host.command({ kind: 'sync' });
  scene.log.length = 0;
  former?.frame(bytes(1));
  former?.up();
  scene.heard?.frame(bytes(2));
  await tick();
  expect(scene.log.filter((what) => what !== 'idle')).toEqual(['frame 2']);
});

test('a refusal is the answer, a trap is the end', async () => {
  const scene = new Scene();
  const refuse = () => {
    throw { code: 'empty' };
  };
  await expect(scene.host.look(refuse)).rejects.toEqual({ code: 'empty' });
  expect(scene.failure).toBeUndefined();
  const trap = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  await expect(scene.host.look(trap)).rejects.toThrow('unreachable');
  expect(scene.failure).toBeInstanceOf(WebAssembly.RuntimeError);
});

test('stopping waits for what is being stored', async () => {
  const scene = new Scene();
  let stored!: () => void;
  scene.put = () => new Promise((resolve) => (stored = resolve));
  scene.queue.push(store, send);
  const asked = scene.host.command({ kind: 'sync' }).catch((error: unknown) => error);
  let stopped = false;
  const stop = scene.host.stop(new Error('locked')).then(() => (stopped = true));
  await tick();
  expect(stopped).toBe(false);
  stored();
  await stop;
  expect(await asked).toEqual(new Error('locked'));
  expect(scene.log).not.toContain('send');
  expect(scene.failure).toBeUndefined();
});
