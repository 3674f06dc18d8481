/** Devices that are not as they should be: a clock that is wrong, no WebAssembly, a browser from another time. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP } from '../harness/person';
import { bubble, CLIENT, delivered, join, openClient, openPractice, write } from '../harness/steps';
import { App, clockOff } from '../harness/app';
import { withoutServiceWorker } from '../harness/worker';
import { en, es } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const HOUR_MS = 3_600_000;

for (const { name, hours } of [
  { name: 'ahead', hours: 5 },
  { name: 'behind', hours: -30 },
]) {
  test(`clocks that are hours ${name} are told of, and everything goes and comes all the same`, async () => {
    const app = await App.copy();
    await app.before(/^assets\/main-[^/]+\.js$/, clockOff(hours * HOUR_MS));
    try {
      await World.with(wrongClocks(hours), '--web', app.folder);
    } finally {
      await app.remove();
    }
  });
}

/** Two people whose devices are wrong by so many hours; only the server's clock is right. */
function wrongClocks(hours: number): (world: World) => Promise<void> {
  return async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person({ viewport: DESKTOP });
    for (const { context } of [mara, rosa]) await context.addInitScript(clockOff(hours * HOUR_MS));
    await join(rosa, await openPractice(mara, world.server.setupLink));
    const told = rosa.page.getByText(/clock is wrong by about/);
    const minutes = Number((await told.innerText()).replace(/\D/g, ''));
    expect(Math.abs(minutes - Math.abs(hours) * 60)).toBeLessThanOrEqual(1);
    await rosa.looksRight('a wrong clock');

    await openClient(mara, CLIENT.name);
    await write(rosa, 'What time is it?');
    await delivered(rosa, 'What time is it?');
    await bubble(mara, 'What time is it?').waitFor();
    await write(mara, 'The right one is here.');
    await bubble(rosa, 'The right one').waitFor();
    // What is shown is when it came to the server.
    const shown = Date.parse((await bubble(mara, 'What time').locator('time').getAttribute('datetime')) ?? '');
    expect(Math.abs(shown - Date.now())).toBeLessThan(120_000);
    await rosa.page.reload();
    await bubble(rosa, 'The right one').waitFor();
    const order = (await rosa.page.getByRole('article').allInnerTexts()).map((text) => /What|right/.exec(text)?.[0]);
    expect(order).toEqual(['What', 'right']);
    await told.waitFor();
  };
}

test('where the app cannot run, one plain page says so in both languages', async () => {
  await World.with(async (world) => {
    const sentence = 'This page needs a newer browser';
    // No WebAssembly, as in a browser that was locked down.
    const locked = await world.person();
    await locked.context.addInitScript('delete globalThis.WebAssembly');
    // No locks between tabs, and a browser that cannot even read the app's scripts.
    const old = await world.person();
    await old.context.addInitScript('delete Navigator.prototype.locks');
    const ancient = await world.person();
    await ancient.context.route(/\/assets\/index-[^/]+\.js$/, (route) =>
      route.fulfill({ contentType: 'text/javascript', body: 'let too = new;' }),
    );
    for (const person of [locked, old, ancient]) {
      await person.goto(world.server.setupLink);
      await person.page.getByRole('heading', { level: 1, name: sentence }).waitFor();
      await person.page.getByRole('heading', { name: 'Esta página necesita un navegador más nuevo' }).waitFor();
      await person.page.getByText('call or text 988').waitFor();
      await person.looksRight('a browser that is too old');
      expect(await person.page.getByRole('button').count()).toBe(0);
    }
    ancient.provoked(/SyntaxError|Unexpected token/);
    expect(es('app.name')).toBe('Sotto');
  });
});

test('where the core cannot be fetched, the page says so and goes on when it can', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    await withoutServiceWorker(mara);
    let away = true;
    await mara.context.route(/\.wasm$/, (route) => (away ? route.abort() : route.continue()));
    await mara.goto('/');
    await mara.page.getByLabel(en('field.handle'), { exact: true }).fill('mara');
    await mara.page.getByLabel(en('field.password'), { exact: true }).fill('some words that are not right');
    await mara.page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
    await mara.page.getByRole('alert').getByText(en('error.unreachable')).waitFor();
    await mara.looksRight('without its core');
    away = false;
    await mara.page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
    await expect.poll(() => mara.page.getByRole('alert').allInnerTexts()).not.toContain(en('error.unreachable'));
  });
});
