/** What a therapist writes outside her hours waits for them, unseen; and what her clients read while she is away. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, CLIENT, follow, goTo, join, openClient, openPractice, THERAPIST, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const MINUTE_MS = 60_000;
/** So long the steps up to the last message may take before her hours begin; the rest of the test waits for them. */
const AHEAD_MS = 40_000;

/** Somewhere it is the middle of the day now, so that hours which begin in a minute end on the same day. */
function zoneAtNoon(): string {
  const hourIn = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23' }).format();
  const zone = Intl.supportedValuesOf('timeZone').find((one) => Number(hourIn(one)) === 12);
  if (!zone) throw new Error('it is noon nowhere');
  return zone;
}

/** As the app writes times; in "12:58–11:00 PM" there is one PM for both. */
function clock(at: number, timeZone: string): RegExp {
  const text = new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(at);
  return new RegExp(`\\b${text.replace(/\s.*$/u, '')}\\b`);
}

/** Her hours are today's, from this moment to the evening. */
async function readFrom(person: Person, at: number, zone: string): Promise<void> {
  const { page } = person;
  await goTo(person, 'place.me');
  await follow(person, 'card.change', 'card.title');
  await page.getByRole('button', { name: en('card.change'), exact: true }).click();
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { timeZone: zone, ...options }).format(at);
  const today = part({ weekday: 'long' });
  await page.getByRole('checkbox', { name: today, exact: true }).check();
  for (const day of ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']) {
    if (day !== today) await page.getByRole('checkbox', { name: day, exact: true }).uncheck();
  }
  const from = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  await page.getByLabel(en('card.to', { day: today }), { exact: true }).fill('23:00');
  await page.getByLabel(en('card.from', { day: today }), { exact: true }).fill(from);
  await person.looksRight('changing hours');
  await page.getByRole('button', { name: en('do.save'), exact: true }).click();
  await page.getByText(en('card.published')).waitFor();
}

test('what is written outside her hours goes when they begin, and can be taken back unseen', async () => {
  const zone = zoneAtNoon();
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP, timezone: zone });
    const rosa = await world.person({ timezone: zone });
    await join(rosa, await openPractice(mara, world.server.setupLink));

    const opens = Math.ceil((Date.now() + AHEAD_MS) / MINUTE_MS) * MINUTE_MS;
    await readFrom(mara, opens, zone);
    await rosa.page
      .getByRole('region', { name: en('availability.label') })
      .getByText(clock(opens, zone))
      .waitFor();

    await openClient(mara, CLIENT.name);
    const composer = mara.page.getByLabel(en('composer.label'));
    const goes = mara.page.getByRole('button', { name: /^Goes / });
    for (const text of ['For your morning: breathe out slowly.', 'Said too soon, and never read.']) {
      await mara.fillSecret(composer, text);
      expect(await goes.innerText()).toMatch(clock(opens, zone));
      await goes.click();
      await bubble(mara, text)
        .getByText(/^Goes /)
        .waitFor();
    }
    await bubble(mara, 'For your morning').getByText(en('state.goesAt.hint')).waitFor();
    await mara.looksRight('messages that wait for her hours');
    await bubble(mara, 'Said too soon')
      .getByRole('button', { name: en('message.do.takeBack') })
      .click();
    const dialog = mara.page.getByRole('dialog');
    await dialog.getByText(en('takeBack.unread')).waitFor();
    await dialog.getByRole('button', { name: en('message.do.takeBack') }).click();
    await bubble(mara, en('message.takenBack.mine')).waitFor();

    // One that was written after them says that they have arrived too, and are kept back here.
    await mara.fillSecret(composer, 'This one goes now.');
    await mara.page.getByRole('button', { name: en('send.now'), exact: true }).click();
    await bubble(rosa, 'This one goes now.').waitFor();
    expect(Date.now()).toBeLessThan(opens);
    const onHerScreen = () => rosa.page.getByRole('article').allInnerTexts();
    expect(await onHerScreen()).toHaveLength(1);
    await rosa.page.reload();
    await bubble(rosa, 'This one goes now.').waitFor();
    if (Date.now() < opens) expect(await onHerScreen()).toHaveLength(1);

    // Meanwhile she goes away; what was promised for her hours still comes then.
    await goAway(mara, opens, zone);
    const strip = rosa.page.getByRole('region', { name: en('availability.label') });
    await strip.getByText('Back from the mountains soon.').waitFor();
    await strip.getByText('Dr. Ines Ferro, 555 0134').waitFor();
    await strip.getByText(en('availability.away', { therapist: THERAPIST.name, until: '' }).slice(0, -3)).waitFor();
    await rosa.looksRight('a therapist who is away');

    await bubble(rosa, 'For your morning').waitFor({ timeout: 2 * MINUTE_MS });
    expect(Date.now()).toBeGreaterThanOrEqual(opens);
    const texts = await onHerScreen();
    expect(texts).toHaveLength(2);
    expect(texts.join('\n')).not.toContain(en('message.takenBack'));
    expect(texts.join('\n')).not.toContain('Said too soon');

    // The note can be removed again, and then the hours stand there as before.
    await mara.page.getByRole('button', { name: en('away.end') }).click();
    await strip.getByText(clock(opens, zone)).waitFor();
    await write(rosa, 'I did, and slept.');
    await openClient(mara, CLIENT.name);
    await bubble(mara, 'I did, and slept.').waitFor();
    await expect
      .poll(
        () =>
          bubble(mara, 'For your morning')
            .getByText(/^Goes /)
            .count(),
        { timeout: MINUTE_MS },
      )
      .toBe(0);
  });
});

/** Away today and tomorrow, with a note and somebody who covers. */
async function goAway(person: Person, at: number, timeZone: string): Promise<void> {
  const { page } = person;
  const day = (when: number) => new Intl.DateTimeFormat('sv-SE', { timeZone }).format(when);
  await goTo(person, 'place.me');
  await follow(person, 'card.change', 'card.title');
  await page.getByRole('button', { name: en('away.plan') }).click();
  await page.getByLabel(en('away.from'), { exact: true }).fill(day(at));
  await page.getByLabel(en('away.until'), { exact: true }).fill(day(at + 24 * 60 * MINUTE_MS));
  await person.fillSecret(page.getByLabel(en('away.message'), { exact: true }), 'Back from the mountains soon.');
  await person.fillSecret(page.getByLabel(en('away.cover'), { exact: true }), 'Dr. Ines Ferro, 555 0134');
  await person.looksRight('planning time away');
  await page.getByRole('button', { name: en('do.save'), exact: true }).click();
  await page.getByText(en('card.published')).waitFor();
}
