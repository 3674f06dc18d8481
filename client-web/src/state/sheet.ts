/**
 * A recovery sheet as text: what stands on it, for the page, the printer and a file.
 *
 * Owns which lines there are. Refuses to know how they are drawn, and keeps nothing. Invariant: every form of the sheet says
 * the same.
 */

import type { AccountView } from '../core/types';
import type { Speech } from '../i18n/speech.svelte';
import type { Sheet } from '../port/port';
import { sheetLink } from './route';

export interface SheetText {
  handle: string;
  /** Who and where, as label and value. */
  facts: [label: string, value: string][];
  words: string[];
  /** For the code. */
  link: string;
  opens: string;
  how: string;
  where: string[];
  ends: string;
}

export function sheetText(sheet: Sheet, account: AccountView, speech: Speech): SheetText {
  const { handle, practice, origin } = account;
  const facts: [string, string][] = [
    [speech.say('field.handle'), handle],
    [speech.say('sheet.address'), origin],
    [speech.say('sheet.madeOn'), speech.date(sheet.madeAt)],
  ];
  if (practice !== '') facts.unshift([speech.say('sheet.practice'), practice]);
  return {
    handle,
    facts,
    words: sheet.words.split(' '),
    link: sheetLink(origin, handle, sheet.words),
    opens: speech.say('sheet.opens'),
    how: speech.say('sheet.how', { address: origin }),
    where: [speech.say('sheet.where.1'), speech.say('sheet.where.2'), speech.say('sheet.where.3')],
    ends: speech.say('sheet.ends'),
  };
}

/** The whole sheet for a file that any program opens. */
export function sheetFile(text: SheetText, speech: Speech): string {
  return [
    `${speech.say('app.name')} · ${speech.say('sheet.title')}`,
    '',
    ...text.facts.map(([label, value]) => `${label}: ${value}`),
    '',
    ...text.words.map((word, at) => `${at + 1}. ${word}`),
    '',
    speech.say('sheet.opens.title'),
    text.opens,
    text.how,
    '',
    speech.say('sheet.where.title'),
    ...text.where.map((line) => `- ${line}`),
    '',
    text.ends,
    '',
  ].join('\r\n');
}
