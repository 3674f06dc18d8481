import { expect, it } from 'vitest';
import { Speech } from '../i18n/speech.svelte';
import { anAccount } from './fixtures';
import { sheetFile, sheetText } from './sheet';

const speech = new Speech(['en']);
const words = 'dubimal kahofin lizatog sovubal pogunad hivobir mudafon natilup';
const sheet = { words, madeAt: Date.UTC(2026, 4, 13, 12) };

it('a sheet says the same on the page and in a file', () => {
  const text = sheetText(sheet, anAccount(), speech);
  expect(text.words).toEqual(words.split(' '));
  expect(text.facts.map(([label]) => label)).toEqual(['Practice', 'Sign-in name', 'Address', 'Made on']);
  const lines = sheetFile(text, speech).split('\r\n');
  text.words.forEach((word, at) => expect(lines).toContain(`${at + 1}. ${word}`));
  for (const [label, value] of text.facts) expect(lines).toContain(`${label}: ${value}`);
  for (const said of [text.opens, text.how, text.ends]) expect(lines).toContain(said);
});

it('where the practice has no name, the sheet does not pretend that it has one', () => {
  const { facts } = sheetText(sheet, anAccount({ practice: '' }), speech);
  expect(facts.map(([label]) => label)).toEqual(['Sign-in name', 'Address', 'Made on']);
});
