import { expect, it } from 'vitest';
import { goesAt } from './sending';
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
const at = (day: number, hour: number) => Date.UTC(2026, 4, day, hour + 4);

it('goes at once within her hours, and when she has none', () => {
  expect(goesAt(card, at(11, 9))).toBeNull();
  expect(goesAt(null, at(11, 22))).toBeNull();
  expect(goesAt({ ...card, hours: [] }, at(11, 22))).toBeNull();
});

it('goes when they next begin, over a weekend too', () => {
  expect(goesAt(card, at(11, 7))).toBe(at(11, 9));
  expect(goesAt(card, at(11, 22))).toBe(at(12, 9));
  expect(goesAt(card, at(14, 17))).toBe(at(18, 9));
});

it('is not put off beyond what the protocol allows', () => {
  const away = { from: '2026-05-12', until: '2026-05-17', message: '', cover: '' };
  expect(goesAt({ ...card, away }, at(12, 10))).toBe(at(18, 9));
  expect(goesAt({ ...card, away: { ...away, until: '2026-06-20' } }, at(12, 10))).toBeNull();
});
