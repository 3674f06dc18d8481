/**
 * What a therapist's hours mean at a given moment: whether she reads now, when next, and by when she usually answers.
 *
 * Owns calendar arithmetic in her time zone. Refuses to know who asks. Invariant: no hours give no promise (null), never
 * a made-up one.
 */

import type { Availability, Away, Hours } from './settings';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Far enough for anybody with at least one reading day a week, and two weeks away. */
const searchDays = 60;

interface Local {
  /** Days since 1970-01-01, by the calendar there. */
  date: number;
  /** 1 = Monday. */
  weekday: number;
  minutes: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = formats.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(zone, found);
  }
  return found;
}

/** Calendar and clock in a zone. */
export function localAt(at: number, zone: string): Local {
  const parts: Record<string, number> = {};
  for (const { type, value } of format(zone).formatToParts(at)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  const date = Math.round(Date.UTC(year, month - 1, day) / dayMs);
  return { date, weekday: weekdayOf(date), minutes: hour * 60 + minute };
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(date: number): number {
  return ((((date + 3) % 7) + 7) % 7) + 1;
}

/** The moment at which a calendar there shows this date and time. In a gap of the clock: the moment after it. */
export function momentOf(date: number, minutes: number, zone: string): number {
  const wanted = date * dayMs + minutes * minuteMs;
  let at = wanted;
  // Twice: the first guess may lie on the other side of a change of the clock.
  for (let round = 0; round < 2; round++) {
    const local = localAt(at, zone);
    at += wanted - (local.date * dayMs + local.minutes * minuteMs);
  }
  const local = localAt(at, zone);
  return at + Math.max(0, wanted - (local.date * dayMs + local.minutes * minuteMs));
}

function dateOf(plain: string): number {
  return Math.round(Date.parse(`${plain}T00:00:00Z`) / dayMs);
}

function awayOn(card: Availability, date: number): boolean {
  return card.away !== null && date >= dateOf(card.away.from) && date <= dateOf(card.away.until);
}

/** The absence that is on now. */
export function awayNow(card: Availability, now: number): Away | null {
  return awayOn(card, localAt(now, card.zone).date) ? card.away : null;
}

/** Whether these are hours at which she reads. */
export function readsNow(card: Availability, now: number): boolean {
  const { date, weekday, minutes } = localAt(now, card.zone);
  if (awayOn(card, date)) return false;
  return card.hours.some((span) => span.day === weekday && minutes >= span.from && minutes < span.to);
}

/** When her hours next begin, after now. */
export function readsNext(card: Availability, now: number): number | null {
  const today = localAt(now, card.zone).date;
  for (let date = today; date < today + searchDays; date++) {
    if (awayOn(card, date)) continue;
    for (const span of card.hours.filter((one) => one.day === weekdayOf(date))) {
      const at = momentOf(date, span.from, card.zone);
      if (at > now) return at;
    }
  }
  return null;
}

/**
 * By when she usually answers what came at `since`: the end of her hours on the working day that her promise names. A
 * message that came after the day's hours counts from the next working day.
 */
export function answersBy(card: Availability, since: number): number | null {
  const came = localAt(since, card.zone);
  let left = card.withinWorkingDays;
  for (let date = came.date; date < came.date + searchDays; date++) {
    const last = card.hours.filter((one) => one.day === weekdayOf(date)).at(-1);
    if (!last || awayOn(card, date)) continue;
    const counts = date > came.date || came.minutes < last.to;
    if (!counts) continue;
    if (left === 0) return momentOf(date, last.to, card.zone);
    left -= 1;
  }
  return null;
}

/** Days in a row with the same hours, as one would say them. */
export interface Stretch {
  firstDay: number;
  lastDay: number;
  from: number;
  to: number;
}

export function stretches(hours: readonly Hours[]): Stretch[] {
  const made: Stretch[] = [];
  for (const { day, from, to } of [...hours].sort((a, b) => a.from - b.from || a.to - b.to || a.day - b.day)) {
    const last = made.at(-1);
    if (last && last.from === from && last.to === to && (day === last.lastDay + 1 || day === last.lastDay))
      last.lastDay = day;
    else made.push({ firstDay: day, lastDay: day, from, to });
  }
  return made.sort((a, b) => a.firstDay - b.firstDay || a.from - b.from);
}
