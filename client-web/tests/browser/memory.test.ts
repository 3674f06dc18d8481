/** After locking and after Exit: the worker with its memory is gone, and the page's heap holds nothing that was written. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, delivered, goTo, join, openClient, openPractice, write } from '../harness/steps';
import { heldInHeap } from '../harness/heap';
import { workerOf } from '../harness/worker';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const HERS = 'A marker that Rosa wrote, 4711.';
const MARAS = 'A marker that Mara wrote, 0815.';
const DRAFT = 'A marker that is still being typed, 1234.';
const MARKERS = [HERS, MARAS, DRAFT];

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
