/** What is being written outlasts the page: a new message, and the new text of one that was sent. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP } from '../harness/person';
import { act, bubble, CLIENT, delivered, join, openClient, openPractice, write } from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('a reload while a sent message is being changed keeps the change, and the draft behind it', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    const field = rosa.page.getByLabel(en('composer.label'));
    await write(rosa, 'The river was high today.');
    await delivered(rosa, 'The river');

    await rosa.fillSecret(field, 'A thought that is not finished');
    await act(rosa, 'The river', en('message.do.edit'));
    await rosa.fillSecret(field, 'The river was high and brown today.');
    // What was typed in the last quarter of a second before a reload may be too young to be kept.
    await field.blur();
    await rosa.page.reload();

    await rosa.page.getByText(en('composer.editing')).waitFor();
    expect(await field.inputValue()).toBe('The river was high and brown today.');
    await rosa.looksRight('editing after a reload');
    await rosa.keepsNothingReadable();
    await rosa.page.getByRole('button', { name: en('do.save'), exact: true }).click();
    await bubble(rosa, 'high and brown').getByText(en('message.edited')).waitFor();
    expect(await field.inputValue()).toBe('A thought that is not finished');
    await openClient(mara, CLIENT.name);
    await bubble(mara, 'high and brown').waitFor();

    // What was saved is no longer being changed.
    await rosa.page.reload();
    await bubble(rosa, 'high and brown').waitFor();
    expect(await rosa.page.getByText(en('composer.editing')).count()).toBe(0);
    expect(await field.inputValue()).toBe('A thought that is not finished');
  });
});
