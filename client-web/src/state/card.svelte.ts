/**
 * An availability card while it is being written.
 *
 * Owns the rows of hours and what is wrong with them. Refuses to know where it is kept. Invariant: it gives a card only when
 * nothing is wrong.
 */

import type { Availability } from './settings';

/** One stretch of a day, as fields of a form hold it: "09:00". */
export interface Span {
  day: number;
  from: string;
  to: string;
}

export type Problem = { kind: 'noDay' } | { kind: 'order' | 'overlap'; day: number };

const usual = { from: '09:00', to: '17:00' };

export function clockOf(minutes: number): string {
  // Midnight at the end of a day is 24:00, which fields for times don't know.
  const within = minutes % 1440;
  return `${String(Math.floor(within / 60)).padStart(2, '0')}:${String(within % 60).padStart(2, '0')}`;
}

/** Minutes of the day; null for what is no time. */
export function minutesOf(text: string): number | null {
  const found = /^(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/.exec(text);
  const minutes = Number(found?.[1]) * 60 + Number(found?.[2]);
  return found && minutes < 1440 ? minutes : null;
}

export class CardDraft {
  spans: Span[] = $state([]);
  zone: string = $state('');
  within: number = $state(1);
  line: string = $state('');
  phone: string = $state('');
  readonly #away: Availability['away'];

  /** From the card there is, else from what is usual in this zone. */
  constructor(card: Availability | null, zone: string) {
    const hours = card?.hours ?? [1, 2, 3, 4].map((day) => ({ day, from: 540, to: 1020 }));
    this.spans = hours.map(({ day, from, to }) => ({ day, from: clockOf(from), to: clockOf(to) }));
    this.zone = card?.zone ?? zone;
    this.within = card?.withinWorkingDays ?? 1;
    this.line = card?.line ?? '';
    this.phone = card?.phone ?? '';
    this.#away = card?.away ?? null;
  }

  of(day: number): Span[] {
    return this.spans.filter((span) => span.day === day);
  }

  /** A day begins with the hours of the day before it that has some; another stretch follows the last one. */
  add(day: number): void {
    const last = this.of(day).at(-1);
    const end = last ? minutesOf(last.to) : null;
    if (end !== null) {
      const from = Math.min(end + 60, 1320);
      this.spans.push({ day, from: clockOf(from), to: clockOf(Math.min(from + 120, 1439)) });
      return;
    }
    const before = this.spans.filter((span) => span.day < day).at(-1)?.day;
    const like = before === undefined ? [usual] : this.of(before);
    for (const { from, to } of like) this.spans.push({ day, from, to });
  }

  drop(span: Span): void {
    this.spans = this.spans.filter((one) => one !== span);
  }

  clear(day: number): void {
    this.spans = this.spans.filter((one) => one.day !== day);
  }

  /** Monday to Friday get the hours of this day. */
  copyToWeekdays(day: number): void {
    const like = this.of(day).map(({ from, to }) => ({ from, to }));
    const weekend = this.spans.filter((one) => one.day > 5);
    this.spans = [...[1, 2, 3, 4, 5].flatMap((each) => like.map((span) => ({ day: each, ...span }))), ...weekend];
  }

  readonly #hours = $derived.by(() =>
    this.spans.map(({ day, from, to }) => {
      const [begin, end] = [minutesOf(from), minutesOf(to)];
      return { day, from: begin ?? -1, to: end === 0 ? 1440 : (end ?? -1) };
    }),
  );

  readonly problem = $derived.by((): Problem | null => {
    const hours = [...this.#hours].sort((a, b) => a.day - b.day || a.from - b.from);
    if (hours.length === 0) return { kind: 'noDay' };
    for (const [index, { day, from, to }] of hours.entries()) {
      if (from < 0 || to <= from) return { kind: 'order', day };
      const next = hours[index + 1];
      if (next?.day === day && next.from < to && next.from >= 0) return { kind: 'overlap', day };
    }
    return null;
  });

  /** The card as it would be published; null while something is wrong. */
  readonly card = $derived.by((): Availability | null => {
    if (this.problem) return null;
    return {
      zone: this.zone,
      hours: [...this.#hours].sort((a, b) => a.day - b.day || a.from - b.from),
      withinWorkingDays: this.within,
      line: this.line.trim(),
      phone: this.phone.trim(),
      away: this.#away,
    };
  });
}
