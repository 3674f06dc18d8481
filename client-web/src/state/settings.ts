/**
 * Settings that people publish in a space, as typed values.
 *
 * Owns their shapes and the suspicion with which they are read: they come from other people's devices, so anything may
 * stand in them. Refuses to know who shows them. Invariant: parsing never throws, and what it gives keeps its bounds.
 */

import type { SettingView, SpaceView } from '../core/types';

/** When a therapist reads, in minutes of the day in her zone; day 1 is Monday. */
export interface Hours {
  day: number;
  from: number;
  to: number;
}
export interface Away {
  /** Plain dates, both included. */
  from: string;
  until: string;
  message: string;
  cover: string;
}
export interface Availability {
  zone: string;
  hours: Hours[];
  withinWorkingDays: number;
  line: string;
  phone: string;
  away: Away | null;
}
export interface Practice {
  phone: string;
  region: string;
  lockAfterMinutes: number;
}
export interface Agreement {
  document: string;
  language: string;
  text: string;
  at: number;
}
export interface Help {
  person: { name: string; phone: string };
  plan: string;
}
export interface Today {
  /** By space: the position up to which messages were put away. */
  done: Record<string, number>;
  /** The same for what was kept for the session. */
  held: Record<string, number>;
  /** When something was last put away there. */
  at: Record<string, number>;
}

export const settingNames = {
  availability: 'availability',
  practice: 'practice',
  agreement: 'agreement',
  phrases: 'phrases',
  today: 'today',
  help: 'help',
  preferences: 'preferences',
  invitations: 'invitations',
} as const;
export type SettingName = keyof typeof settingNames;

const textMax = 2000;
const lineMax = 200;
const planMax = 8000;

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function parse(json: string): Fields | null {
  try {
    const found = fields(JSON.parse(json));
    return found?.['v'] === 1 ? found : null;
  } catch {
    return null;
  }
}

function text(value: unknown, max = lineMax): string {
  return typeof value === 'string' ? value.slice(0, max) : '';
}

function whole(value: unknown, min: number, max: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value : null;
}

/** What a phone can dial: digits with the marks people write between them. Anything else would not be shown to others. */
export function isPhone(given: string): boolean {
  return /^\+?[0-9 ().\-/]{2,39}$/.test(given) && /[0-9].*[0-9]/.test(given);
}

function phone(value: unknown): string {
  const given = text(value, 40).trim();
  return isPhone(given) ? given : '';
}

/** Whether it is nothing, or something a phone can dial: other people's devices leave out anything else. */
export function dialable(text: string): boolean {
  return text.trim() === '' || phone(text) !== '';
}

function plainDate(value: unknown): string | null {
  const given = text(value, 10);
  return /^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(Date.parse(given)) ? given : null;
}

/** A time zone that this browser knows; an unknown one would throw wherever a time is written. */
function zone(value: unknown): string | null {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text(value, 60) || 'UTC' }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

function hours(value: unknown): Hours[] {
  if (!Array.isArray(value)) return [];
  const spans: Hours[] = [];
  for (const item of value.slice(0, 28)) {
    const span = fields(item);
    const day = whole(span?.['day'], 1, 7);
    const from = whole(span?.['from'], 0, 1440);
    const to = whole(span?.['to'], 0, 1440);
    if (day !== null && from !== null && to !== null && from < to) spans.push({ day, from, to });
  }
  return spans.sort((a, b) => a.day - b.day || a.from - b.from);
}

function away(value: unknown): Away | null {
  const found = fields(value);
  const from = plainDate(found?.['from']);
  const until = plainDate(found?.['until']);
  if (!found || !from || !until || until < from) return null;
  return { from, until, message: text(found['message'], textMax), cover: text(found['cover']) };
}

export function parseAvailability(json: string): Availability | null {
  const found = parse(json);
  const where = found ? zone(found['zone']) : null;
  if (!found || where === null) return null;
  return {
    zone: where,
    hours: hours(found['hours']),
    withinWorkingDays: whole(fields(found['within'])?.['workingDays'], 1, 30) ?? 1,
    line: text(found['line']),
    phone: phone(found['phone']),
    away: away(found['away']),
  };
}

export function writeAvailability(card: Availability): string {
  const { zone, hours, withinWorkingDays, line, phone, away } = card;
  return JSON.stringify({ v: 1, zone, hours, within: { workingDays: withinWorkingDays }, line, phone, away });
}

export const practiceUsual: Practice = { phone: '', region: 'us', lockAfterMinutes: 10 };

export function parsePractice(json: string): Practice | null {
  const found = parse(json);
  if (!found) return null;
  return {
    phone: phone(found['phone']),
    region: /^[a-z]{2}$/.exec(text(found['region']))?.[0] ?? practiceUsual.region,
    lockAfterMinutes: whole(found['lockAfterMinutes'], 1, 240) ?? practiceUsual.lockAfterMinutes,
  };
}

export function writePractice(practice: Practice): string {
  return JSON.stringify({ v: 1, ...practice });
}

export function parseAgreement(json: string): Agreement | null {
  const found = parse(json);
  const at = whole(found?.['at'], 0, Number.MAX_SAFE_INTEGER);
  const words = text(found?.['text'], 20_000);
  if (!found || at === null || words === '') return null;
  return { document: text(found['document']), language: text(found['language']), text: words, at };
}

export function writeAgreement(agreement: Agreement): string {
  return JSON.stringify({ v: 1, ...agreement });
}

/** So many that they still fit into one setting (16 KiB), at 300 characters each. */
export const phrasesMax = 40;

export function parsePhrases(json: string): string[] {
  const found = parse(json)?.['phrases'];
  if (!Array.isArray(found)) return [];
  return found
    .slice(0, 50)
    .map((phrase) => text(phrase, textMax))
    .filter((phrase) => phrase.trim() !== '');
}

export function writePhrases(phrases: string[]): string {
  return JSON.stringify({ v: 1, phrases });
}

export const todayNone: Today = { done: {}, held: {}, at: {} };

export function parseToday(json: string): Today {
  const found = parse(json);
  return { done: bySpace(found?.['done']), held: bySpace(found?.['held']), at: bySpace(found?.['at']) };
}

function bySpace(value: unknown): Record<string, number> {
  const kept: Record<string, number> = {};
  for (const [space, number] of Object.entries(fields(value) ?? {}).slice(0, 2000)) {
    const known = whole(number, 0, Number.MAX_SAFE_INTEGER);
    if (/^[0-9a-f]{8,64}$/.test(space) && known !== null) kept[space] = known;
  }
  return kept;
}

export function writeToday(today: Today): string {
  return JSON.stringify({ v: 1, ...today });
}

export const helpNone: Help = { person: { name: '', phone: '' }, plan: '' };

export function parseHelp(json: string): Help {
  const found = parse(json);
  const person = fields(found?.['person']);
  return {
    person: { name: text(person?.['name']), phone: phone(person?.['phone']) },
    plan: text(found?.['plan'], planMax),
  };
}

export function writeHelp(help: Help): string {
  return JSON.stringify({ v: 1, ...help });
}

export function parsePreferences(json: string): { language: string | null } {
  const language = text(parse(json)?.['language'], 5);
  return { language: /^[a-z]{2}$/.test(language) ? language : null };
}

export function writePreferences(preferences: { language: string }): string {
  return JSON.stringify({ v: 1, ...preferences });
}

/** So many that they fit into one setting (16 KiB): who was invited last. */
const invitedMax = 60;
export const invitedNameMax = 50;

/** For whom invitations were meant, the latest last. */
export function parseInvitations(json: string): Record<string, string> {
  const names: Record<string, string> = {};
  for (const [id, name] of Object.entries(fields(parse(json)?.['names']) ?? {}).slice(-invitedMax)) {
    const known = text(name, invitedNameMax).trim();
    if (/^[0-9a-f]{32}$/.test(id) && known !== '') names[id] = known;
  }
  return names;
}

export function writeInvitations(names: Record<string, string>): string {
  return JSON.stringify({ v: 1, names: Object.fromEntries(Object.entries(names).slice(-invitedMax)) });
}

/** The newest setting of a name; of one author, or of anybody. */
export function settingIn(space: SpaceView | null, name: SettingName, author?: string): SettingView | null {
  let newest: SettingView | null = null;
  for (const setting of space?.settings ?? []) {
    if (setting.name !== name || (author !== undefined && setting.author !== author)) continue;
    if (newest === null || setting.sentAt > newest.sentAt) newest = setting;
  }
  return newest;
}

/** A setting that somebody in one of these roles has published; others have no say in it. */
export function settingBy(space: SpaceView | null, name: SettingName, roles: readonly string[]): SettingView | null {
  const may = new Set(space?.members.filter((one) => roles.includes(one.role)).map((one) => one.account));
  const settings = space?.settings.filter((one) => one.name === name && may.has(one.author)) ?? [];
  return settings.reduce<SettingView | null>((a, b) => (a === null || b.sentAt > a.sentAt ? b : a), null);
}
