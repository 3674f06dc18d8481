/** Those who work together: invitations told apart by a name that nobody else learns, and their own conversation. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import { bubble, delivered, invite, join, joinUp, openPractice, write, type Identity } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const COLLEAGUE: Identity = {
  name: 'Dr. Jonas Weber',
  handle: 'jonas',
  password: 'four paper boats under the willow tree',
};

async function go(person: Person, place: 'place.practice' | 'place.clients' | 'place.today'): Promise<void> {
  const places = person.page.getByRole('navigation', { name: en('place.all') });
  await places.getByRole('link', { name: en(place) }).click();
}

test('the owner and a therapist write to each other, and each notices what is new', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const jonas = await world.person();
    await openPractice(mara, world.server.setupLink);

    await go(mara, 'place.practice');
    await mara.page.getByRole('link', { name: en('practice.people') }).click();
    await mara.page.getByLabel(en('invite.who'), { exact: true }).selectOption('therapist');
    await mara.fillSecret(mara.page.getByLabel(en('invite.name'), { exact: true }), 'Jonas from the clinic');
    const link = await invite(mara, 'We are glad.');
    const open = mara.page.getByRole('listitem').filter({ hasText: 'Jonas from the clinic' });
    await open.getByText(en('role.therapist')).waitFor();

    await joinUp(jonas, link, COLLEAGUE);
    await jonas.page.getByRole('heading', { name: en('today.none.title') }).waitFor();
    await go(jonas, 'place.clients');
    await jonas.page.getByRole('link', { name: /Mara Lindqvist/ }).click();
    await jonas.looksRight('a conversation between colleagues');
    // Nothing that belongs to a client's conversation.
    expect(await jonas.page.getByRole('button', { name: en('composer.bring') }).count()).toBe(0);
    expect(await jonas.page.getByRole('button', { name: en('phrases.open') }).count()).toBe(0);
    await write(jonas, 'Is the quiet room free on Friday?');
    await delivered(jonas, 'Is the quiet room');

    // It waits on her first page until she has looked at it, and is no client's.
    await go(mara, 'place.today');
    const practice = mara.page.getByRole('region', { name: en('colleagues.title') });
    await practice
      .getByRole('link', { name: /Jonas Weber/ })
      .getByText(en('clients.fresh'))
      .waitFor();
    await mara.looksRight('news from a colleague');
    await practice.getByRole('link', { name: /Jonas Weber/ }).click();
    await write(mara, 'It is, all afternoon.');
    await bubble(jonas, 'It is, all afternoon.').waitFor();
    await go(mara, 'place.today');
    await mara.page.getByRole('heading', { name: en('today.none.title') }).waitFor();
    await expect.poll(() => practice.count()).toBe(0);
  });
});

test('whom an invitation is for is known to the one who made it, and to nobody else', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    await openPractice(mara, world.server.setupLink);
    await go(mara, 'place.clients');
    await mara.page
      .getByRole('link', { name: en('clients.invite') })
      .first()
      .click();
    await mara.fillSecret(mara.page.getByLabel(en('invite.name'), { exact: true }), 'Wren of the Tuesday group');
    const link = await invite(mara, 'See you soon.');
    await go(mara, 'place.clients');
    const waiting = mara.page.getByRole('region', { name: en('clients.invited') });
    await waiting.getByText('Wren of the Tuesday group').waitFor();
    await mara.looksRight('a client who is invited');

    // Neither the one who is invited nor the server is told (secrets are searched at the end).
    const wren = await world.person();
    await join(wren, link);
    expect(await wren.page.content()).not.toContain('Tuesday group');
    await expect.poll(() => waiting.getByText('Tuesday group').count()).toBe(0);
  });
});
