import { describe, expect, it } from 'vitest';
import { answersBy, awayNow, localAt, momentOf, readsNext, readsNow, stretches } from './availability';
import type { Availability } from './settings';

const card: Availability = {
  zone: 'America/New_York',
  hours: [1, 2, 3, 4].map((day) => ({ day, from: 540, to: 1020 })),
  withinWorkingDays: 1,
  line: '',
  phone: '',
  away: null,
};
/** New York is four hours behind in May 2026; the 11th is a Monday. */
const at = (day: number, hour: number, minute = 0) => Date.UTC(2026, 4, day, hour + 4, minute);

describe('hours', () => {
  it('are read in her zone', () => {
    expect(localAt(at(11, 9), card.zone)).toMatchObject({ weekday: 1, minutes: 540 });
    expect(readsNow(card, at(11, 9))).toBe(true);
    expect(readsNow(card, at(11, 8, 59))).toBe(false);
    expect(readsNow(card, at(11, 17))).toBe(false);
    expect(readsNow(card, at(15, 12))).toBe(false);
  });

  it('begin next on the next reading day', () => {
    expect(readsNext(card, at(11, 8))).toBe(at(11, 9));
    expect(readsNext(card, at(11, 9))).toBe(at(12, 9));
    expect(readsNext(card, at(14, 20))).toBe(at(18, 9));
    expect(readsNext({ ...card, hours: [] }, at(14, 20))).toBeNull();
  });

  it('keep the time of the clock when the clock changes', () => {
    // In 2026 New York's clocks go forward on Sunday, March 8: nine o'clock is then 13:00 UTC instead of 14:00.
    expect(readsNext(card, Date.UTC(2026, 2, 6, 12))).toBe(Date.UTC(2026, 2, 9, 13));
    const day = Date.UTC(2026, 2, 8) / 86_400_000;
    expect(momentOf(day, 120, card.zone)).toBe(Date.UTC(2026, 2, 8, 7));
  });

  it('are none while she is away', () => {
    const gone = { ...card, away: { from: '2026-05-12', until: '2026-05-13', message: '', cover: '' } };
    expect(awayNow(gone, at(11, 12))).toBeNull();
    expect(awayNow(gone, at(12, 0))).toMatchObject({ until: '2026-05-13' });
    expect(awayNow(gone, at(13, 23, 59))).not.toBeNull();
    expect(awayNow(gone, at(14, 0))).toBeNull();
    expect(readsNow(gone, at(12, 10))).toBe(false);
    expect(readsNext(gone, at(11, 18))).toBe(at(14, 9));
  });
});

describe('the promise', () => {
  it('counts working days, from the next one after hours', () => {
    expect(answersBy(card, at(11, 10))).toBe(at(12, 17));
    expect(answersBy(card, at(11, 18))).toBe(at(13, 17));
    expect(answersBy(card, at(15, 10))).toBe(at(19, 17));
    expect(answersBy({ ...card, withinWorkingDays: 2 }, at(14, 10))).toBe(at(19, 17));
  });

  it('is none without hours', () => {
    expect(answersBy({ ...card, hours: [] }, at(11, 10))).toBeNull();
  });
});

describe('stretches', () => {
  it('join days in a row with the same hours', () => {
    expect(stretches(card.hours)).toEqual([{ firstDay: 1, lastDay: 4, from: 540, to: 1020 }]);
    const mixed = [
      { day: 1, from: 540, to: 720 },
      { day: 2, from: 540, to: 720 },
      { day: 4, from: 540, to: 720 },
      { day: 2, from: 840, to: 1020 },
    ];
    expect(stretches(mixed)).toEqual([
      { firstDay: 1, lastDay: 2, from: 540, to: 720 },
      { firstDay: 2, lastDay: 2, from: 840, to: 1020 },
      { firstDay: 4, lastDay: 4, from: 540, to: 720 },
    ]);
  });
});
