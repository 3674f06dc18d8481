/** Running the practice: people, invitations, settings that reach everybody, and what the server can see. */

import { afterAll, expect, test } from 'vitest';
import { readCode } from '../harness/code';
import { DESKTOP } from '../harness/person';
import {
  bubble,
  CLIENT,
  delivered,
  follow,
  goTo,
  invite,
  join,
  openPractice,
  PRACTICE,
  THERAPIST,
  write,
} from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('people are invited, listed by what the server knows, and an invitation can be withdrawn', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await mara.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const first = await openPractice(mara, world.server.setupLink);

    await goTo(mara, 'place.practice');
    await follow(mara, 'practice.people');
    await mara.page.getByText(en('people.none')).waitFor();
    const open = mara.page.getByRole('listitem').filter({ hasText: /^.*Open until/ });
    await open.first().waitFor();
    await mara.looksRight('people and invitations');

    // A second link: copied whole, and the same as a code.
    const second = await invite(mara, 'Somebody else entirely.');
    expect(second).not.toBe(first);
    expect(await readCode(mara.page, en('invite.code'))).toBe(second);
    await mara.page.getByRole('button', { name: en('do.copy'), exact: true }).click();
    await mara.page.getByRole('button', { name: en('do.copied'), exact: true }).waitFor();
    expect(await mara.page.evaluate(() => navigator.clipboard.readText())).toBe(second);
    await expect.poll(() => open.count()).toBe(2);

    // The first is used: the list follows by itself, and the person stands there.
    await join(rosa, first);
    const listed = mara.page.getByRole('listitem').filter({ hasText: CLIENT.handle });
    await listed.waitFor();
    await expect.poll(() => open.count()).toBe(1);

    // The other is withdrawn, and opens nothing any more.
    await mara.page.getByRole('button', { name: new RegExp(`^${en('invitations.withdraw')}`) }).click();
    const dialog = mara.page.getByRole('dialog');
    await dialog.getByText(en('invitations.withdraw.text')).waitFor();
    await mara.looksRight('withdrawing an invitation');
    await dialog.getByRole('button', { name: en('invitations.withdraw'), exact: true }).click();
    await expect.poll(() => open.count()).toBe(0);
    await mara.page.getByText(en('invitations.older')).click();
    await mara.page.getByText(en('invitations.withdrawn'), { exact: true }).waitFor();
    const stranger = await world.person();
    await stranger.goto(second);
    await stranger.page.getByText(en('error.invitation_revoked')).waitFor();
    await stranger.looksRight('a withdrawn invitation');
  });
});

test('the practice’s settings reach the client, and the server’s rows grow while somebody writes', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));

    await goTo(mara, 'place.practice');
    await follow(mara, 'practice.settings');
    await mara.fillSecret(mara.page.getByLabel(en('settings.phone'), { exact: true }), '+1 212 555 0173');
    await mara.page.getByLabel(en('settings.lock'), { exact: true }).selectOption({ label: '5 minutes' });
    await mara.looksRight('practice settings');
    await mara.page.getByRole('button', { name: en('do.save'), exact: true }).click();
    await mara.page.getByText(en('do.saved'), { exact: true }).waitFor();
    await goTo(rosa, 'place.me');
    await rosa.page.getByText(en('me.lock.text', { count: 5 })).waitFor();
    await rosa.page.getByRole('link', { name: en('help.ask') }).click();
    await rosa.page.getByRole('link', { name: en('help.call', { number: '+1 212 555 0173' }) }).waitFor();
    await rosa.looksRight('help with the practice’s line');

    await goTo(mara, 'place.practice');
    await follow(mara, 'practice.server');
    const records = mara.page.getByRole('region', { name: en('table.records') });
    await records.waitFor();
    const count = async () =>
      Number.parseInt(
        await mara.page
          .getByText(/ · [\d,]+ rows?$/)
          .filter({ hasText: 'records' })
          .innerText()
          .then((text) => text.replace(/^.*· /, '')),
      );
    const before = await count();
    const newest = () => records.getByRole('row').nth(1).innerText();
    const rowBefore = await newest();
    await goTo(rosa, 'place.messages');
    await write(rosa, 'Locked before it leaves my phone.');
    await delivered(rosa, 'Locked before');
    await expect.poll(count).toBeGreaterThan(before);
    expect(await newest()).not.toBe(rowBefore);
    await mara.looksRight('what this server can see');

    // What it says of itself holds: sign-in names and the practice stand there, and nothing that was written.
    const shown = await mara.page.getByRole('main').innerText();
    for (const known of [THERAPIST.handle, CLIENT.handle, PRACTICE]) expect(shown).toContain(known);
    for (const locked of world.secrets) expect(shown).not.toContain(locked);
    await expect.poll(() => bubble(rosa, 'Locked before').count()).toBe(1);
  });
});
