/** Two people, from the set-up link to an answered message, on a phone and on a desktop. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, PHONE } from '../harness/person';
import { act, bubble, CLIENT, delivered, join, openClient, openPractice, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const sizes = [
  { name: 'a therapist on a desktop and a client on a phone', therapist: DESKTOP, client: PHONE },
  { name: 'a therapist on a phone and a client on a desktop', therapist: PHONE, client: DESKTOP },
];

for (const size of sizes) {
  test(`${size.name} write to each other`, async () => {
    await World.with(async (world) => {
      const mara = await world.person({ viewport: size.therapist });
      const rosa = await world.person({ viewport: size.client, colorScheme: 'dark' });
      const invitation = await openPractice(mara, world.server.setupLink);
      await join(rosa, invitation);
      expect(new URL(rosa.page.url()).hash).not.toContain(new URL(invitation).hash.slice(1, 12));

      await write(rosa, 'The doorway again, and this time I looked back.');
      await delivered(rosa, 'The doorway again');
      await rosa.looksRight('conversation of a client');

      await openClient(mara, CLIENT.name);
      await bubble(mara, 'The doorway again').waitFor();
      await act(mara, 'The doorway again', en('message.do.read'));
      await bubble(rosa, 'The doorway again')
        .getByText(/has read this/)
        .waitFor();
      await act(mara, 'The doorway again', en('message.do.hold'));
      await bubble(rosa, 'The doorway again').getByText(en('state.held')).waitFor();
      await mara.looksRight('conversation of a therapist');
    });
  });
}

test('a message is edited, brought to the session and taken back', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await openClient(mara, CLIENT.name);

    await write(rosa, 'I was afraid of the water.');
    await bubble(mara, 'I was afraid').waitFor();
    await act(rosa, 'I was afraid', en('message.do.edit'));
    await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), 'I was afraid of the deep water.');
    await rosa.page.getByRole('button', { name: en('do.save'), exact: true }).click();
    await bubble(mara, 'deep water').getByText(en('message.edited')).waitFor();

    await act(rosa, 'deep water', en('message.do.bring'));
    await bubble(mara, 'deep water').getByText(en('state.bring')).waitFor();

    await act(rosa, 'deep water', en('message.do.takeBack'));
    await rosa.page
      .getByRole('dialog')
      .getByRole('button', { name: en('message.do.takeBack') })
      .click();
    await bubble(mara, en('message.takenBack')).waitFor();
    await expect.poll(() => bubble(mara, 'deep water').count()).toBe(0);
  });
});

test('one’s own message is come to, whichever button sent it and wherever one was reading', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await openClient(mara, CLIENT.name);
    for (let line = 1; line <= 14; line++) {
      await write(rosa, `Line ${line}. ${'A sentence that fills the page. '.repeat(6)}`);
    }
    await delivered(rosa, 'Line 14.');
    const buttons = {
      rosa: [en('composer.send'), en('composer.bring')],
      mara: [new RegExp(`^(${en('composer.send')}|${en('send.now')})$`)],
    };
    for (const [person, sends] of [
      [rosa, buttons.rosa],
      [mara, buttons.mara],
    ] as const) {
      for (const [at, send] of sends.entries()) {
        const list = person.page.getByRole('region', { name: /^Messages with/ });
        await list.waitFor();
        await list.evaluate((one) => one.scrollTo(0, 0));
        await bubble(person, 'Line 1.').waitFor();
        await person.page.getByRole('button', { name: /newest|new message/ }).waitFor();
        const text = `My own words, number ${at + 1} of ${person === mara ? 'Mara' : 'Rosa'}.`;
        await person.fillSecret(person.page.getByLabel(en('composer.label')), text);
        await person.page.getByRole('button', { name: send, exact: true }).click();
        await expect
          .poll(() =>
            bubble(person, text)
              .evaluate((one) => {
                const { top, bottom } = one.getBoundingClientRect();
                return top >= 0 && bottom <= innerHeight;
              })
              .catch(() => false),
          )
          .toBe(true);
      }
    }
  });
});
