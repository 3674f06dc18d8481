/** Ways in that work, and ways in that don't: locks, links, languages. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, NARROW } from '../harness/person';
import { bubble, CLIENT, delivered, join, openPractice, signIn, THERAPIST, write } from '../harness/steps';
import { en, es } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

test('locking takes everything off the screen, and the password brings it back, also offline', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'Nobody else should see this.');
    await delivered(rosa, 'Nobody else');

    const places = rosa.page.getByRole('navigation', { name: en('place.all') });
    await places.getByRole('link', { name: en('place.me') }).click();
    await rosa.looksRight('my page');
    await rosa.page.getByRole('button', { name: en('me.lock'), exact: true }).click();
    await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();
    await rosa.looksRight('locked');
    expect(await rosa.page.content()).not.toContain('Nobody else should see this.');
    await rosa.keepsNothingReadable();

    // A reload does not open it.
    await rosa.page.reload();
    await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();

    const password = rosa.page.getByLabel(en('field.password'), { exact: true });
    await password.fill('not this one at all, certainly');
    await rosa.page.getByRole('button', { name: en('lock.unlock') }).click();
    await rosa.page.getByRole('alert').waitFor();

    await world.server.kill();
    await password.fill(CLIENT.password);
    await rosa.page.getByRole('button', { name: en('lock.unlock') }).click();
    await places.getByRole('link', { name: en('place.messages') }).click();
    await bubble(rosa, 'Nobody else').waitFor();
  });
});

test('a wrong password and an unknown name are answered alike', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    await openPractice(mara, world.server.setupLink);
    const stranger = await world.person();
    const sentences: string[] = [];
    for (const who of [
      { ...THERAPIST, password: 'wrong from beginning to end' },
      { ...THERAPIST, handle: 'nobody-here' },
    ]) {
      await signIn(stranger, who);
      const alert = stranger.page.getByRole('alert');
      await alert.waitFor();
      sentences.push(await alert.innerText());
    }
    expect(sentences[0]).toBe(sentences[1]);
    await stranger.looksRight('wrong password');
  });
});

test('links that are used up, cut short, or for something else say so', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    const invitation = await openPractice(mara, world.server.setupLink);
    await join(rosa, invitation);

    const late = await world.person({ viewport: NARROW });
    const troubles = [
      invitation,
      invitation.slice(0, -9),
      invitation.replace('/join#', '/setup#'),
      world.server.setupLink,
      world.server.setupLink.slice(0, -5),
    ];
    for (const link of troubles) {
      await late.goto('about:blank');
      await late.goto(link);
      await late.page.getByRole('heading', { name: en('link.failed.title') }).waitFor();
      await late.looksRight('a link that does not work');
      expect(late.page.url()).not.toContain('#');
      // Whom to ask depends on who makes such links.
      const fromServer = await late.page.getByText(en('link.setup.new')).count();
      expect(fromServer, link).toBe(link.includes('/setup#') ? 1 : 0);
    }
    // Nothing was filled in for nothing, and there is a way on.
    await late.page.getByRole('button', { name: en('link.toSignIn') }).click();
    await late.page.getByRole('heading', { name: en('signIn.title') }).waitFor();
  });
});

test('the whole way in, in Spanish, on a narrow phone', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person({ viewport: NARROW, locale: 'es-MX' });
    const invitation = await openPractice(mara, world.server.setupLink);
    await join(rosa, invitation, CLIENT, es);
    expect(await rosa.page.locator('html').getAttribute('lang')).toBe('es');
    await write(rosa, 'Anoche soñé con la puerta.', es);
    await delivered(rosa, 'Anoche soñé', es);
    await rosa.looksRight('conversation in Spanish');
  });
});
