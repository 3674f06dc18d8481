/** A therapist's day: what waits in which bucket, gone through with the keyboard alone, and her own phrases. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP } from '../harness/person';
import { enterOn, tabTo, typeInto } from '../harness/keyboard';
import { bubble, CLIENT, delivered, goTo, join, openClient, openPractice, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('what waits for her stands in its bucket, and she goes through it with the keyboard', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    const bucket = (word: 'today.answer' | 'today.read' | 'today.held') =>
      mara.page.getByRole('region', { name: en(word) });
    const action = (word: 'message.do.read' | 'today.hold' | 'today.putAway') =>
      mara.page.getByRole('button', { name: `${en(word)}: ${CLIENT.name}` });

    // Brought to the session by the client herself, and something to answer.
    await mara.page.getByText(en('today.none.title')).waitFor();
    await rosa.fillSecret(rosa.page.getByLabel(en('composer.label')), 'The garden door, for our session.');
    await rosa.page.getByRole('button', { name: en('composer.bring'), exact: true }).click();
    await bubble(rosa, 'The garden door').getByText(en('state.bring')).waitFor();
    await bucket('today.held').getByText('The garden door').waitFor();
    await write(rosa, 'May I call on Thursday?');
    await bucket('today.answer').getByText('May I call on Thursday?').waitFor();
    await mara.looksRight('Today with something to answer');

    // To the conversation from the card, and an answer, without a mouse.
    await enterOn(mara, bucket('today.answer').getByRole('link', { name: en('today.open'), exact: true }));
    const composer = mara.page.getByLabel(en('composer.label'));
    await bubble(mara, 'May I call on Thursday?').waitFor();
    await typeInto(mara, composer, 'Yes, after four.');
    world.secrets.push('Yes, after four.');
    await enterOn(mara, mara.page.getByRole('button', { name: /^(Send|Send now)$/ }));
    await bubble(rosa, 'Yes, after four.').waitFor();
    await enterOn(mara, mara.page.getByRole('link', { name: en('place.today'), exact: true }));
    await bucket('today.held').waitFor();
    await expect.poll(() => bucket('today.answer').count()).toBe(0);

    // "I've read this" from the keyboard: the client sees it, and the focus is not lost.
    await write(rosa, 'Nothing to answer here.');
    await bucket('today.answer').getByText('Nothing to answer here.').waitFor();
    await enterOn(mara, action('message.do.read'));
    await bubble(rosa, 'Nothing to answer here.')
      .getByText(/has read this/)
      .waitFor();
    await expect.poll(() => bucket('today.answer').count()).toBe(0);
    const focused = () => mara.page.evaluate(() => document.activeElement !== document.body);
    expect(await focused()).toBe(true);

    // Kept for the session, which the client sees too; then both held things are put away.
    await write(rosa, 'And the other dream.');
    await bucket('today.answer').getByText('And the other dream.').waitFor();
    await enterOn(mara, action('today.hold').first());
    await bubble(rosa, 'And the other dream.').getByText(en('state.held')).waitFor();
    await bucket('today.held').getByText('And the other dream.').waitFor();
    await enterOn(mara, action('today.putAway'));
    await mara.page.getByText(en('today.none.title')).waitFor();
    expect(await focused()).toBe(true);

    // What was done today is folded, and can be put back.
    await enterOn(mara, mara.page.locator('summary', { hasText: en('today.done') }));
    await mara.looksRight('Today, done');
    await enterOn(mara, mara.page.getByRole('button', { name: `${en('today.putBack')}: ${CLIENT.name}` }));
    await bucket('today.held').getByText('The garden door').waitFor();
  });
});

test('a message that crossed an answer is there to read', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await openClient(mara, CLIENT.name);
    await write(rosa, 'How long does it take?');
    await bubble(mara, 'How long does it take?').waitFor();

    // She answers without a connection, and the client goes on writing.
    await world.server.kill();
    await write(mara, 'About two hours.');
    await bubble(mara, 'About two hours.').getByText(en('state.waiting')).waitFor();
    await goTo(mara, 'place.today');
    await mara.page.goto('about:blank');
    await world.server.run();
    await write(rosa, 'Never mind, I found it.');
    await delivered(rosa, 'Never mind');

    await mara.goto('/#/today');
    const read = mara.page.getByRole('region', { name: en('today.read') });
    await read.getByText('Never mind, I found it.').waitFor();
    await bubble(rosa, 'About two hours.').waitFor();
    expect(await mara.page.getByRole('region', { name: en('today.answer') }).count()).toBe(0);
    await mara.looksRight('Today with something to read');

    // Phrases are hers alone: kept in her own space, chosen into the message from the keyboard.
    await openClient(mara, CLIENT.name);
    const dialog = mara.page.getByRole('dialog');
    const phrases = mara.page.getByRole('button', { name: en('phrases.open') });
    await enterOn(mara, phrases);
    await typeInto(mara, dialog.getByLabel(en('phrases.new')), 'There is no hurry with this.');
    world.secrets.push('There is no hurry with this.');
    await enterOn(mara, dialog.getByRole('button', { name: en('phrases.add'), exact: true }));
    await dialog.getByRole('button', { name: /^Remove: There is no hurry/ }).waitFor();
    await mara.looksRight('phrases');
    await mara.page.keyboard.press('Escape');
    await expect.poll(() => phrases.evaluate((one) => one === document.activeElement)).toBe(true);
    await mara.page.keyboard.press('Enter');
    await enterOn(mara, dialog.getByRole('button', { name: 'There is no hurry with this.', exact: true }));
    const composer = mara.page.getByLabel(en('composer.label'));
    await expect.poll(() => composer.inputValue()).toBe('There is no hurry with this.');
    await expect.poll(() => composer.evaluate((one) => one === document.activeElement)).toBe(true);
    await tabTo(mara, mara.page.getByRole('button', { name: /^(Send|Send now)$/ }));
    await mara.page.keyboard.press('Space');
    await bubble(rosa, 'There is no hurry').waitFor();
  });
});
