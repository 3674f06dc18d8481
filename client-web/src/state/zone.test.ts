import { expect, it } from 'vitest';
import { zoneUntil } from './zone';

const SPRING = Date.UTC(2026, 2, 8, 7);
const AUTUMN = Date.UTC(2025, 10, 2, 6);

it('tells a zone by the moments at which it changes', () => {
  const newYork = (at: number) => (at >= AUTUMN && at < SPRING ? -300 : at >= Date.UTC(2025, 2, 9, 7) ? -240 : -300);
  expect(zoneUntil(Date.UTC(2026, 5, 1), 'America/New_York', newYork)).toEqual({
    name: 'America/New_York',
    offsets: [
      { from: 0, minutes: -300 },
      { from: Date.UTC(2025, 2, 9, 7), minutes: -240 },
      { from: AUTUMN, minutes: -300 },
      { from: SPRING, minutes: -240 },
    ],
  });
});

it('is bounded whatever a clock says', () => {
  const restless = (at: number) => (Math.floor(at / 86_400_000) % 2) * 60;
  const { offsets } = zoneUntil(Date.UTC(2060, 0, 1), 'x', restless);
  expect(offsets.length).toBe(500);
  expect(zoneUntil(0, 'UTC', () => 0)).toEqual({ name: 'UTC', offsets: [{ from: 0, minutes: 0 }] });
});
