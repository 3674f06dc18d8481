import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { News, PortError } from '../port/port';
import { DiskError } from './errors';
import { FakeBrowser, until, type FakeTab } from './testing/fake-browser';
import { SPACE } from './testing/fake-core';

const LOGIN = { handle: 'lena', password: 'right password', deviceName: 'Phone' };
const MINUTE = 60_000;
const id = (n: number) => n.toString(16).padStart(32, '0');
const message = (text: string) => ({ kind: 'message', text, bring: false, showAt: null }) as const;
const code = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: PortError) => error.code,
  );

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  vi.setSystemTime(1_800_000_000_000);
});
afterEach(() => {
  vi.useRealTimers();
});

async function signedIn(browser = new FakeBrowser()): Promise<{ browser: FakeBrowser; tab: FakeTab }> {
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
  return { browser, tab };
}

test('an empty browser is blank before the core was fetched', async () => {
  const browser = new FakeBrowser();
  browser.module = () => new Promise(() => undefined);
  const status = await browser.tab().phase('blank');
  expect(status).toMatchObject({ account: null, locked: null, storage: 'kept', online: false });
});

test('signing in keeps the key in both forms, and nothing else of it', async () => {
  const { browser, tab } = await signedIn();
  expect(tab.status?.account?.handle).toBe('lena');
  const { notes, rows } = await browser.files();
  expect(Object.keys(notes).sort()).toEqual(['fence', 'idle', 'owner', 'restored', 'sealed', 'wrapped']);
  expect((notes['wrapped'] as { by: CryptoKey }).by.extractable).toBe(false);
  expect(notes['owner']).toEqual({ handle: 'lena', practice: 'Quiet Room' });
  expect(rows.some((row) => row.startsWith('account='))).toBe(true);
});

test('a wrong password leaves the browser as it was', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  expect(await code(tab.port.ask('login', { ...LOGIN, password: 'nope' }))).toBe('wrong_password');
  const { notes, rows } = await browser.files();
  expect(Object.keys(notes)).toEqual(['fence']);
  expect(rows).toEqual([]);
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
});

test('a link of another server is refused before anything is sent', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  expect(await code(tab.port.ask('peek', { link: 'https://elsewhere.example/join#abc' }))).toBe('link_elsewhere');
  expect(browser.outside.commands).toEqual([]);
});

test('a reload opens without a password', async () => {
  const { browser, tab } = await signedIn();
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  tab.close();
  const again = browser.tab();
  const status = await again.phase('open');
  expect(status.account?.handle).toBe('lena');
  const spaces = await again.port.ask('spaces');
  expect(spaces[0]?.waiting).toBe(1);
});

test('locking deletes the key that opens without a password, ends the worker, and closes every tab', async () => {
  const { browser, tab } = await signedIn();
  const other = browser.tab();
  await other.phase('open');
  const { worker } = tab;
  await other.port.ask('lock');
  for (const one of [tab, other]) {
    const status = await one.phase('locked');
    expect(status).toMatchObject({ account: null, locked: { handle: 'lena', practice: 'Quiet Room' } });
  }
  await until(() => worker.gone);
  expect(Object.keys((await browser.files()).notes)).not.toContain('wrapped');
  expect(await code(tab.port.ask('spaces'))).toBe('locked');
  expect(await code(tab.port.ask('login', LOGIN))).toBe('locked');
});

test('unlocking opens again, and a reload after it needs no password', async () => {
  const { browser, tab } = await signedIn();
  await tab.port.ask('lock');
  await tab.phase('locked');
  expect(await code(tab.port.ask('unlock', { password: 'nope' }))).toBe('wrong_password');
  await tab.port.ask('unlock', { password: LOGIN.password });
  await tab.phase('open');
  const { notes } = await browser.files();
  expect(Object.keys(notes)).toContain('wrapped');
  expect(Object.keys(notes)).not.toContain('attempts');
});

test('who guesses has to wait longer and longer, also after a reload', async () => {
  const { browser, tab } = await signedIn();
  await tab.port.ask('lock');
  await tab.phase('locked');
  const guess = (one: FakeTab) =>
    one.port.ask('unlock', { password: 'nope' }).catch((error: PortError) => [error.code, error.detail.retryAfterMs]);
  expect(await guess(tab)).toEqual(['wrong_password', undefined]);
  expect(await guess(tab)).toEqual(['wrong_password', undefined]);
  expect(await guess(tab)).toEqual(['wrong_password', 5_000]);
  expect(await guess(tab)).toEqual(['rate_limited', 5_000]);
  tab.close();
  const again = browser.tab();
  await again.phase('locked');
  expect(await code(again.port.ask('unlock', { password: LOGIN.password }))).toBe('rate_limited');
  vi.setSystemTime(Date.now() + 5_000);
  expect(await guess(again)).toEqual(['wrong_password', 10_000]);
});

test('a file of the record is made only for who knows the password, offline as well', async () => {
  const { browser, tab } = await signedIn();
  const wanted = {
    spaces: null,
    from: null,
    until: null,
    form: 'html' as const,
    language: 'en' as const,
    zone: { name: 'UTC', offsets: [] },
  };
  const begin = (password: string) => tab.port.ask('exportBegin', { wanted, password });
  expect(await code(begin('nope'))).toBe('wrong_password');
  expect(browser.outside.commands.some(({ kind }) => kind === 'export')).toBe(false);
  const begun = await begin(LOGIN.password);
  expect(begun.export).toBe(1);
  expect(Object.keys((await browser.files()).notes)).not.toContain('attempts');
  // The password goes no further than where it is checked.
  expect(JSON.stringify(browser.outside.commands.filter(({ kind }) => kind === 'export'))).not.toContain(
    LOGIN.password,
  );
  expect(await tab.port.ask('exportMore', { export: 1 })).toEqual({ piece: 'all of it', done: 1, of: 1, last: true });
  for (let tries = 0; tries < 3; tries++) expect(await code(begin('nope'))).toBe('wrong_password');
  expect(await code(begin(LOGIN.password))).toBe('rate_limited');
  expect(tab.status?.phase).toBe('open');
});

test('an untouched browser locks by itself after the time the owner has set', async () => {
  const browser = new FakeBrowser();
  browser.outside.settings = [{ author: 'owner', name: 'practice', value: '{"lockAfterMinutes":2}', sentAt: 1 }];
  const { tab } = await signedIn(browser);
  await vi.advanceTimersByTimeAsync(1.5 * MINUTE);
  await tab.port.ask('active');
  await vi.advanceTimersByTimeAsync(1.5 * MINUTE);
  expect(tab.status?.phase).toBe('open');
  await vi.advanceTimersByTimeAsync(1 * MINUTE);
  await tab.phase('locked');
});

test('a browser that was closed for longer is locked when it comes back', async () => {
  const { browser, tab } = await signedIn();
  tab.close();
  vi.setSystemTime(Date.now() + 11 * MINUTE);
  const again = browser.tab();
  await again.phase('locked');
  await until(() => again.status?.phase === 'locked');
  expect(Object.keys((await browser.files()).notes)).not.toContain('wrapped');
});

test('signing out leaves nothing and is told to every tab', async () => {
  const { browser, tab } = await signedIn();
  const other = browser.tab();
  await other.phase('open');
  await tab.port.ask('signOut', { anyway: false });
  await tab.phase('blank');
  await other.phase('blank');
  await until(() => tab.signedOut === 1);
  await until(() => tab.workers.length === 2);
  const { rows, notes } = await browser.files();
  expect(rows).toEqual([]);
  expect(Object.keys(notes).filter((name) => name !== 'fence')).toEqual([]);
});

test('signing out is refused while something is unsent, also while locked, unless she says so', async () => {
  const { tab } = await signedIn();
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  const refused = await tab.port.ask('signOut', { anyway: false }).catch((error: PortError) => error);
  expect(refused).toMatchObject({ code: 'waiting', detail: { count: 1 } });
  await tab.port.ask('lock');
  await tab.phase('locked');
  expect(await code(tab.port.ask('signOut', { anyway: false }))).toBe('waiting');
  await tab.port.ask('signOut', { anyway: true });
  await tab.phase('blank');
});

test('a full disk refuses what was written, keeps what was there, and leaves the server alone', async () => {
  const browser = new FakeBrowser();
  let full = false;
  browser.spoil = (disk) => {
    const put = disk.put.bind(disk);
    return Object.assign(disk, {
      put: (changes: Parameters<typeof put>[0]) => (full ? Promise.reject(new DiskError('full')) : put(changes)),
    });
  };
  const { tab } = await signedIn(browser);
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('first') });
  full = true;
  const dials = browser.net.dials;
  expect(await code(tab.port.ask('write', { space: SPACE, id: id(2), draft: message('second') }))).toBe('storage_full');
  await until(() => tab.status?.storage === 'full');
  expect(tab.status?.phase).toBe('open');
  expect((await tab.port.ask('spaces'))[0]?.waiting).toBe(1);
  expect(browser.net.dials).toBe(dials);
  full = false;
  await tab.port.ask('write', { space: SPACE, id: id(2), draft: message('second') });
  await until(() => tab.status?.storage === 'kept');
  expect((await tab.port.ask('spaces'))[0]?.waiting).toBe(2);
});

test('a disk too full even to open again leaves the page as it was, and goes on when there is room', async () => {
  const browser = new FakeBrowser();
  let full = false;
  browser.spoil = (disk) => {
    const put = disk.put.bind(disk);
    const note = disk.note.bind(disk);
    const refused = () => Promise.reject(new DiskError('full'));
    return Object.assign(disk, {
      put: (changes: Parameters<typeof put>[0]) => (full ? refused() : put(changes)),
      note: (changes: Parameters<typeof note>[0]) => (full ? refused() : note(changes)),
    });
  };
  const { tab } = await signedIn(browser);
  full = true;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect(await code(tab.port.ask('write', { space: SPACE, id: id(1), draft: message('first') }))).toBe(
      'storage_full',
    );
    await until(() => tab.status?.storage === 'full');
    expect(tab.status).toMatchObject({ phase: 'open', account: { handle: 'lena' } });
  }
  full = false;
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('first') });
  await until(() => tab.status?.storage === 'kept');
  expect((await tab.port.ask('spaces'))[0]?.waiting).toBe(1);
});

test('rows that do not open are never emptied without her say', async () => {
  const { browser, tab } = await signedIn();
  tab.close();
  await spoilRows(browser);
  const again = browser.tab();
  expect((await again.phase('broken')).broken).toBe('storage_damaged');
  expect(await code(again.port.ask('spaces'))).toBe('storage_damaged');
  expect((await browser.files()).rows.length).toBeGreaterThan(0);
  await again.port.ask('signOut', { anyway: true });
  await again.phase('blank');
  await again.port.ask('login', LOGIN);
  await again.phase('open');
});

test('a browser that lets nothing be stored is told so, and works', async () => {
  const browser = new FakeBrowser();
  browser.blocked = true;
  const { tab } = await signedIn(browser);
  expect(tab.status?.storage).toBe('blocked');
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  await tab.port.ask('lock');
  await tab.phase('locked');
  expect(await code(tab.port.ask('spaces'))).toBe('locked');
  await tab.port.ask('unlock', { password: LOGIN.password });
  await tab.phase('open');
  expect((await tab.port.ask('spaces'))[0]?.waiting).toBe(1);
});

test('storage that the browser may clear is told', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  tab.kept = false;
  await tab.phase('blank');
  await tab.port.ask('login', LOGIN);
  await until(() => tab.status?.storage === 'clearable');
});

test('a core that cannot be fetched is asked for again when the network is back', async () => {
  const { browser, tab } = await signedIn();
  tab.close();
  const { module } = browser;
  browser.module = () => Promise.reject(new TypeError('Failed to fetch'));
  const again = browser.tab();
  expect((await again.phase('broken')).broken).toBe('unreachable');
  browser.module = module;
  again.nudge();
  await again.phase('open');
});

test('a first page without a network can sign in when there is one', async () => {
  const browser = new FakeBrowser();
  const { module } = browser;
  browser.module = () => Promise.reject(new TypeError('Failed to fetch'));
  const tab = browser.tab();
  await tab.phase('blank');
  expect(await code(tab.port.ask('login', LOGIN))).toBe('unreachable');
  browser.module = module;
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
});

test('a registration whose answer got lost is asked about until that is known, and keeps its password', async () => {
  const browser = new FakeBrowser();
  browser.outside.deaf = true;
  const tab = browser.tab();
  await tab.phase('blank');
  expect(await code(tab.port.ask('login', LOGIN))).toBe('unreachable');
  expect((await tab.phase('broken')).broken).toBe('unreachable');
  expect(Object.keys((await browser.files()).notes)).toContain('sealed');
  tab.nudge();
  await until(() => tab.workers.length === 2);
  await tab.phase('broken');
  browser.outside.deaf = false;
  await vi.advanceTimersByTimeAsync(20_000);
  const status = await tab.phase('open');
  expect(status.account?.handle).toBe('lena');
  await tab.port.ask('lock');
  await tab.phase('locked');
  await tab.port.ask('unlock', { password: LOGIN.password });
  await tab.phase('open');
});

test('what a connection brings is told once for each time the core is idle', async () => {
  const { browser, tab } = await signedIn();
  browser.net.heard?.up();
  await until(() => tab.status?.online);
  const spaces = () => tab.news.filter((news: News) => news.kind === 'spaces').length;
  await tab.port.ask('write', { space: SPACE, id: id(7), draft: message('hello') });
  await until(() => browser.net.sent.includes(id(7)));
  await until(() => spaces() > 0);
  const before = spaces();
  browser.net.heard?.frame(new TextEncoder().encode(id(7)));
  await until(() => spaces() > before);
  expect(spaces()).toBe(before + 1);
});

async function spoilRows(browser: FakeBrowser): Promise<void> {
  await new Promise((resolve) => {
    const opening = browser.factory.open('sotto');
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('rows', 'readwrite');
      transaction.objectStore('rows').put(new TextEncoder().encode('spoilt'), new TextEncoder().encode('account'));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(undefined);
      };
    };
  });
}
