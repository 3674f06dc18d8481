import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogue, type Word } from './catalogue';
import { languages, type Wording } from './entry';
import { Speech } from './speech.svelte';

const words = Object.keys(catalogue) as Word[];
const forms = (wording: Wording) => (typeof wording === 'string' ? [wording] : [wording.one, wording.other]);
const names = (text: string) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort();

/** Ruled out by product.md: words of machines, of measuring people, and promises nobody can keep. */
const forbidden = {
  en: /\b(keys?|keyed|verif\w+|seen|streaks?|scor\w+|heal(ed|ing)|breakthroughs?|safe to drive|encrypt\w*|unread)\b/i,
  es: /\b(claves?|verific\w+|visto|rachas?|puntua\w+|puntaje|sanad[oa]|curad[oa]|seguro conducir|cifrad\w+)\b/i,
};
/** Where "unread" says what is meant: taken back before anybody read it. */
const apart: Word[] = ['state.goesAt.hint'];

describe.each(languages)('the catalogue in %s', (language) => {
  it.each(words)('%s', (word) => {
    const said = forms(catalogue[word][language]);
    for (const text of said) {
      expect(text.trim()).toBe(text);
      expect(text).not.toBe('');
      if (!apart.includes(word)) expect(text).not.toMatch(forbidden[language]);
    }
    // The same things are said in every language; a form for one thing may leave out the number.
    const other = (lang: 'en' | 'es') => names(forms(catalogue[word][lang]).at(-1) ?? '');
    expect(other(language)).toEqual(other('en'));
    const one = said[0] ?? '';
    expect(other(language)).toEqual(expect.arrayContaining(names(one)));
  });
});

describe('the catalogue', () => {
  it('has every string in two different wordings, but for names', () => {
    const names = /^(app\.name|language\.(en|es)|agreement\..*|help\.us\.911)$/;
    const same = words.filter(
      (word) => !names.test(word) && JSON.stringify(catalogue[word].en) === JSON.stringify(catalogue[word].es),
    );
    expect(same).toEqual([]);
  });

  it('has a sentence for every error that the server, the core or the engine may give', () => {
    const protocol = readFileSync(join(import.meta.dirname, '../../../docs/PROTOCOL.md'), 'utf8');
    const registry = protocol.slice(protocol.indexOf('\n## Errors'), protocol.indexOf('\n## Limits'));
    const server = [...registry.matchAll(/^\| \d+ \| `(\w+)`/gm)].map((found) =>
      (found[1] ?? '').replace(/(?<=[a-z])[A-Z]/g, '_$&').toLowerCase(),
    );
    const border = readFileSync(join(import.meta.dirname, '../port/port.ts'), 'utf8');
    const port = [...(/Why something was not done\.([\s\S]*?)\*\//.exec(border)?.[1] ?? '').matchAll(/`([a-z_]+)`/g)]
      .map((found) => found[1] ?? '')
      .filter((code) => code !== 'code');
    expect(server.length).toBeGreaterThan(40);
    expect(port.length).toBeGreaterThan(25);
    expect([...server, ...port].filter((code) => !words.includes(`error.${code}` as Word))).toEqual([]);
  });
});

describe('speech', () => {
  it('takes the first language that is there', () => {
    expect(new Speech(['fr', 'es-MX', 'en']).language).toBe('es');
    expect(new Speech(['fr']).language).toBe('en');
    expect(new Speech(['fr', 'es-MX'], 'en').language).toBe('en');
  });

  it('chooses the form by number', () => {
    const speech = new Speech(['en-US']);
    expect(speech.say('signIn.restored', { count: 1 })).toBe('Everything is here: 1 message.');
    expect(speech.say('signIn.restored', { count: 1214 })).toBe('Everything is here: 1,214 messages.');
  });

  it('does not look for braces in what was given', () => {
    const speech = new Speech(['en']);
    expect(speech.say('join.title', { therapist: '{therapist} $& {x}' })).toBe('{therapist} $& {x} invites you');
  });

  it('says days as a person would', () => {
    const speech = new Speech(['en-US']);
    const now = new Date(2026, 4, 13, 15).getTime();
    const at = (date: number, hour = 12) => new Date(2026, 4, date, hour).getTime();
    expect(speech.day(at(13, 0), now)).toBe('Today');
    expect(speech.day(at(12, 23), now)).toBe('Yesterday');
    expect(speech.day(at(14), now)).toBe('Tomorrow');
    expect(speech.day(at(9), now)).toBe('Saturday');
    expect(speech.day(at(1), now)).toBe('Friday, May 1');
    expect(speech.day(new Date(2025, 4, 1).getTime(), now)).toBe('May 1, 2025');
    expect(speech.dayOfWeek(1)).toBe('Mon');
    expect(speech.timeOfDay(540)).toMatch(/^9:00\sAM$/);
  });

  it('says how long to wait', () => {
    const speech = new Speech(['en']);
    expect(speech.wait(1)).toBe('1 second');
    expect(speech.wait(61_000)).toBe('61 seconds');
    expect(speech.wait(600_000)).toBe('10 minutes');
  });
});
