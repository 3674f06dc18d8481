import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AskKind, Asks, Status } from '../../src/port/port';
import { Front } from '../engine/front';
import type { Engine } from '../engine/page';
import { Person } from '../harness/person';
import { Server } from '../harness/server';
import { crash } from '../harness/worker';
import { closeBrowser, theBrowser } from '../harness/world';

type Window = { engine: Engine };
const PASSWORD = { anna: 'calm-otter-seven-lanterns-9', ben: 'slow-river-under-birches-4' };
const recordId = () => crypto.randomUUID().replaceAll('-', '');

let front: Front;
let server: Server;
let people: Person[];
let secrets: string[];

beforeAll(async () => {
  front = await Front.start();
});
afterAll(async () => {
  await closeBrowser();
  await front?.close();
});
beforeEach(async () => {
  people = [];
  secrets = [...Object.values(PASSWORD)];
  server = await Server.start('--public-url', front.origin);
  front.behind = new URL(server.origin).host;
});
afterEach(async () => {
  const wrong: unknown[] = [];
  for (const person of people) await person.leave().catch((error: unknown) => wrong.push(error));
  wrong.push(...(await server.stores(secrets)));
  await server.close();
  expect(wrong).toEqual([]);
});

async function arrive(path = '/'): Promise<Person> {
  const person = await Person.arrive(await theBrowser(), front.origin, secrets);
  people.push(person);
  await person.goto(path);
  return person;
}

/** Asks the engine of a page; a refusal is told by its code. */
async function ask<K extends AskKind>(page: Page, kind: K, given?: Asks[K]['ask']): Promise<Asks[K]['answer']> {
  const outcome = await page.evaluate(
    ([kind, given]) => (globalThis as unknown as Window).engine.ask(kind as AskKind, given),
    [kind, given] as const,
  );
  if ('code' in outcome) throw new Error(outcome.code);
  return outcome.answer as Asks[K]['answer'];
}
function status(page: Page, wanted: Partial<Status>): Promise<Status> {
  return page.evaluate((wanted) => (globalThis as unknown as Window).engine.status(wanted), wanted);
}
function texts(page: Page, count: number, waiting = 0): Promise<string[]> {
  return page.evaluate(([count, waiting]) => (globalThis as unknown as Window).engine.texts(count, waiting), [
    count,
    waiting,
  ] as const);
}
async function write(page: Page, text: string): Promise<void> {
  secrets.push(text);
  const space = (await ask(page, 'spaces')).find(({ members }) => members.length > 1);
  if (!space) throw new Error('no conversation');
  const draft = { kind: 'message', text, bring: false, showAt: null } as const;
  await ask(page, 'write', { space: space.id, id: recordId(), draft });
}

/** A therapist and a client who can write to each other. */
async function two(): Promise<{ anna: Person; ben: Person }> {
  const anna = await arrive();
  await status(anna.page, { phase: 'blank' });
  await ask(anna.page, 'setup', {
    link: server.setupLink,
    handle: 'anna',
    name: 'Anna Quist',
    practice: 'Quiet Room',
    role: 'owner_therapist',
    password: PASSWORD.anna,
    deviceName: 'Laptop',
  });
  await status(anna.page, { phase: 'open', online: true });
  const { link } = await ask(anna.page, 'invite', { role: 'client', note: 'See you on Tuesday.', ttlMs: 86_400_000 });
  const ben = await arrive();
  const welcome = await ask(ben.page, 'peek', { link });
  expect(welcome).toMatchObject({ inviter: 'Anna Quist', practice: 'Quiet Room', note: 'See you on Tuesday.' });
  await ask(ben.page, 'join', { link, handle: 'ben', name: 'Ben Vale', password: PASSWORD.ben, deviceName: 'Phone' });
  await status(ben.page, { phase: 'open', online: true });
  return { anna, ben };
}

test('two people write to each other, and a reload shows it without a password', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'The river was loud today.');
  expect(await texts(anna.page, 1)).toEqual(['The river was loud today.']);
  await write(anna.page, 'I could almost hear it.');
  const both = ['The river was loud today.', 'I could almost hear it.'];
  expect(await texts(ben.page, 2)).toEqual(both);
  await ben.page.reload();
  await status(ben.page, { phase: 'open', online: true });
  expect(await texts(ben.page, 2)).toEqual(both);
});

test('a second tab follows, and goes on when the first is closed', async () => {
  const { anna, ben } = await two();
  const second = await ben.context.newPage();
  await second.goto(front.origin);
  await status(second, { phase: 'open' });
  await write(second, 'From the second tab.');
  expect(await texts(ben.page, 1)).toEqual(['From the second tab.']);
  await ben.page.close();
  await status(second, { phase: 'open', online: true });
  await write(second, 'And still here.');
  expect(await texts(anna.page, 2)).toEqual(['From the second tab.', 'And still here.']);
  await second.close();
});

test('a server that dies loses nothing, and what was written meanwhile goes by itself', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'Before.');
  expect(await texts(anna.page, 1)).toEqual(['Before.']);
  await server.kill();
  await status(ben.page, { online: false });
  await write(ben.page, 'While you were away.');
  expect(await texts(ben.page, 2, 1)).toEqual(['Before.', 'While you were away.']);
  await ben.page.reload();
  expect(await texts(ben.page, 2, 1)).toEqual(['Before.', 'While you were away.']);
  await server.run();
  expect(await texts(anna.page, 2)).toEqual(['Before.', 'While you were away.']);
  expect(await texts(ben.page, 2)).toEqual(['Before.', 'While you were away.']);
});

test('a locked browser opens with the password only, in every tab', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'Kept behind the lock.');
  await texts(anna.page, 1);
  const second = await ben.context.newPage();
  await second.goto(front.origin);
  await status(second, { phase: 'open' });
  await ask(second, 'lock');
  for (const page of [ben.page, second]) {
    const { locked, account } = await status(page, { phase: 'locked' });
    expect({ locked, account }).toEqual({
      locked: { handle: 'ben', practice: 'Quiet Room', removed: false },
      account: null,
    });
  }
  await expect(ask(ben.page, 'spaces')).rejects.toThrow('locked');
  await expect(ask(ben.page, 'unlock', { password: 'not-the-password-at-all' })).rejects.toThrow('wrong_password');
  await ben.page.reload();
  await status(ben.page, { phase: 'locked' });
  await ask(ben.page, 'unlock', { password: PASSWORD.ben });
  await status(second, { phase: 'open' });
  expect(await texts(second, 1)).toEqual(['Kept behind the lock.']);
  await second.close();
});

test('without a network the app starts and opens', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'Readable on a train.');
  await texts(anna.page, 1);
  await ben.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await ben.context.setOffline(true);
  await ben.page.reload();
  await status(ben.page, { phase: 'open', online: false });
  expect(await texts(ben.page, 1)).toEqual(['Readable on a train.']);
  await write(ben.page, 'Written on a train.');
  await ben.context.setOffline(false);
  expect(await texts(anna.page, 2)).toEqual(['Readable on a train.', 'Written on a train.']);
});

test('an empty browser and the password bring everything back, and say how much', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'One.');
  await texts(anna.page, 1);
  await write(anna.page, 'Two.');
  await texts(ben.page, 2);
  const other = await arrive();
  await expect(
    ask(other.page, 'login', { handle: 'ben', password: 'a-wrong-but-long-password', deviceName: 'Tablet' }),
  ).rejects.toThrow('wrong_password');
  await ask(other.page, 'login', { handle: 'ben', password: PASSWORD.ben, deviceName: 'Tablet' });
  await status(other.page, { phase: 'open', restored: true });
  expect(await texts(other.page, 2)).toEqual(['One.', 'Two.']);
  const told = await other.page.evaluate(() =>
    (globalThis as unknown as Window).engine.news.find(({ kind }) => kind === 'restored'),
  );
  expect(told).toMatchObject({ messages: 2 });
});

test('signing out leaves nothing, and is refused while something waits', async () => {
  const { ben } = await two();
  await server.kill();
  await status(ben.page, { online: false });
  await write(ben.page, 'Not sent yet.');
  await expect(ask(ben.page, 'signOut', { anyway: false })).rejects.toThrow('waiting');
  await ask(ben.page, 'signOut', { anyway: true });
  await status(ben.page, { phase: 'blank' });
  const left = await ben.page.evaluate(async () => {
    const databases = await Promise.all(
      (await indexedDB.databases()).map(
        ({ name }) =>
          new Promise<number>((resolve, reject) => {
            const opening = indexedDB.open(name ?? '');
            opening.onerror = () => reject(opening.error);
            opening.onsuccess = () => {
              const counting = opening.result.transaction('rows').objectStore('rows').count();
              counting.onsuccess = () => {
                opening.result.close();
                resolve(counting.result);
              };
            };
          }),
      ),
    );
    return { rows: databases.reduce((sum, count) => sum + count, 0), local: { ...localStorage } };
  });
  expect(left).toEqual({ rows: 0, local: {} });
});

test('a link that is spent, cut short or of another server is refused by name', async () => {
  const { anna, ben } = await two();
  const { link } = await ask(anna.page, 'invite', { role: 'client', note: '', ttlMs: 86_400_000 });
  const other = await arrive();
  await expect(ask(other.page, 'peek', { link: link.slice(0, -6) })).rejects.toThrow('link_damaged');
  await expect(ask(other.page, 'peek', { link: 'https://elsewhere.example/join#abc' })).rejects.toThrow(
    'link_elsewhere',
  );
  const who = { name: 'Cleo', password: PASSWORD.ben, deviceName: 'Phone' };
  await expect(ask(other.page, 'join', { link, handle: 'ben', ...who })).rejects.toThrow('handle_taken');
  await ask(other.page, 'join', { link, handle: 'cleo', ...who });
  await status(other.page, { phase: 'open', online: true });
  await ask(ben.page, 'signOut', { anyway: true });
  await status(ben.page, { phase: 'blank' });
  await expect(ask(ben.page, 'peek', { link })).rejects.toThrow('invitation_used');
});

test('a worker that crashes is followed by another, and three times in a minute is broken', async () => {
  const { anna, ben } = await two();
  for (const text of ['After the first crash.', 'After the second crash.']) {
    await crash(ben.page);
    await write(ben.page, text);
  }
  await texts(anna.page, 2);
  await crash(ben.page);
  expect((await status(ben.page, { phase: 'broken' })).broken).toBe('crashed');
  await ask(ben.page, 'signOut', { anyway: true });
  await status(ben.page, { phase: 'blank' });
  await ask(ben.page, 'login', { handle: 'ben', password: PASSWORD.ben, deviceName: 'Phone' });
  expect(await texts(ben.page, 2)).toEqual(['After the first crash.', 'After the second crash.']);
  ben.provoked(/the engine crashed/);
});

test('a browser that throws the storage away under an open page is blank, and not broken', async () => {
  const { anna, ben } = await two();
  await write(ben.page, 'Safe on the server.');
  await texts(anna.page, 1);
  const session = await ben.context.newCDPSession(ben.page);
  await session.send('Storage.clearDataForOrigin', { origin: front.origin, storageTypes: 'indexeddb' });
  await status(ben.page, { phase: 'blank' });
  await ask(ben.page, 'login', { handle: 'ben', password: PASSWORD.ben, deviceName: 'Phone' });
  expect(await texts(ben.page, 1)).toEqual(['Safe on the server.']);
});
