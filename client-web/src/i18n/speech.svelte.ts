/**
 * The language that is spoken, and saying things in it.
 *
 * Owns the choice of wording, of plurals, and how dates, times and lists are written. Refuses to know where a choice is
 * kept. Invariant: nothing is said in a language other than the one chosen.
 */

import { catalogue, type Catalogue, type Word } from './catalogue';
import { languages, type Given, type Language, type Wording } from './entry';

const minute = 60_000;
const day = 24 * 60 * minute;

/** The first of the wanted languages (as a browser lists them) that the catalogue has. */
export function choose(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const found = languages.find((language) => tag.toLowerCase().split('-')[0] === language);
    if (found) return found;
  }
  return 'en';
}

/** Fills in what stands in braces. Given text is never looked through for braces itself. */
function fill(text: string, given: Readonly<Record<string, string | number>>, count: (n: number) => string): string {
  return text.replace(/\{(\w+)\}/g, (braces, name: string) => {
    const value = given[name];
    return value === undefined ? braces : typeof value === 'number' ? count(value) : value;
  });
}

export class Speech {
  language: Language = $state('en');
  /** How this person's system writes dates and times, where it is the same language. */
  #locale = $derived.by(() => this.#wanted.find((tag) => tag.toLowerCase().startsWith(this.language)) ?? this.language);
  readonly #wanted: readonly string[];
  #plural = $derived(new Intl.PluralRules(this.language));
  #number = $derived(new Intl.NumberFormat(this.#locale));
  #time = $derived(new Intl.DateTimeFormat(this.#locale, { timeStyle: 'short' }));
  #weekday = $derived(new Intl.DateTimeFormat(this.#locale, { weekday: 'long' }));
  #date = $derived(new Intl.DateTimeFormat(this.#locale, { weekday: 'long', month: 'long', day: 'numeric' }));
  #dateOfYear = $derived(new Intl.DateTimeFormat(this.#locale, { dateStyle: 'long' }));
  #list = $derived(new Intl.ListFormat(this.language, { type: 'conjunction' }));

  constructor(wanted: readonly string[], language: Language | null = null) {
    this.#wanted = wanted;
    this.language = language ?? choose(wanted);
  }

  /** Says an entry. An arrow, so that it can be handed around. */
  readonly say = <W extends Word>(word: W, ...given: Given<Catalogue[W]>): string => {
    return this.sayLoosely(word, given[0] ?? {});
  };

  /** For entries chosen at run time: what isn't needed is not used. */
  sayLoosely(word: Word, given: Readonly<Record<string, string | number>>): string {
    const wording: Wording = catalogue[word][this.language];
    const count = (n: number) => this.#number.format(n);
    if (typeof wording === 'string') return fill(wording, given, count);
    const form = this.#plural.select(Number(given['count'])) === 'one' ? wording.one : wording.other;
    return fill(form, given, count);
  }

  number(n: number): string {
    return this.#number.format(n);
  }

  /** "9:00 AM" */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** A time of the day, in minutes since midnight, as an hour: "9:00 AM". */
  timeOfDay(minutes: number): string {
    // On a fixed day and zone: only the hour is wanted.
    const format = new Intl.DateTimeFormat(this.#locale, { timeStyle: 'short', timeZone: 'UTC' });
    return format.format(minutes * minute);
  }

  /** From and to, in minutes since midnight, as short as the language allows: "9 AM – 5 PM". */
  hours(from: number, to: number): string {
    const exact = from % 60 !== 0 || to % 60 !== 0;
    const style = exact ? ({ hour: 'numeric', minute: '2-digit' } as const) : ({ hour: 'numeric' } as const);
    return new Intl.DateTimeFormat(this.#locale, { ...style, timeZone: 'UTC' }).formatRange(from * minute, to * minute);
  }

  /** "Mon", for 1 = Monday … 7 = Sunday. */
  dayOfWeek(which: number, style: 'short' | 'long' = 'short'): string {
    // 1970-01-05 was a Monday.
    return new Intl.DateTimeFormat(this.#locale, { weekday: style, timeZone: 'UTC' }).format((which + 3) * day);
  }

  /** The day of something, as one would say it: "Today", "Yesterday", "Tuesday", "Tuesday, May 5". */
  day(at: number, now: number): string {
    return capital(this.dayInside(at, now));
  }

  /** The same inside a sentence: "today", "martes". */
  dayInside(at: number, now: number): string {
    const apart = Math.round((startOfDay(now) - startOfDay(at)) / day);
    if (apart === 0) return small(this.say('day.today'));
    if (apart === 1) return small(this.say('day.yesterday'));
    if (apart === -1) return small(this.say('day.tomorrow'));
    if (apart > -7 && apart < 7) return this.#weekday.format(at);
    const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
    return (sameYear ? this.#date : this.#dateOfYear).format(at);
  }

  /** A date within a sentence: "May 5, 2026". */
  date(at: number): string {
    return this.#dateOfYear.format(at);
  }

  /** A plain date such as 2026-12-21, which belongs to no time zone. */
  plainDate(date: string): string {
    const at = Date.parse(`${date}T00:00:00Z`);
    if (Number.isNaN(at)) return date;
    return new Intl.DateTimeFormat(this.#locale, { month: 'long', day: 'numeric', timeZone: 'UTC' }).format(at);
  }

  /** "9:00 AM" when it is today, else with the day: "tomorrow, 9:00 AM". */
  moment(at: number, now: number): string {
    if (startOfDay(at) === startOfDay(now)) return this.time(at);
    return `${this.day(at, now)}, ${this.time(at)}`;
  }

  list(things: readonly string[]): string {
    return this.#list.format(things);
  }

  /** How long to wait, roughly. */
  wait(ms: number): string {
    const seconds = Math.max(1, Math.ceil(ms / 1000));
    if (seconds < 90) return this.say('wait.seconds', { count: seconds });
    return this.say('wait.minutes', { count: Math.ceil(seconds / 60) });
  }
}

/** Midnight in this device's zone: days are what the reader's calendar says. */
function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

function small(text: string): string {
  return text.charAt(0).toLocaleLowerCase() + text.slice(1);
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
