/** Locking and leaving: by hand, by itself, in every tab, and without leaving anything behind. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, delivered, goTo, join, openPractice, signIn, write } from '../harness/steps';
import { workerOf } from '../harness/worker';
import { en, es } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

/** Everything that is left in this browser: names of rows and notes, entries of caches, items. */
function left(person: Person): Promise<{ rows: number; notes: string[]; cached: string[]; items: string[] }> {
  return person.page.evaluate(async () => {
    const answer = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    let rows = 0;
    const notes: string[] = [];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name));
      for (const store of database.objectStoreNames) {
        const keys = await answer(database.transaction(store).objectStore(store).getAllKeys());
        if (store === 'notes') notes.push(...keys.map(String));
        else rows += keys.length;
      }
      database.close();
    }
    const cached: string[] = [];
    for (const name of await caches.keys()) {
      if (!name.startsWith('sotto-shell-')) cached.push(name);
    }
    return { rows, notes, cached, items: [...Object.keys(localStorage), ...Object.keys(sessionStorage)] };
  });
}

test('signing out leaves nothing of her in the browser, in any tab, and asks twice about what is not sent', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'Already with her.');
    await delivered(rosa, 'Already with her.');
    // Something that is kept beside the rows: a language chosen here.
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('radio', { name: es('language.name') }).check();
    await rosa.page.getByRole('heading', { level: 1, name: es('place.me') }).waitFor();
    await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));
    const second = await rosa.context.newPage();
    await second.goto(`${world.server.origin}/#/me`);
    await second.getByRole('heading', { level: 1, name: es('place.me') }).waitFor();

    await world.server.kill();
    await goTo(rosa, 'place.messages', es);
    await write(rosa, 'Still on this phone.', es);
    await bubble(rosa, 'Still on this phone.').getByText(es('state.waiting')).waitFor();
    await goTo(rosa, 'place.me', es);
    await rosa.page.getByRole('button', { name: es('me.signOut'), exact: true }).click();
    const dialog = rosa.page.getByRole('dialog');
    await dialog.getByRole('button', { name: es('me.signOut'), exact: true }).click();
    await dialog.getByText(es('me.signOut.waiting')).waitFor();
    await rosa.looksRight('signing out with something unsent');
    await rosa.page.keyboard.press('Escape');
    await goTo(rosa, 'place.messages', es);
    await bubble(rosa, 'Still on this phone.').waitFor();

    await world.server.run();
    await delivered(rosa, 'Still on this phone.', es);
    await goTo(rosa, 'place.me', es);
    await rosa.page.getByRole('button', { name: es('me.signOut'), exact: true }).click();
    await dialog.getByRole('button', { name: es('me.signOut'), exact: true }).click();
    for (const page of [rosa.page, second]) {
      await page.getByRole('button', { name: /^(Sign in|Entrar)$/ }).waitFor();
      expect(await page.content()).not.toContain('Still on this phone.');
    }
    await expect.poll(() => left(rosa)).toEqual({ rows: 0, notes: ['fence'], cached: [], items: [] });
    await second.close();

    // Somebody who opens the browser next meets nobody.
    await rosa.page.reload();
    await rosa.page.getByRole('heading', { name: en('signIn.title') }).waitFor();
    await signIn(rosa, CLIENT);
    await rosa.page.getByText(es('signIn.restored', { count: 2 })).waitFor();
  });
});

test('a browser that nobody touches locks by itself in every tab, and one that is touched does not', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'Read by nobody else.');
    await delivered(rosa, 'Read by nobody else.');
    const second = await rosa.context.newPage();
    await second.goto(world.server.origin);
    await second.getByLabel(en('composer.label')).waitFor();

    // Nine minutes pass, and then a touch: nothing happens. Ten more without one, and it is locked.
    await pass(rosa, 9);
    await rosa.page.keyboard.press('Shift');
    await lookedAfter(rosa);
    await rosa.page.getByLabel(en('composer.label')).waitFor();
    await pass(rosa, 10);
    await lookedAfter(rosa);
    for (const page of [rosa.page, second]) {
      await page.getByRole('heading', { name: en('lock.title') }).waitFor();
      expect(await page.content()).not.toContain('Read by nobody else.');
    }
    await rosa.keepsNothingReadable();

    // Either tab opens both.
    await second.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
    await second.getByRole('button', { name: en('lock.unlock'), exact: true }).click();
    await bubble(rosa, 'Read by nobody else.').waitFor();
    await second.getByRole('article').filter({ hasText: 'Read by nobody else.' }).waitFor();
    await second.close();
  });
});

/** So many minutes go by for the engine and its pages. */
async function pass(person: Person, minutes: number): Promise<void> {
  const later = (ms: number) => {
    const now = Date.now;
    Date.now = () => now() + ms;
  };
  for (const page of person.context.pages()) {
    await page.evaluate(later, minutes * 60_000);
    await (await workerOf(page)).evaluate(later, minutes * 60_000);
  }
}

/** The page comes to the front, which is when the engine looks how long nobody was there; else it does so by and by. */
async function lookedAfter(person: Person): Promise<void> {
  await person.page.evaluate(() => void dispatchEvent(new Event('pageshow')));
}
