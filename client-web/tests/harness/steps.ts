/**
 * What people do in the app, told once.
 *
 * Each step goes through the page as a person does, by what is written on it, and ends when what she waits for is there.
 */

import type { Locator } from 'playwright-core';
import type { Word } from '../../src/i18n/catalogue';
import { en } from './words';
import type { Person } from './person';

export type Say = typeof en;
type Place = Extract<Word, `place.${'today' | 'clients' | 'practice' | 'me' | 'messages'}`>;

/** Who somebody is. */
export interface Identity {
  name: string;
  handle: string;
  password: string;
}

export const THERAPIST: Identity = {
  name: 'Dr. Mara Lindqvist',
  handle: 'mara',
  password: 'seven quiet lanterns above the orchard wall',
};
export const CLIENT: Identity = {
  name: 'Rosa Delgado',
  handle: 'rosa',
  password: 'a copper kettle hums beside the open window',
};
export const PRACTICE = 'Lindqvist Psychotherapy';

function button(person: Person, name: string): Locator {
  return person.page.getByRole('button', { name, exact: true });
}

/** Fills in the part of a form that says who one is. */
async function fillIdentity(person: Person, who: Identity, say: Say): Promise<void> {
  const { page } = person;
  await person.fillSecret(page.getByLabel(say('field.name'), { exact: true }), who.name);
  await page.getByLabel(say('field.handle'), { exact: true }).fill(who.handle);
  await person.fillSecret(page.getByLabel(say('password.choose'), { exact: true }), who.password);
}

/** The words of the recovery sheet that is shown. */
export async function sheetWords(person: Person, say: Say = en): Promise<string> {
  const listed = person.page.getByRole('region', { name: say('sheet.words') }).getByRole('listitem');
  await listed.first().waitFor();
  const words = (await listed.allInnerTexts()).map((line) => line.replace(/[^a-z]/g, ''));
  person.secrets.push(...words);
  return words.join(' ');
}

/** Takes the recovery sheet that is offered, or puts it off; its words. */
export async function takeSheet(person: Person, way: 'kept' | 'later' = 'kept', say: Say = en): Promise<string> {
  await person.page.getByRole('heading', { level: 1, name: say('sheet.yours') }).waitFor();
  const words = await sheetWords(person, say);
  await person.looksRight('recovery sheet');
  await button(person, say(`sheet.${way}`)).click();
  return words;
}

/** First run, up to the page that asks when she reads messages. */
export async function setUp(person: Person, link: string, who = THERAPIST, say: Say = en): Promise<void> {
  const { page } = person;
  await person.goto(link);
  await page.getByRole('heading', { name: say('setup.title') }).waitFor();
  await person.looksRight('set-up');
  await page.getByLabel(say('setup.practice'), { exact: true }).fill(PRACTICE);
  await fillIdentity(person, who, say);
  await button(person, say('setup.do')).click();
  await takeSheet(person, 'kept', say);
  await page.getByRole('heading', { name: say('setup.hours.title') }).waitFor();
}

/** Keeps the hours that are proposed, and comes to inviting somebody. */
export async function keepHours(person: Person, say: Say = en): Promise<void> {
  await person.looksRight('hours');
  await button(person, say('do.save')).click();
  await person.page.getByRole('heading', { name: say('setup.invite.title') }).waitFor();
}

/** Makes an invitation on the page that is open; answers the link. */
export async function invite(person: Person, note: string, say: Say = en): Promise<string> {
  const { page } = person;
  await person.fillSecret(page.getByLabel(say('invite.note'), { exact: true }), note);
  await button(person, say('invite.do')).click();
  const link = page.getByLabel(say('invite.link'), { exact: true });
  await link.waitFor();
  await page.getByRole('img', { name: say('invite.code') }).waitFor();
  await person.looksRight('invitation');
  return link.inputValue();
}

/** Set-up, hours and one invitation; ends on her first page. */
export async function openPractice(person: Person, link: string, note = 'I am glad you come.'): Promise<string> {
  await setUp(person, link);
  await keepHours(person);
  const invitation = await invite(person, note);
  await button(person, en('setup.done')).click();
  await person.page.getByRole('navigation', { name: en('place.all') }).waitFor();
  return invitation;
}

/** From the link to an account; the words of her recovery sheet. */
export async function joinUp(
  person: Person,
  link: string,
  who: Identity,
  say: Say = en,
  way: 'kept' | 'later' = 'kept',
): Promise<string> {
  await person.goto(link);
  await button(person, say('join.start')).waitFor();
  await person.looksRight('welcome');
  await button(person, say('join.start')).click();
  await fillIdentity(person, who, say);
  await person.looksRight('joining');
  await button(person, say('join.do')).click();
  return takeSheet(person, way, say);
}

/** From the link to the agreement, accepted: ends where she can write. */
export async function join(
  person: Person,
  link: string,
  who = CLIENT,
  say: Say = en,
  way: 'kept' | 'later' = 'kept',
): Promise<string> {
  const { page } = person;
  const words = await joinUp(person, link, who, say, way);
  await page.getByRole('heading', { name: say('join.agreement.title') }).waitFor();
  await person.looksRight('agreement');
  await button(person, say('join.agreement.accept')).click();
  await page.getByLabel(say('composer.label')).waitFor();
  return words;
}

/** Signs in on an empty browser; `borrowed`: she says that it isn't hers. */
export async function signIn(person: Person, who: Identity, say: Say = en, borrowed = false): Promise<void> {
  const { page } = person;
  await person.goto('/');
  await page.getByLabel(say('field.handle'), { exact: true }).fill(who.handle);
  await page.getByLabel(say('field.password'), { exact: true }).fill(who.password);
  if (borrowed) await page.getByRole('checkbox', { name: say('signIn.borrowed') }).check();
  await button(person, say('signIn.do')).click();
}

/** Writes and sends a message, at once also outside her hours. */
export async function write(person: Person, text: string, say: Say = en): Promise<void> {
  await person.fillSecret(person.page.getByLabel(say('composer.label')), text);
  await button(person, say('composer.send'))
    .or(button(person, say('send.now')))
    .click();
  await bubble(person, text).waitFor();
}

/** The message with this text. */
export function bubble(person: Person, text: string): Locator {
  return person.page.getByRole('article').filter({ hasText: text });
}

/** Waits until a message of hers has its place on the server. */
export async function delivered(person: Person, text: string, say: Say = en): Promise<void> {
  await bubble(person, text).getByText(say('state.delivered')).waitFor();
}

/** Goes to one of the places. */
export async function goTo(person: Person, place: Place, say: Say = en): Promise<void> {
  const places = person.page.getByRole('navigation', { name: say('place.all') });
  await places.getByRole('link', { name: say(place) }).click();
}

/** Follows a link on a page, up to the page with this heading. */
export async function follow(person: Person, link: Word, heading: Word = link, say: Say = en): Promise<void> {
  await person.page
    .getByRole('main')
    .getByRole('link', { name: say(link) })
    .first()
    .click();
  await person.page.getByRole('heading', { level: 1, name: say(heading) }).waitFor();
}

/** Opens the conversation with a client. */
export async function openClient(person: Person, name: string, say: Say = en): Promise<void> {
  await goTo(person, 'place.clients', say);
  await person.page.getByRole('link', { name: new RegExp(name) }).click();
  await person.page.getByLabel(say('composer.label')).waitFor();
}

/** Does something with a message, from its menu. */
export async function act(person: Person, text: string, action: string, say: Say = en): Promise<void> {
  await bubble(person, text)
    .getByRole('button', { name: say('message.menu') })
    .click();
  await person.page.getByRole('dialog').getByRole('button', { name: action, exact: true }).click();
}
