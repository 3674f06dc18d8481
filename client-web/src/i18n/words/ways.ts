import type { Entries } from '../entry';

/** The ways into an account: recovery sheet, password, lost devices. */
export const ways = {
  'place.nth.1': { en: 'first', es: 'primera' },
  'place.nth.2': { en: 'second', es: 'segunda' },
  'place.nth.3': { en: 'third', es: 'tercera' },
  'place.nth.4': { en: 'fourth', es: 'cuarta' },
  'place.nth.5': { en: 'fifth', es: 'quinta' },
  'place.nth.6': { en: 'sixth', es: 'sexta' },
  'place.nth.7': { en: 'seventh', es: 'séptima' },
  'place.nth.8': { en: 'eighth', es: 'octava' },
} as const satisfies Entries;
