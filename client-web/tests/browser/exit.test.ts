/** Leaving in a hurry, and a computer that isn't hers: what is on the screen, in the history, in the browser afterwards. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, delivered, goTo, join, openClient, openPractice, write } from '../harness/steps';
import { workerOf } from '../harness/worker';
import { en, es } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const SECRET = 'Nobody beside me should read this.';
const exitOf = (person: Person, say = en) => person.page.getByRole('button', { name: say('exit.do'), exact: true });

/** Two people, and something that was said. */
async function twoPeople(world: World): Promise<{ mara: Person; rosa: Person }> {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  await join(rosa, await openPractice(mara, world.server.setupLink));
  await write(rosa, SECRET);
  await delivered(rosa, SECRET);
  return { mara, rosa };
}

/** Goes back and forward as far as the tab's history reaches; answers the titles and paths that were met. */
async function history({ page, origin }: Person): Promise<Set<string>> {
  const met = new Set<string>();
  const look = async () => {
    await page.waitForLoadState();
    const { pathname } = new URL(page.url());
    if (page.url().startsWith(origin)) met.add(`${pathname} ${await page.title()}`);
  };
  // More than she ever visited; where there is no entry nothing happens.
  for (let step = 0; step < 6; step += 1) {
    await page.goBack();
    await look();
  }
  for (let step = 0; step < 6; step += 1) {
    await page.goForward();
    await look();
  }
  return met;
}

test('Exit empties the page before anything else, locks, and leads nowhere back', async () => {
  await World.with(async (world) => {
    const { rosa } = await twoPeople(world);
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('heading', { level: 1, name: en('place.me') }).waitFor();
    await goTo(rosa, 'place.messages');
    await bubble(rosa, SECRET).waitFor();
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('heading', { level: 1, name: en('place.me') }).waitFor();
    // One entry lies ahead of her.
    await rosa.page.goBack();
    await bubble(rosa, SECRET).waitFor();
    await rosa.looksRight('messages with Exit');

    const second = await rosa.context.newPage();
    await second.goto(`${world.server.origin}/#/me`);
    await second.getByRole('heading', { level: 1, name: en('place.me') }).waitFor();
    await rosa.page.bringToFront();

    // Clicked and looked at within one turn of the page's own loop.
    const shown = await exitOf(rosa).evaluate((button: HTMLElement) => {
      button.click();
      return { text: document.body.innerText, title: document.title };
    });
    expect(shown).toEqual({ text: '', title: en('exit.title') });
    await rosa.page.waitForURL('**/measures.html?1');
    await rosa.looksRight('the page that Exit opens');
    expect(rosa.page.workers()).toEqual([]);
    // The other tab is locked, too.
    await second.getByRole('heading', { name: en('lock.title') }).waitFor();
    expect(await second.content()).not.toContain(SECRET);
    await second.close();
    expect(await history(rosa)).toEqual(new Set(['/measures.html Kitchen measures']));

    // Whoever knows the address needs the password.
    await rosa.goto('/');
    await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();
    await rosa.page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
    await rosa.page.getByRole('button', { name: en('lock.unlock'), exact: true }).click();
    await bubble(rosa, SECRET).waitFor();
  });
});

test('three times Escape is Exit, wherever one is typing, and what was typed is kept', async () => {
  await World.with(async (world) => {
    const { rosa } = await twoPeople(world);
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('radio', { name: es('language.name') }).check();
    await goTo(rosa, 'place.messages', es);
    const composer = rosa.page.getByLabel(es('composer.label'));
    await rosa.fillSecret(composer, 'Half a sentence');
    await composer.press('Escape');
    await composer.press('Escape');
    await bubble(rosa, SECRET).waitFor();
    await composer.press('Escape');
    await rosa.page.waitForURL('**/medidas.html?1');
    await rosa.looksRight('the page that Exit opens, in Spanish');
    await rosa.goto('/');
    await rosa.page.getByLabel(es('field.password'), { exact: true }).fill(CLIENT.password);
    await rosa.page.getByRole('button', { name: es('lock.unlock'), exact: true }).click();
    expect(await rosa.page.getByLabel(es('composer.label')).inputValue()).toBe('Half a sentence');
  });
});

test('Exit works without a network and without an answer, and a neutral title stays', async () => {
  await World.with(async (world) => {
    const { rosa } = await twoPeople(world);
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('checkbox', { name: en('exit.plain') }).check();
    expect(await rosa.page.title()).toBe(en('exit.title'));
    await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));
    await rosa.page.reload();
    await rosa.page.getByRole('heading', { level: 1, name: en('place.me') }).waitFor();
    expect(await rosa.page.title()).toBe(en('exit.title'));
    await world.server.kill();
    // A worker that is stuck keeps nobody here.
    await (
      await workerOf(rosa.page)
    ).evaluate(
      () =>
        void setTimeout(() => {
          for (;;);
        }),
    );
    await exitOf(rosa).click();
    await rosa.page.waitForURL('**/measures.html?1');
    await rosa.page.getByRole('heading', { name: 'Kitchen measures' }).waitFor();
    await world.server.run();
  });
});

/** All that this browser keeps for the server's pages. */
function kept({ page }: Person): Promise<Record<string, string[]>> {
  return page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map(({ name = '' }) => name),
    caches: await caches.keys(),
    items: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
    workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
    cookies: document.cookie === '' ? [] : [document.cookie],
  }));
}
const NOTHING = { databases: [], caches: [], items: [], workers: [], cookies: [] };

async function signInBorrowed(person: Person): Promise<void> {
  const { page } = person;
  await person.goto('/');
  await page.getByLabel(en('field.handle'), { exact: true }).fill(CLIENT.handle);
  await page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
  await page.getByRole('checkbox', { name: en('signIn.borrowed') }).check();
  await person.looksRight('signing in on a computer that is not hers');
  await page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
  await bubble(person, SECRET).waitFor();
}

test('on a computer that is not hers nothing is kept, in one tab, and nothing is there after Exit', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    const borrowed = await world.person({ viewport: DESKTOP });
    // Somebody has been on the page for long enough that the browser has the app.
    const before = await borrowed.context.newPage();
    await before.goto(world.server.origin);
    await before.evaluate(async () => void (await navigator.serviceWorker.ready));
    await before.close();
    await signInBorrowed(borrowed);
    expect(await kept(borrowed)).toEqual(NOTHING);
    await write(borrowed, 'From the library.');
    await delivered(borrowed, 'From the library.');
    await openClient(mara, CLIENT.name);
    await bubble(mara, 'From the library.').waitFor();
    await write(mara, 'I got it.');
    await bubble(borrowed, 'I got it.').waitFor();
    await goTo(borrowed, 'place.me');
    await borrowed.page.getByText(en('storage.borrowed')).waitFor();
    await borrowed.page.getByText(en('me.notices.impossible')).waitFor();
    await borrowed.looksRight('my page on a computer that is not hers');
    // Not even a language is kept.
    await borrowed.page.getByRole('radio', { name: es('language.name') }).check();
    await borrowed.page.getByRole('heading', { level: 1, name: es('place.me') }).waitFor();
    expect(await kept(borrowed)).toEqual(NOTHING);

    // Another tab is nobody's.
    const second = await borrowed.context.newPage();
    await second.goto(world.server.origin);
    await second.getByRole('button', { name: en('signIn.do'), exact: true }).waitFor();
    await second.close();
    await borrowed.page.evaluate(() => indexedDB.deleteDatabase('sotto'));
    await borrowed.page.evaluate(() => caches.delete('sotto-preferences'));

    // Locked, it is the same without its heap; the password opens it.
    await borrowed.page.getByRole('button', { name: es('me.lock'), exact: true }).click();
    await borrowed.page.getByRole('heading', { name: es('lock.title') }).waitFor();
    await borrowed.page.getByLabel(es('field.password'), { exact: true }).fill(CLIENT.password);
    await borrowed.page.getByRole('button', { name: es('lock.unlock'), exact: true }).click();
    await goTo(borrowed, 'place.messages', es);
    await bubble(borrowed, 'I got it.').waitFor();

    await exitOf(borrowed, es).click();
    await borrowed.page.waitForURL('**/medidas.html?1');
    expect(borrowed.page.workers()).toEqual([]);
    expect(await kept(borrowed)).toEqual(NOTHING);
    expect([...(await history(borrowed))].every((one) => !one.includes('Sotto'))).toBe(true);
    await borrowed.goto('/');
    await borrowed.page.getByRole('button', { name: en('signIn.do'), exact: true }).waitFor();
    expect(await borrowed.page.content()).not.toContain(CLIENT.handle);

    // Her own list says which one it was.
    await goTo(rosa, 'place.me', es);
    await rosa.page.getByText(en('signIn.borrowed.device', { device: 'Chrome · Linux' })).waitFor();
  });
});

test('a wrong password on a computer that is not hers leaves nothing, and the choice can be taken back', async () => {
  await World.with(async (world) => {
    await twoPeople(world);
    const other = await world.person();
    const { page } = other;
    await other.goto('/');
    await page.getByLabel(en('field.handle'), { exact: true }).fill(CLIENT.handle);
    await page.getByLabel(en('field.password'), { exact: true }).fill('not the right words at all');
    await page.getByRole('checkbox', { name: en('signIn.borrowed') }).check();
    await page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
    await page.getByRole('alert').getByText(en('error.wrong_password')).waitFor();
    expect(await kept(other)).toEqual(NOTHING);
    await page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
    await page.getByRole('checkbox', { name: en('signIn.borrowed') }).uncheck();
    await page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
    await bubble(other, SECRET).waitFor();
    await page.reload();
    await bubble(other, SECRET).waitFor();
  });
});
