import { expect, test } from 'vitest';
import type { PortError } from '../port/port';
import { FakeBrowser, until, type FakeTab } from './testing/fake-browser';

const OLD = 'right password';
const NEW = 'another password';
const LOGIN = { handle: 'lena', password: OLD, deviceName: 'Phone' };
const code = (asked: Promise<unknown>) =>
  asked.then(
    () => 'done',
    (error: PortError) => error.code,
  );

async function signedIn(browser = new FakeBrowser()): Promise<{ browser: FakeBrowser; tab: FakeTab }> {
  const tab = browser.tab();
  await tab.phase('blank');
  await tab.port.ask('login', LOGIN);
  await tab.phase('open');
  return { browser, tab };
}

/** Which of the passwords open this browser once it is locked. It is open again afterwards. */
async function opensWith(tab: FakeTab, ...passwords: string[]): Promise<string[]> {
  const opened: string[] = [];
  for (const password of passwords) {
    await tab.port.ask('lock');
    await tab.phase('locked');
    if ((await code(tab.port.ask('unlock', { password }))) === 'done') opened.push(password);
    else
      await tab.port
        .ask('unlock', { password: opened[0] ?? OLD })
        .catch(() => tab.port.ask('unlock', { password: NEW }));
    await tab.phase('open');
  }
  return opened;
}

test('after a change the new password opens this browser, and the earlier one does not', async () => {
  const { browser, tab } = await signedIn();
  await tab.port.ask('changePassword', { password: OLD, new: NEW });
  expect(Object.keys((await browser.files()).notes)).not.toContain('next');
  expect(await opensWith(tab, NEW, OLD)).toEqual([NEW]);
});

test('a change that the server refuses leaves everything as it was', async () => {
  const { browser, tab } = await signedIn();
  expect(await code(tab.port.ask('changePassword', { password: 'a guess', new: NEW }))).toBe('sign_in_failed');
  expect(Object.keys((await browser.files()).notes)).not.toContain('next');
  expect(await opensWith(tab, OLD, NEW)).toEqual([OLD]);
});

test('while it is not known whether a change holds, both passwords open, also after a reload', async () => {
  const { browser, tab } = await signedIn();
  browser.outside.mute = true;
  expect(await code(tab.port.ask('changePassword', { password: OLD, new: NEW }))).toBe('unanswered');
  expect(await opensWith(tab, OLD, NEW)).toEqual([OLD, NEW]);
  tab.close();
  const again = browser.tab();
  await again.phase('open');
  expect(await opensWith(again, OLD, NEW)).toEqual([OLD, NEW]);
  again.close();
  // The core repeats it when it starts, and this time hears the answer.
  browser.outside.mute = false;
  const third = browser.tab();
  await third.phase('open');
  expect(await opensWith(third, NEW, OLD)).toEqual([NEW]);
});

test('a browser that was closed before it noted the answer finds it out by itself', async () => {
  const { browser, tab } = await signedIn();
  let deaf = false;
  browser.spoil = (disk) => {
    const note = disk.note.bind(disk);
    // As if the power went when the core had stored the answer.
    return Object.assign(disk, {
      note: (changes: Parameters<typeof note>[0]) =>
        deaf && changes.sealed ? new Promise<void>(() => undefined) : note(changes),
    });
  };
  tab.close();
  const second = browser.tab();
  await second.phase('open');
  deaf = true;
  void second.port.ask('changePassword', { password: OLD, new: NEW });
  await until(() => browser.outside.passwords.get('lena') === NEW);
  await expect.poll(async () => (await browser.files()).rows.some((row) => row.startsWith('passwordAt='))).toBe(true);
  expect(Object.keys((await browser.files()).notes)).toContain('next');
  second.close();
  deaf = false;
  const third = browser.tab();
  await third.phase('open');
  expect(await opensWith(third, NEW, OLD)).toEqual([NEW]);
});

test('who does not know the password leaves no way in behind, wherever the browser is closed', async () => {
  const { browser, tab } = await signedIn();
  browser.outside.silentAt = 'changePassword';
  void tab.port.ask('changePassword', { password: 'a guess', new: NEW }).catch(() => undefined);
  await until(() => browser.outside.commands.some(({ kind }) => kind === 'changePassword'));
  tab.close();
  const again = browser.tab();
  await again.phase('open');
  expect(await opensWith(again, OLD, NEW)).toEqual([OLD]);
});

test('a password that was set elsewhere opens this browser once the server has taken it here', async () => {
  const { browser, tab } = await signedIn();
  browser.outside.passwords.set('lena', NEW);
  expect(await code(tab.port.ask('reopen', { password: OLD }))).toBe('sign_in_failed');
  await tab.port.ask('reopen', { password: NEW });
  expect(await opensWith(tab, NEW, OLD)).toEqual([NEW]);
});

test('so does one with which something else was done here', async () => {
  const { tab } = await signedIn();
  await tab.port.ask('wake', { password: NEW });
  expect(await opensWith(tab, NEW, OLD)).toEqual([NEW]);
});

test('removing a lost device sets the new password here', async () => {
  const { tab } = await signedIn();
  await tab.port.ask('removeLost', { devices: ['02'.repeat(16)], password: OLD, new: NEW });
  expect(await opensWith(tab, NEW, OLD)).toEqual([NEW]);
});

test('who signs in with a sheet opens this browser with the new password', async () => {
  const tab = new FakeBrowser().tab();
  await tab.phase('blank');
  const recover = { handle: 'lena', words: 'wrong', new: NEW, deviceName: 'Phone' };
  const refused = await tab.port.ask('recover', recover).catch((error: PortError) => error);
  expect(refused).toMatchObject({ code: 'sheet_word', detail: { max: 3 } });
  await tab.port.ask('recover', { ...recover, words: 'right words' });
  const status = await tab.phase('open');
  expect(status.restored).toBe(false);
  expect(await opensWith(tab, NEW, OLD)).toEqual([NEW]);
});

test('a sheet waits through locking and reloading until she says that she has it', async () => {
  const { browser, tab } = await signedIn();
  expect(tab.status?.sheetWaiting).toBe(false);
  await tab.port.ask('makeSheet', { password: OLD });
  await until(() => tab.status?.sheetWaiting);
  expect(await tab.port.ask('sheet')).toEqual({ words: 'eight words', madeAt: 7 });
  await tab.port.ask('lock');
  expect((await tab.phase('locked')).sheetWaiting).toBe(false);
  expect(await code(tab.port.ask('sheet'))).toBe('locked');
  await tab.port.ask('unlock', { password: OLD });
  await until(() => tab.status?.sheetWaiting);
  tab.close();
  const again = browser.tab();
  await until(() => again.status?.sheetWaiting);
  await again.port.ask('sheetKept');
  expect(await again.port.ask('sheet')).toBeNull();
  await until(() => again.status?.sheetWaiting === false);
});

test('a device that was removed locks at once, and only once', async () => {
  const { browser, tab } = await signedIn();
  const removed = new TextEncoder().encode('removed');
  browser.net.heard?.up();
  await until(() => tab.status?.online);
  browser.net.heard?.frame(removed);
  expect((await tab.phase('locked')).locked?.removed).toBe(true);
  await tab.port.ask('unlock', { password: OLD });
  await tab.phase('open');
  const told = () => tab.news.filter((news) => news.kind === 'deviceRemoved').length;
  const before = told();
  browser.net.heard?.frame(removed);
  await until(() => told() > before);
  expect(tab.status?.phase).toBe('open');
});
