/** The server away, killed, the page reloaded, the storage gone, two tabs: nothing written is lost, nothing doubled. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, delivered, join, openClient, openPractice, signIn, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

async function twoPeople(world: World): Promise<{ mara: Person; rosa: Person }> {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  await join(rosa, await openPractice(mara, world.server.setupLink));
  await openClient(mara, CLIENT.name);
  return { mara, rosa };
}

test('what is written offline goes when the connection is back', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    await write(rosa, 'First, while connected.');
    await delivered(rosa, 'First, while');
    // From then on the app's own files are at hand.
    await rosa.page.evaluate(async () => void (await navigator.serviceWorker.ready));

    await world.server.kill();
    await write(rosa, 'Second, on the train.');
    await bubble(rosa, 'Second').getByText(en('state.waiting')).waitFor();
    await rosa.page.getByText(en('offline.line')).waitFor();
    await rosa.looksRight('offline');

    // The app opens without a server, with everything there.
    await rosa.page.reload();
    await bubble(rosa, 'First').waitFor();
    await bubble(rosa, 'Second').getByText(en('state.waiting')).waitFor();

    await world.server.run();
    await delivered(rosa, 'Second');
    await bubble(mara, 'Second').waitFor();
    expect(await bubble(mara, 'Second').count()).toBe(1);
  });
});

test('the server is killed again and again in the middle of a conversation', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    const texts: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (const [from, name] of [
        [rosa, 'Rosa'],
        [mara, 'Mara'],
      ] as const) {
        const text = `${name} says number ${round} of four`;
        texts.push(text);
        await write(from, text);
      }
      await world.server.kill();
      await world.server.run();
    }
    for (const person of [mara, rosa]) {
      for (const text of texts) {
        await bubble(person, text).first().waitFor();
        expect(await bubble(person, text).count(), text).toBe(1);
      }
      await expect.poll(() => person.page.getByText(en('state.waiting')).count(), { timeout: 60_000 }).toBe(0);
    }
  });
});

test('a reload in the middle of sending neither loses nor doubles', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    for (let round = 0; round < 3; round += 1) {
      const text = `Written just before reload ${round}`;
      await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), text);
      await rosa.page.getByRole('button', { name: en('composer.send'), exact: true }).click({ noWaitAfter: true });
      await rosa.page.reload();
      await rosa.page.getByLabel(en('composer.label')).waitFor();
      // Either it was taken, or it still stands in the composer: then she sends it now.
      const kept = rosa.page.getByLabel(en('composer.label'));
      await expect
        .poll(async () => (await bubble(rosa, text).count()) > 0 || (await kept.inputValue()) === text)
        .toBe(true);
      if ((await bubble(rosa, text).count()) === 0) {
        await rosa.page.getByRole('button', { name: en('composer.send'), exact: true }).click();
      }
      await bubble(mara, text).waitFor();
      expect(await bubble(mara, text).count()).toBe(1);
    }
  });
});

test('a draft survives a reload', async () => {
  await World.with(async (world) => {
    const { rosa } = await twoPeople(world);
    await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), 'I am not sure yet how to say');
    await rosa.page.getByLabel(en('composer.label')).blur();
    await rosa.page.reload();
    const composer = rosa.page.getByLabel(en('composer.label'));
    await composer.waitFor();
    await expect.poll(() => composer.inputValue()).toBe('I am not sure yet how to say');
  });
});

test('a browser that has thrown everything away gets it back by signing in', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    await write(rosa, 'Something to keep.');
    await delivered(rosa, 'Something to keep');
    await write(mara, 'It is kept.');
    await bubble(rosa, 'It is kept').waitFor();

    const fresh = await world.person();
    await signIn(fresh, CLIENT);
    await fresh.page.getByText(en('signIn.restored', { count: 2 })).waitFor();
    await bubble(fresh, 'Something to keep').waitFor();
    await bubble(fresh, 'It is kept').waitFor();
    await fresh.looksRight('restored');

    // And the same in the browser that was hers, once its storage is gone.
    await rosa.page.goto('about:blank');
    const session = await rosa.context.newCDPSession(rosa.page);
    await session.send('Storage.clearDataForOrigin', { origin: world.server.origin, storageTypes: 'all' });
    await signIn(rosa, CLIENT);
    await rosa.page.getByText(en('signIn.restored', { count: 2 })).waitFor();
    await bubble(rosa, 'It is kept').waitFor();
  });
});

test('two tabs show the same, and either goes on when the other closes', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    const second = await rosa.context.newPage();
    await second.goto(world.server.origin);
    await second.getByLabel(en('composer.label')).waitFor();

    await write(rosa, 'From the first tab.');
    await second.getByRole('article').filter({ hasText: 'From the first tab.' }).waitFor();

    await rosa.page.close();
    const composer = second.getByLabel(en('composer.label'));
    await rosa.fillSecret(composer, 'From the second tab.');
    await second.getByRole('button', { name: en('composer.send'), exact: true }).click();
    await bubble(mara, 'From the second tab.').waitFor();
    expect(await bubble(mara, 'From the').count()).toBe(2);
  });
});
