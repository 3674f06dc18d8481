/** After locking and after Exit: the worker with its memory is gone, and the page's heap holds nothing that was written. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, delivered, goTo, join, openClient, openPractice, sheetWords, write } from '../harness/steps';
import { heldInHeap } from '../harness/heap';
import { workerOf } from '../harness/worker';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const HERS = 'A marker that Rosa wrote, 4711.';
const MARAS = 'A marker that Mara wrote, 0815.';
const DRAFT = 'A marker that is still being typed, 1234.';
const MARKERS = [HERS, MARAS, DRAFT];

/** The words of her sheet as a whole, on the page that shows it: somewhere in the page's heap, and in its document. */
async function showsSheet(rosa: Person): Promise<string[]> {
  await goTo(rosa, 'place.me');
  await rosa.page.getByRole('link', { name: en('me.sheet.open'), exact: true }).click();
  const words = await sheetWords(rosa);
  await rosa.page.getByRole('button', { name: en('sheet.showCode'), exact: true }).click();
  const markers = [words, words.replaceAll(' ', '-'), ...words.split(' ')];
  expect((await heldInHeap(rosa.page, [words])).size).toBe(1);
  return markers;
}

/** Nowhere in the page, its heap, its address or its history's own entry. */
async function forgot(rosa: Person, markers: string[]): Promise<void> {
  expect(await heldInHeap(rosa.page, markers)).toEqual(new Map());
  const [html, state] = await rosa.page.evaluate(() => [
    document.documentElement.outerHTML,
    JSON.stringify([location.href, history.state]),
  ]);
  for (const marker of markers) expect(html + state).not.toContain(marker);
}

async function talked(world: World): Promise<Person> {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  await join(rosa, await openPractice(mara, world.server.setupLink));
  await write(rosa, HERS);
  await delivered(rosa, HERS);
  await openClient(mara, CLIENT.name);
  await write(mara, MARAS);
  await bubble(rosa, MARAS).waitFor();
  await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), DRAFT);
  // Otherwise the rest would show nothing.
  expect([...(await heldInHeap(rosa.page, MARKERS)).keys()]).toEqual(MARKERS);
  return rosa;
}

test('locked, the worker is gone and the page holds nothing that was written', async () => {
  await World.with(async (world) => {
    const rosa = await talked(world);
    const worker = await workerOf(rosa.page);
    const gone = new Promise((resolve) => worker.once('close', resolve));
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('button', { name: en('me.lock'), exact: true }).click();
    await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();
    await gone;
    expect(rosa.page.workers()).not.toContain(worker);
    expect(await heldInHeap(rosa.page, MARKERS)).toEqual(new Map());
  });
});

test('after Exit there is no worker, and nothing that was written in the page that came', async () => {
  await World.with(async (world) => {
    const rosa = await talked(world);
    await rosa.page.getByRole('button', { name: en('exit.do'), exact: true }).click();
    await rosa.page.waitForURL('**/measures.html?1');
    await expect.poll(() => rosa.page.workers().length).toBe(0);
    expect(await heldInHeap(rosa.page, MARKERS)).toEqual(new Map());
  });
});

test('a recovery sheet is nowhere in the page that doesn’t show it any more, and locked it is in no worker either', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink), CLIENT, en, 'later');
    const markers = await showsSheet(rosa);
    await goTo(rosa, 'place.messages');
    await rosa.page.getByLabel(en('composer.label')).waitFor();
    await forgot(rosa, markers);
    await showsSheet(rosa);
    const worker = await workerOf(rosa.page);
    const gone = new Promise((resolve) => worker.once('close', resolve));
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('button', { name: en('me.lock'), exact: true }).click();
    await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();
    await gone;
    await forgot(rosa, markers);
    await rosa.keepsNothingReadable();
  });
});

test('a sheet that was scanned is nowhere in the page once it has been used', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    const words = await join(rosa, await openPractice(mara, world.server.setupLink));
    const markers = [words, words.replaceAll(' ', '-'), ...words.split(' ')];
    const again = await world.person();
    await again.goto(`/#recover=${CLIENT.handle}/${words.replaceAll(' ', '-')}`);
    await again.fillSecret(
      again.page.getByLabel(en('password.choose.new'), { exact: true }),
      'eleven slow herons cross the frozen marsh',
    );
    await again.page.getByRole('button', { name: en('recover.do'), exact: true }).click();
    await again.page.getByLabel(en('composer.label')).waitFor();
    await forgot(again, markers);
  });
});
