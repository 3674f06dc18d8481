/** What the app says, from its own catalogue, so that a test reads what a person reads. */

import { catalogue, type Word } from '../../src/i18n/catalogue';
import type { Language, Wording } from '../../src/i18n/entry';

/** A speaker of one language. */
export function speaker(language: Language) {
  return (word: Word, given: Record<string, string | number> = {}): string => {
    const wording: Wording = catalogue[word][language];
    const form = new Intl.PluralRules(language).select(Number(given['count'] ?? 0)) === 'one' ? 'one' : 'other';
    const text = typeof wording === 'string' ? wording : wording[form];
    return text.replace(/\{(\w+)\}/g, (braces, name: string) => String(given[name] ?? braces));
  };
}

export const en = speaker('en');
export const es = speaker('es');
