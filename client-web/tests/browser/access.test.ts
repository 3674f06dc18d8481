/** With the keyboard alone, with a screen reader, with less motion, on the narrowest phone, in light and in dark. */

import { afterAll, expect, test } from 'vitest';
import { DESKTOP, NARROW, type Person } from '../harness/person';
import { enterOn, tabTo, typeInto } from '../harness/keyboard';
import {
  act,
  bubble,
  CLIENT,
  delivered,
  follow,
  goTo,
  join,
  openClient,
  openPractice,
  PRACTICE,
  THERAPIST,
  write,
} from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const button = (person: Person, name: string) => person.page.getByRole('button', { name, exact: true });
const field = (person: Person, name: string) => person.page.getByLabel(name, { exact: true });

test('from the set-up link to an answered message without a mouse', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    world.secrets.push(THERAPIST.name, THERAPIST.password, CLIENT.name, CLIENT.password);

    await mara.goto(world.server.setupLink);
    await typeInto(mara, field(mara, en('setup.practice')), PRACTICE);
    await typeInto(mara, field(mara, en('field.name')), THERAPIST.name);
    await typeInto(mara, field(mara, en('field.handle')), THERAPIST.handle);
    await typeInto(mara, field(mara, en('password.choose')), THERAPIST.password);
    await enterOn(mara, button(mara, en('setup.do')));
    // The next step begins at its heading, so that a screen reader reads it.
    const headed = (name: string) => mara.page.getByRole('heading', { level: 1, name });
    await headed(en('sheet.yours')).waitFor();
    await enterOn(mara, button(mara, en('sheet.showCode')));
    await enterOn(mara, button(mara, en('sheet.kept')));
    await expect
      .poll(() => headed(en('setup.hours.title')).evaluate((one) => one === document.activeElement))
      .toBe(true);
    const friday = mara.page.getByRole('checkbox', { name: 'Friday', exact: true });
    await tabTo(mara, friday);
    await mara.page.keyboard.press('Space');
    expect(await friday.isChecked()).toBe(true);
    const within = field(mara, en('hours.within'));
    await tabTo(mara, within);
    await mara.page.keyboard.press('ArrowDown');
    expect(await within.inputValue()).toBe('2');
    await enterOn(mara, button(mara, en('do.save')));
    await headed(en('setup.invite.title')).waitFor();
    await enterOn(mara, button(mara, en('invite.do')));
    const invitation = await field(mara, en('invite.link')).inputValue();
    await enterOn(mara, button(mara, en('setup.done')));

    await rosa.goto(invitation);
    await enterOn(rosa, button(rosa, en('join.start')));
    await typeInto(rosa, field(rosa, en('field.name')), CLIENT.name);
    await typeInto(rosa, field(rosa, en('field.handle')), CLIENT.handle);
    await typeInto(rosa, field(rosa, en('password.choose')), CLIENT.password);
    await rosa.page.keyboard.press('Enter');
    await enterOn(rosa, button(rosa, en('sheet.later')));
    await enterOn(rosa, button(rosa, en('join.agreement.accept')));
    await typeInto(rosa, rosa.page.getByLabel(en('composer.label')), 'Typed without a mouse.');
    world.secrets.push('Typed without a mouse.');
    await enterOn(rosa, button(rosa, en('composer.send')));
    await delivered(rosa, 'Typed without a mouse.');

    await enterOn(mara, mara.page.getByRole('link', { name: en('place.clients'), exact: true }));
    await enterOn(mara, mara.page.getByRole('link', { name: new RegExp(CLIENT.name) }));
    // A dialog takes the focus, Escape closes it, and the focus goes back to what opened it.
    const menu = bubble(mara, 'Typed without').getByRole('button', { name: en('message.menu') });
    await enterOn(mara, menu);
    await mara.page.getByRole('dialog').waitFor();
    expect(await mara.page.evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true);
    await mara.page.keyboard.press('Escape');
    await expect.poll(() => menu.evaluate((one) => one === document.activeElement)).toBe(true);
    await mara.page.keyboard.press('Enter');
    await enterOn(mara, mara.page.getByRole('dialog').getByRole('button', { name: en('message.do.read') }));
    await bubble(rosa, 'Typed without')
      .getByText(/has read this/)
      .waitFor();
    await typeInto(mara, mara.page.getByLabel(en('composer.label')), 'Answered without one.');
    world.secrets.push('Answered without one.');
    await enterOn(mara, mara.page.getByRole('button', { name: /^(Send|Send now)$/ }));
    await bubble(rosa, 'Answered without one.').waitFor();
    // The way past the places comes first on every page.
    await rosa.page.reload();
    await bubble(rosa, 'Answered without one.').waitFor();
    await rosa.page.keyboard.press('Tab');
    await expect.poll(() => button(rosa, en('app.skip')).evaluate((one) => one === document.activeElement)).toBe(true);
    await rosa.page.keyboard.press('Enter');
    expect(await rosa.page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
  });
});

test('every page holds in the narrowest window, in light and dark, and says its parts to a screen reader', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: NARROW, reducedMotion: 'reduce' });
    const rosa = await world.person({ viewport: NARROW, reducedMotion: 'reduce' });
    await join(rosa, await openPractice(mara, world.server.setupLink));
    await write(rosa, 'Averyveryverylongwordthatnobodywouldeverwritebutsomebodypastes'.repeat(3));
    await openClient(mara, CLIENT.name);
    await holds(mara, 'conversation of a therapist');
    const spoken = await rosa.page.locator('body').ariaSnapshot();
    for (const part of [
      'navigation "Places"',
      'main',
      'region "When messages are read"',
      'region "Messages with',
      'textbox "Your message"',
      'article',
    ])
      expect(spoken).toContain(part);

    // What comes is told to a screen reader, politely, and by whom only.
    await write(mara, 'Said aloud by its author only.');
    const told = rosa.page.locator('[aria-live=polite]', {
      hasText: en('app.newMessageFrom', { name: THERAPIST.name }),
    });
    await told.waitFor({ state: 'attached' });
    expect(await told.innerText()).not.toContain('Said aloud');
    await holds(rosa, 'conversation of a client');
    await act(rosa, 'Averyvery', en('message.do.bring'));

    await goTo(rosa, 'place.me');
    await holds(rosa, 'my page of a client');
    await follow(rosa, 'record.entry.do', 'record.title');
    await holds(rosa, 'taking the record along');
    await goTo(rosa, 'place.me');
    await follow(rosa, 'me.sheet.again', 'sheet.yours');
    await field(rosa, en('field.password')).waitFor();
    await holds(rosa, 'making a recovery sheet');
    await goTo(rosa, 'place.me');
    await follow(rosa, 'me.password');
    await field(rosa, en('password.choose.new')).waitFor();
    await holds(rosa, 'changing the password');
    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('link', { name: en('help.ask') }).click();
    await holds(rosa, 'help');
    await goTo(mara, 'place.today');
    await holds(mara, 'Today');
    await goTo(mara, 'place.clients');
    await holds(mara, 'clients');
    await follow(mara, 'clients.invite');
    await holds(mara, 'inviting a client');
    await goTo(mara, 'place.me');
    await holds(mara, 'my page of a therapist');
    await follow(mara, 'card.change', 'card.title');
    await holds(mara, 'hours and away');
    for (const page of ['practice.people', 'practice.settings', 'practice.server'] as const) {
      await goTo(mara, 'place.practice');
      if (page === 'practice.people') await holds(mara, 'practice');
      await follow(mara, page);
      if (page === 'practice.server') await mara.page.getByRole('region', { name: en('table.records') }).waitFor();
      await holds(mara, page);
    }
  });
});

/** Axe, the window's width, one first heading, the landmarks, and no motion: in light and in dark. */
async function holds(person: Person, screen: string): Promise<void> {
  const { page } = person;
  await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Colours change within a frame.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await person.looksRight(`${screen}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  expect(await page.getByRole('heading', { level: 1 }).count(), screen).toBe(1);
  expect(await page.getByRole('main').count(), screen).toBe(1);
  expect(await page.getByRole('navigation', { name: en('place.all') }).count(), screen).toBe(1);
  expect(await page.title(), screen).toContain(en('app.name'));
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll('*')].flatMap((one) => {
      const { animationName, animationDuration, transitionDuration } = getComputedStyle(one);
      const longest = (list: string) => Math.max(...list.split(',').map(Number.parseFloat));
      const moves =
        (animationName !== 'none' && longest(animationDuration) > 0.01) || longest(transitionDuration) > 0.01;
      return moves ? [one.outerHTML.slice(0, 80)] : [];
    }),
  );
  expect(moving, screen).toEqual([]);
}
