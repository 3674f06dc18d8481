/** A full disk, a browser that keeps nothing, a worker that crashes: each says so, and nothing written is lost. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, type Person } from '../harness/person';
import {
  bubble,
  CLIENT,
  delivered,
  goTo,
  join,
  openClient,
  openPractice,
  signIn,
  THERAPIST,
  write,
} from '../harness/steps';
import { crash } from '../harness/worker';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

async function twoPeople(world: World): Promise<{ mara: Person; rosa: Person }> {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  await join(rosa, await openPractice(mara, world.server.setupLink));
  await openClient(mara, CLIENT.name);
  return { mara, rosa };
}

test('with a full disk what is typed stays, and goes when there is room again', async () => {
  await World.with(async (world) => {
    const { origin } = world.server;
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    // Chromium keeps to it only when it is so from the beginning.
    const session = await rosa.context.newCDPSession(rosa.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 384 * 1024 });
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await openClient(mara, CLIENT.name);

    const composer = rosa.page.getByLabel(en('composer.label'));
    const send = rosa.page.getByRole('button', { name: en('composer.send'), exact: true });
    const full = rosa.page.getByText(en('storage.full'));
    world.secrets.push('It is a long story.');
    let accepted = 0;
    /** Whether what she typed left the composer, which it does only when it is stored. */
    const tries = async () => {
      await send.click();
      const outcome = async () => {
        if ((await composer.inputValue()) === '') return 'stored';
        return (await rosa.page.getByRole('alert').getByText(en('error.storage_full')).count()) > 0 ? 'refused' : null;
      };
      await expect.poll(outcome).not.toBeNull();
      const stored = (await outcome()) === 'stored';
      if (stored) accepted += 1;
      return stored;
    };
    const long = `Written on a full phone. ${'It is a long story. '.repeat(1500)}`;
    do {
      if (accepted > 20) throw new Error('the disk does not fill');
      await composer.fill(long);
    } while (await tries());
    // The page stays, with what is there and what is typed, however often she tries.
    expect(await tries()).toBe(false);
    expect(await composer.inputValue()).toBe(long);
    await full.waitFor();
    await rosa.looksRight('a full disk');
    // She stands at the first new message; her own comes after all of them, and is drawn when it is in view.
    const hers = mara.page.getByRole('region', { name: en('conversation.with', { name: CLIENT.name }) });
    await mara.fillSecret(mara.page.getByLabel(en('composer.label')), 'Sent to a full phone.');
    await mara.page.getByRole('button', { name: new RegExp(`^(${en('composer.send')}|${en('send.now')})$`) }).click();
    await expect
      .poll(async () => {
        await hers.evaluate((one) => one.scrollTo(0, one.scrollHeight));
        return bubble(mara, 'Sent to a full phone.').count();
      })
      .toBe(1);
    await delivered(mara, 'Sent to a full phone.');

    await session.send('Storage.overrideQuotaForOrigin', { origin });
    await expect.poll(tries).toBe(true);
    await expect.poll(() => full.count()).toBe(0);
    await expect.poll(() => rosa.page.getByText(en('state.waiting')).count()).toBe(0);
    // Long messages are drawn only when they are in view.
    const list = rosa.page.getByRole('region', { name: en('conversation.with', { name: THERAPIST.name }) });
    await expect
      .poll(async () => {
        await list.evaluate((one) => one.scrollBy(0, -one.clientHeight));
        return bubble(rosa, 'Sent to a full phone.').count();
      })
      .toBe(1);

    // All of it is on the server, once.
    const fresh = await world.person();
    await signIn(fresh, CLIENT);
    await fresh.page.getByText(en('signIn.restored', { count: accepted + 1 })).waitFor();
  });
});

test('a browser that keeps nothing says so, and everything works while the page is open', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    // As in the browser's own settings: no page may keep anything.
    const rosa = await world.personPreferring({ profile: { default_content_setting_values: { cookies: 2 } } });
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await rosa.page.getByText(en('storage.blocked')).waitFor();
    await rosa.looksRight('a browser that keeps nothing');
    await openClient(mara, CLIENT.name);
    await write(rosa, 'Nothing of this stays here.');
    await bubble(mara, 'Nothing of this').waitFor();
    await write(mara, 'It is kept with me.');
    await bubble(rosa, 'It is kept with me.').waitFor();

    // A lock holds what is in memory; a reload forgets it, and signing in brings it back.
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('button', { name: en('me.lock'), exact: true }).click();
    await rosa.page.getByLabel(en('field.password'), { exact: true }).fill(CLIENT.password);
    await rosa.page.getByRole('button', { name: en('lock.unlock'), exact: true }).click();
    await goTo(rosa, 'place.messages');
    await bubble(rosa, 'It is kept with me.').waitFor();
    await rosa.page.reload();
    await rosa.page.getByText(en('storage.blocked')).waitFor();
    await rosa.looksRight('signing in where nothing is kept');
    await signIn(rosa, CLIENT);
    await bubble(rosa, 'Nothing of this').waitFor();

    // Two such tabs have nothing in common, and neither waits for the other.
    const second = await rosa.context.newPage();
    await second.goto(world.server.origin);
    await second.getByRole('button', { name: en('signIn.do'), exact: true }).waitFor();
    await second.close();
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('button', { name: en('me.signOut'), exact: true }).click();
    await rosa.page
      .getByRole('dialog')
      .getByRole('button', { name: en('me.signOut'), exact: true })
      .click();
    await rosa.page.getByRole('button', { name: en('signIn.do'), exact: true }).waitFor();
    await rosa.page.goto('about:blank');
  });
});

test('a worker that crashes is replaced under the page; one that keeps crashing is told of, with a way on', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await twoPeople(world);
    const composer = rosa.page.getByLabel(en('composer.label'));
    await rosa.fillSecret(composer, 'Half a sentence that');
    await crash(rosa.page);
    await expect.poll(() => composer.inputValue()).toBe('Half a sentence that');
    await write(rosa, 'Half a sentence that was finished.');
    await bubble(mara, 'Half a sentence').waitFor();

    await world.server.kill();
    await write(rosa, 'Not sent before the crash.');
    await bubble(rosa, 'Not sent').getByText(en('state.waiting')).waitFor();
    await crash(rosa.page);
    await bubble(rosa, 'Not sent').getByText(en('state.waiting')).waitFor();
    await crash(rosa.page);
    await rosa.page.getByRole('heading', { name: en('broken.title') }).waitFor();
    await rosa.page.getByText(en('error.crashed')).waitFor();
    await rosa.looksRight('a worker that keeps crashing');
    rosa.provoked(/the engine crashed/);

    await world.server.run();
    await rosa.page.getByRole('button', { name: en('app.reload'), exact: true }).click();
    await delivered(rosa, 'Not sent before');
    await bubble(mara, 'Not sent before').waitFor();
    expect(await bubble(mara, 'Not sent before').count()).toBe(1);
  });
});
