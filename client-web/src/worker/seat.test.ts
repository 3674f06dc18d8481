import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PortError } from '../port/port';
import { FakeBrowser, until, type FakeTab } from './testing/fake-browser';
import { SPACE } from './testing/fake-core';

const LOGIN = { handle: 'lena', password: 'right password', deviceName: 'Phone' };
const id = (n: number) => n.toString(16).padStart(32, '0');
const message = (text: string) => ({ kind: 'message', text, bring: false, showAt: null }) as const;
const code = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: PortError) => error.code,
  );

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Two tabs of somebody who is signed in; the first leads. */
async function twoTabs(): Promise<{ browser: FakeBrowser; first: FakeTab; second: FakeTab }> {
  const browser = new FakeBrowser();
  const first = browser.tab();
  await first.phase('blank');
  await first.port.ask('login', LOGIN);
  const second = browser.tab();
  await second.phase('open');
  return { browser, first, second };
}
const writes = ({ outside }: FakeBrowser) => outside.commands.filter((command) => command.kind === 'write').length;

test('one tab leads and the others see the same', async () => {
  const { browser, first, second } = await twoTabs();
  await second.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  expect((await first.port.ask('spaces'))[0]?.waiting).toBe(1);
  await until(() => first.news.some((news) => news.kind === 'spaces' && news.spaces[0]?.waiting === 1));
  await until(() => second.news.some((news) => news.kind === 'spaces' && news.spaces[0]?.waiting === 1));
  expect(browser.outside.opened).toBe(1);
});

test('a refusal reaches the tab that asked, with its reason', async () => {
  const { second } = await twoTabs();
  expect(await code(second.port.ask('write', { space: SPACE, id: id(1), draft: message('') }))).toBe('empty');
});

test('when the leader goes, the next one takes over', async () => {
  const { browser, first, second } = await twoTabs();
  await first.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  first.close();
  await until(() => browser.outside.opened === 2);
  expect((await second.port.ask('spaces'))[0]?.waiting).toBe(1);
});

test('a write whose answer got lost is one message', async () => {
  const { browser, first, second } = await twoTabs();
  const { worker } = first;
  const asked = second.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  await until(() => writes(browser) === 1);
  // Nothing that it still says is heard.
  worker.frozen = true;
  first.close();
  await asked;
  expect(writes(browser)).toBe(2);
  expect((await second.port.ask('spaces'))[0]?.waiting).toBe(1);
});

test('what must not be done twice is answered, not asked again', async () => {
  const { browser, first, second } = await twoTabs();
  browser.net.heard?.up();
  await until(() => second.status?.online);
  browser.outside.silentAt = 'invite';
  const invites = () => browser.outside.commands.filter((command) => command.kind === 'invite').length;
  const asked = code(second.port.ask('invite', { role: 'client', note: '', ttlMs: 1 }));
  await until(() => invites() === 1);
  first.close();
  expect(await asked).toBe('crashed');
  expect(invites()).toBe(1);
});

test('a trap in the core starts a new worker, and what was asked is asked again', async () => {
  const { browser, first } = await twoTabs();
  browser.outside.trapAt = 'write';
  await first.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  expect(first.workers.length).toBe(2);
  expect((await first.port.ask('spaces'))[0]?.waiting).toBe(1);
});

test('a worker that crashes three times in a minute is broken, and she can still sign out', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', LOGIN);
  for (const crash of [1, 2, 3]) {
    tab.worker.crash();
    await until(() => tab.workers.length === crash + 1);
    if (crash < 3) await until(async () => tab.status?.phase === 'open');
  }
  expect((await tab.phase('broken')).broken).toBe('crashed');
  expect(await code(tab.port.ask('spaces'))).toBe('crashed');
  expect((await browser.files()).rows.length).toBeGreaterThan(0);
  await tab.port.ask('signOut', { anyway: true });
  await tab.phase('blank');
  expect((await browser.files()).rows).toEqual([]);
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
});

test('crashes that are far apart are forgotten', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', LOGIN);
  for (const crash of [1, 2, 3, 4, 5]) {
    tab.worker.crash();
    await until(() => tab.workers.length === crash + 1);
    vi.setSystemTime(Date.now() + 40_000);
  }
  expect((await tab.port.ask('spaces')).length).toBe(1);
});

test('a frozen leader is replaced, and can write nothing when it wakes up', async () => {
  const { browser, first, second } = await twoTabs();
  const frozen = first.worker;
  frozen.frozen = true;
  const asked = second.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  await vi.advanceTimersByTimeAsync(30_000);
  await asked;
  expect(browser.outside.opened).toBe(2);
  frozen.frozen = false;
  // Its lock is gone, so it has ended; what it told its tab went into the ice, and the tab notices in another way.
  frozen.onerror?.(new Event('error') as ErrorEvent);
  await until(() => first.workers.length === 2);
  expect((await first.port.ask('spaces'))[0]?.waiting).toBe(1);
  expect(browser.outside.opened).toBe(2);
  expect(second.workers.length).toBe(1);
});

test('taking over is not told as a beginning', async () => {
  const { browser, first, second } = await twoTabs();
  first.close();
  await until(() => browser.outside.opened === 2);
  await second.port.ask('spaces');
  const phases = second.news.flatMap((news) => (news.kind === 'status' ? [news.status.phase] : []));
  expect(new Set(phases)).toEqual(new Set(['open']));
});

test('an ask made before there is a leader is not lost', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  expect(await code(tab.port.ask('spaces'))).toBe('not_signed_in');
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
});

test('a worker that cannot even start says so', async () => {
  const browser = new FakeBrowser();
  browser.worker = () => {
    throw new Error('no workers here');
  };
  const tab = browser.tab();
  expect(await code(tab.port.ask('spaces'))).toBe('crashed');
  expect(await tab.port.ask('status')).toMatchObject({ phase: 'broken', broken: 'crashed' });
});

test('where the browser denies locks, each tab is on its own', async () => {
  const browser = new FakeBrowser();
  browser.locks.denied = browser.blocked = true;
  const first = browser.tab();
  const second = browser.tab();
  await first.phase('blank');
  await second.phase('blank');
  await first.port.ask('login', LOGIN);
  expect((await first.phase('open')).account?.handle).toBe('lena');
  expect((await second.port.ask('status')).phase).toBe('blank');
});

const BORROWED = { ...LOGIN, borrowed: true };

test('on a computer that is not hers nothing is stored, and other tabs see nobody', async () => {
  const browser = new FakeBrowser();
  const first = browser.tab();
  const second = browser.tab();
  await first.phase('blank');
  await second.phase('blank');
  // The second tab follows until now; nothing may go through the first one.
  await second.port.ask('login', BORROWED);
  expect(await second.phase('open')).toMatchObject({ storage: 'borrowed' });
  await second.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  expect((await first.port.ask('status')).phase).toBe('blank');
  expect(await code(first.port.ask('spaces'))).toBe('not_signed_in');
  expect((await browser.files()).rows).toEqual([]);
});

test('who leads and says that it is not her computer leaves not even an empty database', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', BORROWED);
  await tab.phase('open');
  let left = 1;
  const look = async () => {
    left = (await browser.factory.databases()).length;
    if (left > 0) setImmediate(look);
  };
  void look();
  await until(() => left === 0);
  // The seat at the table is free for the next tab.
  const next = browser.tab();
  await next.phase('blank');
  expect((await tab.port.ask('spaces')).length).toBe(1);
});

test('locked, what is in memory only goes to a new worker, sealed, and the password opens it', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', BORROWED);
  await tab.port.ask('write', { space: SPACE, id: id(1), draft: message('hello') });
  await tab.port.ask('lock');
  expect((await tab.phase('locked')).locked?.handle).toBe('lena');
  await until(() => tab.workers.length === 2);
  expect(tab.workers[0]?.gone).toBe(true);
  await tab.port.ask('unlock', { password: LOGIN.password });
  expect((await tab.phase('open')).storage).toBe('borrowed');
  expect((await tab.port.ask('spaces'))[0]?.waiting).toBe(1);
  expect((await browser.files()).rows).toEqual([]);
});

test('a computer that is hers after all is as any other', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  expect(await code(tab.port.ask('login', { ...BORROWED, password: 'nope' }))).toBe('wrong_password');
  await tab.port.ask('login', LOGIN);
  expect((await tab.phase('open')).storage).toBe('kept');
  expect((await browser.files()).rows.length).toBeGreaterThan(0);
});

test('leaving locks every tab, ends this one for good, and waits for nobody', async () => {
  const { first, second } = await twoTabs();
  await second.port.leave();
  expect((await first.phase('locked')).locked?.handle).toBe('lena');
  expect(second.worker.gone).toBe(true);
  expect(await code(second.port.ask('spaces'))).toBe('crashed');
  const workers = second.workers.length;
  first.worker.frozen = true;
  const left = first.port.leave();
  await vi.advanceTimersByTimeAsync(1_000);
  await left;
  expect(second.workers.length).toBe(workers);
});

test('leaving a computer that is not hers leaves nothing to unlock', async () => {
  const browser = new FakeBrowser();
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', BORROWED);
  await tab.port.leave();
  expect(tab.workers.every((worker) => worker.gone)).toBe(true);
  const next = browser.tab();
  await next.phase('blank');
});
