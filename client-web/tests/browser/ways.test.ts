/** The ways into an account: recovery sheet, another password, a device that somebody else has. */

import { afterAll, expect, test } from 'vitest';
import { readCode } from '../harness/code';
import { DESKTOP, type Person } from '../harness/person';
import {
  bubble,
  CLIENT,
  delivered,
  goTo,
  join,
  openClient,
  openPractice,
  PRACTICE,
  sheetWords,
  signIn,
  write,
} from '../harness/steps';
import { en } from '../harness/words';
import { closeBrowser, World } from '../harness/world';

afterAll(closeBrowser);

const NEW = 'eleven slow herons cross the frozen marsh';
/** Said by this device, or by the server. */
const WRONG = /password is not right/;
const NEWER = 'nobody hurries when the bread is rising';

const button = (person: Person, name: string) => person.page.getByRole('button', { name, exact: true });
const link = (person: Person, name: string) => person.page.getByRole('main').getByRole('link', { name, exact: true });
const field = (person: Person, name: string) => person.page.getByLabel(name, { exact: true });
const headed = (person: Person, name: string) => person.page.getByRole('heading', { name }).first().waitFor();

/** In a page: whether this browser keeps a lock for a password of which it isn't known whether it holds. */
async function undecided(): Promise<boolean> {
  const opened = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('sotto');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const found = await new Promise<number>((resolve, reject) => {
    const counting = opened.transaction('notes').objectStore('notes').count('next');
    counting.onsuccess = () => resolve(counting.result);
    counting.onerror = () => reject(counting.error);
  });
  opened.close();
  return found > 0;
}

/** A therapist, and a client with a sheet. */
async function practice(world: World): Promise<{ mara: Person; rosa: Person; words: string }> {
  const mara = await world.person({ viewport: DESKTOP });
  const rosa = await world.person();
  const words = await join(rosa, await openPractice(mara, world.server.setupLink));
  await openClient(mara, CLIENT.name);
  world.secrets.push(NEW, NEWER);
  return { mara, rosa, words };
}

/** Another browser of hers, signed in. */
async function another(world: World, name: string): Promise<Person> {
  const person = await world.person();
  await person.context.addInitScript(
    `Object.defineProperty(navigator, 'userAgent', { get: () => ${JSON.stringify(name)} });`,
  );
  await signIn(person, CLIENT);
  await field(person, en('composer.label')).waitFor();
  return person;
}

async function fillRecovery(person: Person, words: string, password = NEW, handle = CLIENT.handle): Promise<void> {
  await field(person, en('field.handle')).fill(handle);
  await field(person, en('recover.words')).fill(words);
  await field(person, en('password.choose.new')).fill(password);
  await button(person, en('recover.do')).click();
}

async function lock(person: Person): Promise<void> {
  await goTo(person, 'place.me');
  await button(person, en('me.lock')).click();
  await headed(person, en('lock.title'));
}

async function unlock(person: Person, password: string): Promise<void> {
  await field(person, en('field.password')).fill(password);
  await button(person, en('lock.unlock')).click();
}

test('with the sheet and without the password, everything is there again on an empty browser', async () => {
  await World.with(async (world) => {
    const { mara, rosa, words } = await practice(world);
    await write(rosa, 'The door was green.');
    await delivered(rosa, 'The door was green.');
    await write(mara, 'And did it open?');
    await bubble(rosa, 'And did it open?').waitFor();

    const again = await world.person();
    await again.goto('/');
    await button(again, en('signIn.lost')).click();
    await headed(again, en('recover.title'));
    await again.page.getByText(en('recover.neither')).waitFor();
    await again.looksRight('a lost password');

    // Two letters that changed places are told by their word, and the field says so itself.
    const third = words.split(' ')[2] ?? '';
    const at = [...third].findIndex((letter, index) => index > 0 && letter !== third[index - 1]);
    const letters = [...third];
    [letters[at - 1], letters[at]] = [letters[at] ?? '', letters[at - 1] ?? ''];
    await fillRecovery(again, words.replace(third, letters.join('')));
    await again.page
      .getByText(en('error.sheet_word', { nth: en('place.nth.3') }))
      .first()
      .waitFor();
    expect(await field(again, en('recover.words')).getAttribute('aria-invalid')).toBe('true');
    await again.looksRight('a mistyped word');
    await fillRecovery(again, words.split(' ').slice(1).join(' '));
    await again.page
      .getByText(en('error.sheet_count', { count: 7 }))
      .first()
      .waitFor();
    await fillRecovery(again, words, 'short');
    await again.page.getByText(en('error.weak_password')).waitFor();
    // Somebody else's name, or nobody's.
    await fillRecovery(again, words, NEW, 'nobody1');
    await again.page.getByText(en('error.wrong_sheet')).waitFor();

    await fillRecovery(again, ` ${words.toUpperCase().replaceAll(' ', '\n')} `);
    await again.page.getByText(/Everything is here: \d+ messages?\./).waitFor();
    await bubble(again, 'The door was green.').waitFor();
    await bubble(again, 'And did it open?').waitFor();
    // The first browser is not signed out.
    await write(rosa, 'It did, a little.');
    await bubble(again, 'It did, a little.').waitFor();
    // The forgotten password opens nothing any more, here or on a new browser; the new one does.
    await lock(again);
    await unlock(again, CLIENT.password);
    await again.page.getByText(en('error.wrong_password')).waitFor();
    await unlock(again, NEW);
    await goTo(again, 'place.messages');
    await bubble(again, 'It did, a little.').waitFor();
    const late = await world.person();
    await signIn(late, CLIENT);
    await late.page.getByText(WRONG).waitFor();
    await signIn(late, { ...CLIENT, password: NEW });
    await bubble(late, 'It did, a little.').waitFor();
  });
});

test('the code on the sheet opens the same way in, and is out of the address at once', async () => {
  await World.with(async (world) => {
    const { rosa, words } = await practice(world);
    await write(rosa, 'Before the sheet.');
    await delivered(rosa, 'Before the sheet.');
    // A new one, and the one before stops working.
    await goTo(rosa, 'place.me');
    await rosa.page.getByText(/^Made on /).waitFor();
    await link(rosa, en('me.sheet.again')).click();
    await rosa.page.getByText(/stops working as soon as the new one is made/).waitFor();
    await rosa.looksRight('making a sheet');
    await field(rosa, en('field.password')).fill('not the password at all');
    await button(rosa, en('me.sheet.again')).click();
    await rosa.page.getByText(WRONG).waitFor();
    await field(rosa, en('field.password')).fill(CLIENT.password);
    await button(rosa, en('me.sheet.again')).click();
    const renewed = await sheetWords(rosa);
    expect(renewed).not.toBe(words);
    await button(rosa, en('sheet.showCode')).click();
    const scanned = (await readCode(rosa.page, en('sheet.code'))) ?? '';
    expect(scanned).toBe(`${world.server.origin}/#recover=${CLIENT.handle}/${renewed.replaceAll(' ', '-')}`);
    world.secrets.push(renewed.replaceAll(' ', '-'));

    const old = await world.person();
    await old.goto('/');
    await button(old, en('signIn.lost')).click();
    await fillRecovery(old, words);
    await old.page.getByText(en('error.wrong_sheet')).waitFor();

    const again = await world.person();
    const requested: string[] = [];
    again.context.on('request', (request) => requested.push(request.url(), request.postData() ?? ''));
    await again.goto(scanned);
    await again.page.getByText(en('recover.scanned')).waitFor();
    expect(again.page.url()).toBe(`${world.server.origin}/`);
    expect(await field(again, en('field.handle')).inputValue()).toBe(CLIENT.handle);
    await again.looksRight('a scanned sheet');
    await again.fillSecret(field(again, en('password.choose.new')), NEWER);
    await button(again, en('recover.do')).click();
    await bubble(again, 'Before the sheet.').waitFor();
    const first = renewed.split(' ')[0] ?? '';
    expect(requested.filter((said) => said.includes(first))).toEqual([]);

    // Where somebody is signed in, the code changes nothing.
    await again.goto('about:blank');
    await again.goto(scanned);
    await headed(again, en('link.occupied.title'));
    await button(again, en('link.occupied.stay', { handle: CLIENT.handle })).click();
    await bubble(again, 'Before the sheet.').waitFor();
  });
});

test('the sheet is one page of paper, and nothing else of the app is on it', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP, colorScheme: 'dark' });
    const rosa = await world.person({ colorScheme: 'dark' });
    const invitation = await openPractice(mara, world.server.setupLink);
    const words = await join(rosa, invitation, CLIENT, en, 'later');
    await goTo(rosa, 'place.me');
    await link(rosa, en('me.sheet.open')).click();
    await sheetWords(rosa);
    for (const format of ['A4', 'Letter']) {
      const pdf = await rosa.page.pdf({ format, printBackground: true });
      expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(1);
    }
    await rosa.page.evaluate(() => (globalThis.print = () => (document.title = 'printed')));
    await button(rosa, en('sheet.print')).click();
    expect(await rosa.page.title()).toBe('printed');
    await rosa.page.emulateMedia({ media: 'print' });
    const paper = (await rosa.page.locator('body').innerText()).replace(/\s+/g, ' ');
    for (const word of words.split(' ')) expect(paper.split(word)).toHaveLength(2);
    for (const said of [CLIENT.handle, PRACTICE, world.server.origin, en('sheet.opens'), en('sheet.ends')])
      expect(paper).toContain(said);
    expect(paper).not.toContain(en('place.me'));
    expect(await rosa.page.locator('#app').isVisible()).toBe(false);
    const colours = await rosa.page
      .locator('.printed-sheet')
      .evaluate((one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]);
    expect(colours).toEqual(['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
    await rosa.page.emulateMedia({ media: 'screen' });
    const saved = rosa.page.waitForEvent('download');
    await button(rosa, en('sheet.save')).click();
    expect((await saved).suggestedFilename()).toBe(`recovery-sheet-${CLIENT.handle}.txt`);
  });
});

test('a sheet that is put off waits, and is said to, until she has it', async () => {
  await World.with(async (world) => {
    const mara = await world.person({ viewport: DESKTOP });
    const rosa = await world.person();
    const words = await join(rosa, await openPractice(mara, world.server.setupLink), CLIENT, en, 'later');
    await goTo(rosa, 'place.me');
    await rosa.page.getByText(en('me.sheet.waiting')).waitFor();
    await rosa.looksRight('a sheet that waits');
    await rosa.page.reload();
    await rosa.page.getByText(en('me.sheet.waiting')).waitFor();
    await lock(rosa);
    await unlock(rosa, CLIENT.password);
    await rosa.page.getByText(en('me.sheet.waiting')).waitFor();
    await link(rosa, en('me.sheet.open')).click();
    expect(await sheetWords(rosa)).toBe(words);
    await rosa.looksRight('the sheet on its page');
    await button(rosa, en('sheet.kept')).click();
    await rosa.page.getByText(/^Made on /).waitFor();
    expect(await rosa.page.getByText(en('me.sheet.waiting')).count()).toBe(0);
    await rosa.page.reload();
    await link(rosa, en('me.sheet.again')).click();
    await button(rosa, en('me.sheet.again')).waitFor();
    expect(await rosa.page.content()).not.toContain(words.split(' ')[0]);
  });
});

test('another password opens this browser and the account, and signs nothing out', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await practice(world);
    const phone = await another(world, 'iPhone Safari/');
    await goTo(rosa, 'place.me');
    await link(rosa, en('me.password')).click();
    await headed(rosa, en('me.password'));
    await field(rosa, en('field.password.present')).fill('not the password at all');
    await rosa.fillSecret(field(rosa, en('password.choose.new')), NEW);
    await rosa.looksRight('another password');
    await button(rosa, en('password.change.do')).click();
    await rosa.page.getByText(WRONG).waitFor();
    await field(rosa, en('field.password.present')).fill(CLIENT.password);
    await field(rosa, en('password.choose.new')).fill('short');
    await button(rosa, en('password.change.do')).click();
    await rosa.page.getByText(en('error.weak_password')).waitFor();
    await field(rosa, en('password.choose.new')).fill(NEW);
    await button(rosa, en('password.change.do')).click();
    await rosa.page.getByText(en('password.changed')).waitFor();
    await rosa.looksRight('a changed password');

    // Nothing was signed out.
    await write(phone, 'Still here on the phone.');
    await delivered(phone, 'Still here on the phone.');
    await write(mara, 'I can read you.');
    await bubble(phone, 'I can read you.').waitFor();

    await rosa.page.reload();
    await lock(rosa);
    await unlock(rosa, CLIENT.password);
    await rosa.page.getByText(en('error.wrong_password')).waitFor();
    await rosa.page.getByText(en('lock.earlier')).waitFor();
    await rosa.looksRight('a wrong password');
    await unlock(rosa, NEW);
    await goTo(rosa, 'place.messages');
    await bubble(rosa, 'I can read you.').waitFor();
    const fresh = await world.person();
    await signIn(fresh, { ...CLIENT, password: NEW });
    await bubble(fresh, 'I can read you.').waitFor();
  });
});

test('a change whose answer got lost holds, and the browser finds it out by itself', async () => {
  await World.with(async (world) => {
    const { rosa } = await practice(world);
    await goTo(rosa, 'place.me');
    await link(rosa, en('me.password')).click();
    await field(rosa, en('field.password.present')).fill(CLIENT.password);
    await field(rosa, en('password.choose.new')).fill(NEW);
    // Signing in takes two questions and the new password a third; from the fourth on, the server does what it is asked to and
    // nobody hears of it.
    let asked = 0;
    await rosa.context.route('**/v1/account', async (route) => {
      asked += 1;
      if (asked < 4) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await button(rosa, en('password.change.do')).click();
    await rosa.page.getByText(en('error.unanswered')).waitFor();
    expect(asked).toBeGreaterThan(4);
    rosa.provoked(/ERR_FAILED/);
    await rosa.looksRight('a change without an answer');
    // Until it is known, both open this browser.
    for (const password of [CLIENT.password, NEW]) {
      await lock(rosa);
      await unlock(rosa, password);
      await button(rosa, en('me.lock')).waitFor();
    }
    rosa.provoked(/ERR_FAILED/);
    await rosa.context.unroute('**/v1/account');
    await rosa.page.reload();
    await button(rosa, en('me.lock')).waitFor();
    await expect.poll(() => rosa.page.evaluate(undecided)).toBe(false);
    await lock(rosa);
    await unlock(rosa, CLIENT.password);
    await rosa.page.getByText(en('error.wrong_password')).waitFor();
    await unlock(rosa, NEW);
    await button(rosa, en('me.lock')).waitFor();
  });
});

test('a device removed as lost is out at once, and the others go on with the new password', async () => {
  await World.with(async (world) => {
    const { mara, rosa } = await practice(world);
    await write(rosa, 'Before the train.');
    await delivered(rosa, 'Before the train.');
    const lost = await another(world, 'Android Chrome/');
    await bubble(lost, 'Before the train.').waitFor();
    const laptop = await another(world, 'Macintosh; Intel Mac OS X Firefox/');
    await bubble(laptop, 'Before the train.').waitFor();
    // Written while the server is away, on a laptop that is closed before it is back.
    await world.server.kill();
    await laptop.page.getByText(en('offline.line')).waitFor();
    await write(laptop, 'Written where there is no network.');
    await laptop.goto('about:blank');
    await world.server.run();

    await goTo(rosa, 'place.me');
    await rosa.page.getByRole('button', { name: en('me.devices.remove', { device: 'Chrome · Android' }) }).click();
    await rosa.looksRight('removing a device');
    await rosa.page
      .getByRole('dialog')
      .getByRole('link', { name: en('me.devices.lost.do') })
      .click();
    await headed(rosa, en('lost.title', { device: 'Chrome · Android' }));
    await rosa.looksRight('removing a lost device');
    await field(rosa, en('field.password.present')).fill(CLIENT.password);
    await rosa.fillSecret(field(rosa, en('password.choose.new')), NEW);
    await button(rosa, en('me.devices.lost.do')).click();
    await rosa.page.getByText(en('lost.done.title')).waitFor();
    await rosa.page.getByText(en('lost.done')).waitFor();
    await rosa.looksRight('a lost device was removed');

    // Whoever has it is out, and what is written now is not there, also for who knows the earlier password.
    await headed(lost, en('lock.title'));
    await lost.page.getByText(en('error.device_not_listed')).waitFor();
    await lost.looksRight('a device that was removed');
    await goTo(rosa, 'place.messages');
    await write(rosa, 'After the train.');
    await delivered(rosa, 'After the train.');
    await write(mara, 'I am glad that it is only the phone.');
    await bubble(rosa, 'I am glad').waitFor();
    await unlock(lost, CLIENT.password);
    await lost.page.getByText(en('error.device_not_listed')).waitFor();
    await bubble(lost, 'Before the train.').waitFor();
    expect(await bubble(lost, 'After the train.').count()).toBe(0);
    expect(await bubble(lost, 'I am glad').count()).toBe(0);
    const thief = await world.person();
    await signIn(thief, CLIENT);
    await thief.page.getByText(WRONG).waitFor();

    // The laptop says what happened and goes on, with what was written on it meanwhile.
    await laptop.goto('/');
    await laptop.page.getByText(en('reopen.title')).waitFor();
    await laptop.looksRight('a password that was changed elsewhere');
    expect(await laptop.page.getByText(en('offline.line')).count()).toBe(0);
    await field(laptop, en('reopen.field')).fill(CLIENT.password);
    await button(laptop, en('reopen.do')).click();
    await laptop.page.getByText(WRONG).waitFor();
    await field(laptop, en('reopen.field')).fill(NEW);
    await button(laptop, en('reopen.do')).click();
    await bubble(laptop, 'I am glad').waitFor();
    await delivered(laptop, 'Written where there is no network.');
    await bubble(mara, 'Written where there is no network.').waitFor();
    await bubble(rosa, 'Written where there is no network.').waitFor();
    expect(await laptop.page.getByText(en('reopen.title')).count()).toBe(0);
    await lock(laptop);
    await unlock(laptop, NEW);
    await goTo(laptop, 'place.messages');
    await bubble(laptop, 'After the train.').waitFor();
  });
});
