import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, test } from 'vitest';
import { DiskError } from './errors';
import { MemoryDisk, openDisk, type Disk } from './rows';

const bytes = (text: string) => new TextEncoder().encode(text);
const names = (rows: [Uint8Array, Uint8Array][]) => rows.map(([name]) => new TextDecoder().decode(name));
const put = (disk: Disk, ...keys: string[]) => disk.put(keys.map((key) => [bytes(key), bytes('x')]));
const nothing = () => undefined;

const disks: [string, () => Promise<Disk>][] = [
  ['IndexedDB', () => openDisk(new IDBFactory(), 'a', nothing)],
  ['memory', async () => new MemoryDisk()],
];

test.each(disks)('%s gives the log only when asked for it', async (_, open) => {
  const disk = await open();
  await put(disk, 'log/1/h', 'account', 'log/1/p', 'vault', 'log0', 'log', 'log/2/h');
  expect(names(await disk.eager())).toEqual(['account', 'log', 'log0', 'vault']);
  expect(names(await disk.range(bytes('log/1'), bytes('log/2')))).toEqual(['log/1/h', 'log/1/p']);
  expect(await disk.range(bytes('b'), bytes('a'))).toEqual([]);
});

test.each(disks)('%s replaces and deletes', async (_, open) => {
  const disk = await open();
  await put(disk, 'a', 'b');
  await disk.put([
    [bytes('a'), bytes('new')],
    [bytes('b'), null],
  ]);
  expect(await disk.eager()).toEqual([[bytes('a'), bytes('new')]]);
});

test.each(disks)('%s counts what waits to be sent', async (_, open) => {
  const disk = await open();
  await put(disk, 'out/1', 'out/2', 'outer', 'log/1');
  expect(await disk.waiting()).toBe(2);
});

test.each(disks)('%s keeps notes until they are deleted', async (_, open) => {
  const disk = await open();
  await disk.note({ restored: true, owner: { handle: 'lena', practice: 'p' } });
  await disk.note({ restored: null });
  const { fence: _fence, ...notes } = await disk.notes();
  expect(notes).toEqual({ owner: { handle: 'lena', practice: 'p' } });
});

test('a former leader that wakes up can write nothing', async () => {
  const factory = new IDBFactory();
  const former = await openDisk(factory, 'former', nothing);
  await put(former, 'a');
  const newer = await openDisk(factory, 'newer', nothing);
  await put(newer, 'b');
  await expect(put(former, 'c')).rejects.toEqual(new DiskError('fenced'));
  await expect(former.note({ restored: true })).rejects.toEqual(new DiskError('fenced'));
  await expect(former.erase()).rejects.toEqual(new DiskError('fenced'));
  expect(names(await newer.eager())).toEqual(['a', 'b']);
  expect((await newer.notes()).fence).toEqual({ leader: 'newer', number: 2 });
});

test('a view on a large buffer is stored without the rest of it', async () => {
  const factory = new IDBFactory();
  const disk = await openDisk(factory, 'a', nothing);
  const memory = new Uint8Array(1 << 16).fill(7);
  await disk.put([[memory.subarray(0, 2), memory.subarray(4, 8)]]);
  const [row] = await disk.eager();
  expect(row?.[1].buffer.byteLength).toBe(4);
});

test('a browser that does not let us store says so', async () => {
  await expect(openDisk(undefined, 'a', nothing)).rejects.toEqual(new DiskError('blocked'));
  const throwing = {
    open: () => {
      throw new DOMException('no', 'SecurityError');
    },
  } as unknown as IDBFactory;
  await expect(openDisk(throwing, 'a', nothing)).rejects.toEqual(new DiskError('blocked'));
});

test('a database of a later version of the app is not taken for none', async () => {
  const factory = new IDBFactory();
  await new Promise((resolve) => {
    factory.open('sotto', 99).onsuccess = ({ target }) => {
      (target as unknown as { result: IDBDatabase }).result.close();
      resolve(undefined);
    };
  });
  await expect(openDisk(factory, 'a', nothing)).rejects.toMatchObject({ name: 'VersionError' });
});
