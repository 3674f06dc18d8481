/**
 * A picture of every screen, on a phone and a desktop, in light and in dark: `cargo xtask screens`.
 *
 * Walks through the app as people do and stops at each screen. The pictures go to `target/screens`, which nothing reads
 * but eyes.
 */

import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DESKTOP, NARROW, PHONE, type Person } from './harness/person';
import {
  act,
  bubble,
  CLIENT,
  delivered,
  invite,
  joinUp,
  keepHours,
  openClient,
  setUp,
  sheetWords,
  THERAPIST,
  write,
} from './harness/steps';
import { en, es } from './harness/words';
import { closeBrowser, World } from './harness/world';

const FOLDER = fileURLToPath(new URL('../../target/screens', import.meta.url));
const LOOKS = [
  { name: 'phone-light', viewport: PHONE, colorScheme: 'light' },
  { name: 'phone-dark', viewport: PHONE, colorScheme: 'dark' },
  { name: 'desktop-light', viewport: DESKTOP, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: DESKTOP, colorScheme: 'dark' },
  { name: 'narrow-light', viewport: NARROW, colorScheme: 'light' },
] as const;

let count = 0;

/** The page as it is, in every look. */
async function shot(person: Person, name: string): Promise<void> {
  count += 1;
  const number = String(count).padStart(2, '0');
  for (const look of LOOKS) {
    await person.page.setViewportSize(look.viewport);
    await person.page.emulateMedia({ colorScheme: look.colorScheme });
    await person.page.screenshot({ animations: 'disabled', path: `${FOLDER}/${number}-${name}-${look.name}.png` });
  }
  await person.page.setViewportSize(PHONE);
  await person.page.emulateMedia({ colorScheme: 'light' });
  console.log(`${number} ${name}`);
}

async function place(
  person: Person,
  word: 'place.me' | 'place.today' | 'place.clients' | 'place.practice' | 'place.messages',
) {
  const places = person.page.getByRole('navigation', { name: en('place.all') });
  await places.getByRole('link', { name: en(word) }).click();
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
await World.with(async (world) => {
  const mara = await world.person();
  const rosa = await world.person();

  await mara.goto('/');
  await mara.page.getByRole('button', { name: en('signIn.do') }).waitFor();
  await shot(mara, 'sign-in');
  await setUpWithPictures(mara, world.server.setupLink);
  const invitation = await invite(mara, 'I am glad that you come. There is no hurry.');
  await shot(mara, 'invitation');
  await mara.page.getByRole('button', { name: en('setup.done') }).click();
  await mara.page.getByRole('navigation', { name: en('place.all') }).waitFor();
  await shot(mara, 'therapist-empty');

  await rosa.goto(invitation);
  await rosa.page.getByRole('button', { name: en('join.start') }).waitFor();
  await shot(rosa, 'welcome');
  await rosa.page.getByRole('button', { name: en('join.start') }).click();
  await shot(rosa, 'joining');
  await rosa.goto('about:blank');
  const words = await joinUp(rosa, invitation, CLIENT, en, 'later');
  await rosa.page.getByRole('heading', { name: en('join.agreement.title') }).waitFor();
  await shot(rosa, 'agreement');
  await rosa.page.getByRole('button', { name: en('join.agreement.accept') }).click();
  await rosa.page.getByLabel(en('composer.label')).waitFor();
  await shot(rosa, 'conversation-empty');
  for (const text of [
    'I slept better. The breathing helped, mostly in the first minutes.',
    'There is one thing I would like to bring: the door in the garden wall. It was half open, and I did not go through.',
  ]) {
    await write(rosa, text);
    await delivered(rosa, text.slice(0, 20));
  }
  await openClient(mara, CLIENT.name);
  await act(mara, 'I slept better', en('message.do.read'));
  await act(mara, 'the door in the garden', en('message.do.hold'));
  await write(mara, 'Thank you, Rosa. We keep the door for Tuesday; you need not do anything with it until then.');
  await bubble(rosa, 'We keep the door').waitFor();
  await bubble(rosa, 'the door in the garden').getByText(en('state.held')).waitFor();
  await shot(rosa, 'conversation-client');
  await shot(mara, 'conversation-therapist');
  await bubble(rosa, 'I slept better')
    .getByRole('button', { name: en('message.menu') })
    .click();
  await shot(rosa, 'message-menu');
  await rosa.page
    .getByRole('dialog')
    .getByRole('button', { name: en('do.close') })
    .click();

  for (const word of ['place.today', 'place.clients', 'place.practice', 'place.me'] as const) {
    await place(mara, word);
    await mara.page.getByRole('heading', { level: 1 }).first().waitFor();
    await shot(mara, `therapist-${word.split('.')[1]}`);
  }
  await place(rosa, 'place.me');
  await shot(rosa, 'client-me');
  await ways(rosa, await world.person(), words);
  await place(rosa, 'place.me');
  await rosa.page.getByRole('link', { name: en('help.ask') }).click();
  await shot(rosa, 'help');

  await place(rosa, 'place.messages');
  await world.server.kill();
  await write(rosa, 'A word for later, from the train.');
  await rosa.page.getByText(en('offline.line')).waitFor();
  await shot(rosa, 'offline');
  await world.server.run();

  await place(rosa, 'place.me');
  await rosa.page.getByRole('button', { name: en('me.lock'), exact: true }).click();
  await rosa.page.getByRole('heading', { name: en('lock.title') }).waitFor();
  await shot(rosa, 'locked');

  const late = await world.person();
  await late.goto(invitation);
  await late.page.getByRole('heading', { name: en('link.failed.title') }).waitFor();
  await shot(late, 'link-used');

  const spanish = await world.person({ locale: 'es-ES' });
  await spanish.goto('/');
  await spanish.page.getByRole('button', { name: es('signIn.do') }).waitFor();
  await shot(spanish, 'sign-in-spanish');
});
await closeBrowser();

/** Recovery sheet, on the screen and on paper; another password; a lost device; coming back with the sheet. */
async function ways(rosa: Person, laptop: Person, words: string): Promise<void> {
  const main = (person: Person) => person.page.getByRole('main');
  const follow = (person: Person, name: string) => main(person).getByRole('link', { name, exact: true }).click();
  const press = (person: Person, name: string) => person.page.getByRole('button', { name, exact: true }).click();
  await follow(rosa, en('me.sheet.open'));
  await sheetWords(rosa);
  await press(rosa, en('sheet.showCode'));
  await shot(rosa, 'sheet');
  for (const format of ['A4', 'Letter']) {
    await rosa.page.pdf({ format, path: `${FOLDER}/sheet-${format}.pdf` });
  }
  await press(rosa, en('sheet.kept'));
  await follow(rosa, en('me.sheet.again'));
  await rosa.page.getByLabel(en('field.password'), { exact: true }).waitFor();
  await shot(rosa, 'sheet-another');
  await place(rosa, 'place.me');
  await follow(rosa, en('me.password'));
  await rosa.page.getByLabel(en('password.choose.new'), { exact: true }).waitFor();
  await shot(rosa, 'password');

  await laptop.goto('/');
  await press(laptop, en('signIn.lost'));
  await laptop.page.getByLabel(en('field.handle'), { exact: true }).fill(CLIENT.handle);
  await laptop.page.getByLabel(en('recover.words'), { exact: true }).fill(words.slice(1));
  await laptop.page.getByLabel(en('password.choose.new'), { exact: true }).fill(CLIENT.password);
  await press(laptop, en('recover.do'));
  await laptop.page
    .getByText(en('error.sheet_word', { nth: en('place.nth.1') }))
    .first()
    .waitFor();
  await shot(laptop, 'recover');
  await laptop.page.getByLabel(en('recover.words'), { exact: true }).fill(words);
  await press(laptop, en('recover.do'));
  await laptop.page.getByText(/Everything is here/).waitFor();
  await shot(laptop, 'recovered');

  await place(rosa, 'place.messages');
  await place(rosa, 'place.me');
  await rosa.page
    .getByRole('button', { name: /^Remove / })
    .first()
    .click();
  await shot(rosa, 'device-remove');
  await rosa.page
    .getByRole('dialog')
    .getByRole('link', { name: en('me.devices.lost.do') })
    .click();
  await rosa.page.getByLabel(en('password.choose.new'), { exact: true }).waitFor();
  await shot(rosa, 'device-lost');
}

async function setUpWithPictures(person: Person, link: string): Promise<void> {
  await person.goto(link);
  await person.page.getByRole('heading', { name: en('setup.title') }).waitFor();
  await shot(person, 'set-up');
  await person.goto('about:blank');
  await setUp(person, link, THERAPIST);
  await shot(person, 'hours');
  await keepHours(person);
}
