/**
 * How long people wait, on a slow phone and a slow line: `cargo xtask bench web`.
 *
 * Prints; never fails on a time. The page's CPU is slowed four times and its network to 1.6 Mbit/s with 150 ms; Chromium
 * slows the page's own thread, not the worker in which the core runs, so the core's share is that of this machine.
 */

import type { CDPSession } from 'playwright-core';
import { DESKTOP, type Person } from './harness/person';
import { bubble, CLIENT, delivered, join, openPractice, write } from './harness/steps';
import { en } from './harness/words';
import { closeBrowser, World } from './harness/world';

const CPU_SLOWDOWN = 4;
const LATENCY_MS = 150;
const BYTES_PER_SECOND = 1_600_000 / 8;
const ROUNDS = 15;
const HISTORY = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 200);

/** Makes a person's device slow. */
async function slow(person: Person): Promise<CDPSession> {
  const session = await person.context.newCDPSession(person.page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN });
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: LATENCY_MS,
    downloadThroughput: BYTES_PER_SECOND,
    uploadThroughput: BYTES_PER_SECOND,
  });
  return session;
}

async function timed(what: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await what();
  return performance.now() - from;
}

function say(what: string, ms: number[]): void {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  console.log(`${what.padEnd(52)} p50 ${at(0.5).toFixed(0).padStart(6)} ms   max ${at(1).toFixed(0).padStart(6)} ms`);
}

await World.with(async (world) => {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  await join(rosa, await openPractice(mara, world.server.setupLink));
  for (let number = 0; number < HISTORY; number += 1) await write(rosa, `Message ${number} of a longer history.`);
  await delivered(rosa, `Message ${HISTORY - 1} of`);

  const first: number[] = [];
  const readable: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const phone = await world.person();
    await slow(phone);
    const name = phone.page.getByLabel(en('field.handle'), { exact: true });
    first.push(await timed(() => phone.goto('/').then(() => name.waitFor())));
    await name.fill(CLIENT.handle);
    await phone.page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
    await phone.page.getByRole('button', { name: en('signIn.do'), exact: true }).click();
    const from = performance.now();
    await bubble(phone, `Message ${HISTORY - 1} of`).waitFor();
    readable.push(performance.now() - from);
    await phone.page.getByText(en('signIn.restored', { count: HISTORY })).waitFor();
    whole.push(performance.now() - from);
  }
  say('first visit, empty cache, to usable sign-in', first);
  say('signed in to the newest message on the screen', readable);
  say(`signed in to "Everything is here: ${HISTORY} messages"`, whole);

  await slow(rosa);
  const bubbles: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = `Key press ${round} to bubble`;
    await rosa.page.getByLabel(en('composer.label')).fill(text);
    bubbles.push(await timed(() => rosa.page.keyboard.press('Control+Enter').then(() => bubble(rosa, text).waitFor())));
  }
  say('key press to bubble', bubbles);

  const openings: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await rosa.page.reload({ waitUntil: 'commit' });
    openings.push(await timed(() => bubble(rosa, `Key press ${ROUNDS - 1} to`).waitFor()));
  }
  say(`reload to the newest of ${HISTORY + ROUNDS} messages`, openings);
});
await closeBrowser();
