/**
 * How long people wait, on a slow phone and a slow line: `cargo xtask bench web [MESSAGES]`.
 *
 * Prints; never fails on a time. The page's CPU is slowed four times and its network to 1.6 Mbit/s with 150 ms; Chromium
 * slows the page's own thread, not the worker in which the core runs, nor its socket, so the core's share is that of this
 * machine. Times are taken inside the page, from what the person does until what she waits for has been painted.
 */

import type { CDPSession } from 'playwright-core';
import { framesOf, painted, pressedToPaint } from './harness/meter';
import type { Person } from './harness/person';
import { CLIENT, PRACTICE, THERAPIST } from './harness/steps';
import { Terminal } from './harness/terminal';
import { en } from './harness/words';
import { closeBrowser, World } from './harness/world';

const CPU_SLOWDOWN = 4;
const LATENCY_MS = 150;
const BYTES_PER_SECOND = 1_600_000 / 8;
const VISITS = 3;
const ROUNDS = 15;
const SCROLL_PIXELS = 20_000;
const SCROLL_PIXELS_PER_SECOND = 4_000;
const HISTORY = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000);
const newest = { selector: 'article', text: 'The newest of a longer history.' };

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

function say(what: string, ms: number[]): void {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  console.log(`${what.padEnd(56)} p50 ${at(0.5).toFixed(0).padStart(6)} ms   max ${at(1).toFixed(0).padStart(6)} ms`);
}

/** A history that two people have written at the same time, from a terminal. */
async function writeHistory(setupLink: string): Promise<void> {
  const lines = (who: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${who}, ${n}. ${'Something was a little easier today. '.repeat(n % 7)}`);
  await Terminal.with(THERAPIST, (mara) =>
    Terminal.with(CLIENT, async (rosa) => {
      await mara.arrive('setup', setupLink, '--practice', PRACTICE);
      await rosa.arrive('join', await mara.run(['invite']));
      await rosa.run(['set', 'agreement', '{"v":1}']);
      await mara.run(['sync']);
      const half = Math.floor((HISTORY - 1) / 2);
      const from = performance.now();
      await Promise.all([mara.sendLines(lines('Mara', half)), rosa.sendLines(lines('Rosa', HISTORY - 1 - half))]);
      // Read, so that the conversation opens at its end.
      await rosa.run(['read']);
      await rosa.run(['send', newest.text]);
      const seconds = (performance.now() - from) / 1000;
      console.log(`${HISTORY} messages written from two terminals in ${seconds.toFixed(1)} s`);
    }),
  );
}

/** A new phone opens the app for the first time. */
async function firstVisit(world: World, times: number[]): Promise<Person> {
  const phone = await world.person();
  await slow(phone);
  await phone.page.goto(phone.origin, { waitUntil: 'commit' });
  times.push(await painted(phone.page, { selector: 'input[autocomplete="username"]' }));
  return phone;
}

/** Signs in on an empty device, and waits until everything is there. */
async function restore({ page }: Person): Promise<void> {
  await page.getByLabel(en('field.handle'), { exact: true }).fill(CLIENT.handle);
  await page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
  const any = { selector: 'article' };
  const everything = {
    selector: '[role=status]',
    text: en('signIn.restored', { count: HISTORY.toLocaleString('en') }),
  };
  const [readable = NaN, whole = NaN, told = NaN] = await pressedToPaint(page, [any, newest, everything], () =>
    page.getByRole('button', { name: en('signIn.do'), exact: true }).press('Enter'),
  );
  say('signed in to the first messages on the screen', [readable]);
  say('signed in to the newest message on the screen', [whole]);
  say(`signed in to "Everything is here: ${HISTORY} messages"`, [told]);
}

await World.with(async (world) => {
  await writeHistory(world.server.setupLink);

  const visits: number[] = [];
  let phone = await firstVisit(world, visits);
  while (visits.length < VISITS) {
    await phone.context.close();
    phone = await firstVisit(world, visits);
  }
  say('first visit, empty cache, to usable sign-in', visits);
  await restore(phone);

  const bubbles: number[] = [];
  let text = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    text = `Key press ${round} to bubble`;
    await phone.page.getByLabel(en('composer.label')).fill(text);
    bubbles.push(
      ...(await pressedToPaint(phone.page, [{ selector: 'article', text }], () =>
        phone.page.keyboard.press('Control+Enter'),
      )),
    );
  }
  say('key press to bubble', bubbles);

  const openings: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await phone.page.reload({ waitUntil: 'commit' });
    openings.push(await painted(phone.page, { selector: 'article', text }));
  }
  say(`reload to the newest of ${HISTORY + ROUNDS} messages`, openings);

  const session = await slow(phone);
  for (const [direction, sign] of [
    ['up', 1],
    ['down', -1],
  ] as const) {
    const frames = await framesOf(phone.page, () =>
      session.send('Input.synthesizeScrollGesture', {
        x: 195,
        y: 300,
        yDistance: sign * SCROLL_PIXELS,
        speed: SCROLL_PIXELS_PER_SECOND,
        gestureSourceType: 'touch',
        preventFling: true,
      }),
    );
    const { count, share17, share33, longest, blank } = frames;
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    console.log(
      `scrolling ${direction}, ${SCROLL_PIXELS} px: ${count} frames, over 17 ms ${percent(share17)}, over 34 ms ` +
        `${percent(share33)}, longest ${longest.toFixed(0)} ms, with something not yet there ${percent(blank)}`,
    );
  }
  await phone.context.close();
});
await closeBrowser();
