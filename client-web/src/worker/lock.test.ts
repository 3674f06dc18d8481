import { expect, test } from 'vitest';
import type { SpaceView } from '../core/types';
import { isIdle, LOCK_AFTER_MS_DEFAULT, lockAfterMs, unlockWaitMs } from './lock';

const MINUTE = 60_000;

function space(...settings: [author: string, value: string, sentAt: number][]): SpaceView {
  return {
    members: [
      { account: 'owner', name: null, role: 'owner_therapist', me: false },
      { account: 'therapist', name: null, role: 'therapist', me: false },
      { account: 'client', name: null, role: 'client', me: true },
    ],
    settings: settings.map(([author, value, sentAt]) => ({ author, name: 'practice', value, sentAt })),
  } as Partial<SpaceView> as SpaceView;
}

test('the newest setting of an owner counts', () => {
  const older = space(['owner', '{"lockAfterMinutes":3}', 5]);
  const newer = space(['owner', '{"lockAfterMinutes":7}', 9]);
  expect(lockAfterMs([newer, older])).toBe(7 * MINUTE);
});

test('what a therapist passes on to her clients counts as well', () => {
  expect(lockAfterMs([space(['therapist', '{"lockAfterMinutes":3}', 5])])).toBe(3 * MINUTE);
});

test('what a client publishes, and what is no sensible number, does not', () => {
  const said = (value: string) => lockAfterMs([space(['owner', value, 5])]);
  expect(lockAfterMs([space(['client', '{"lockAfterMinutes":600}', 5])])).toBe(LOCK_AFTER_MS_DEFAULT);
  for (const value of ['', 'null', '7', '{}', '{"lockAfterMinutes":"7"}', '{"lockAfterMinutes":0}', '[1']) {
    expect(said(value), value).toBe(LOCK_AFTER_MS_DEFAULT);
  }
  expect(said('{"lockAfterMinutes":1e9}')).toBe(12 * 60 * MINUTE);
});

test('idle is judged by the clock, and a clock that went back locks', () => {
  const idle = { activeAt: 100 * MINUTE, lockAfterMs: 10 * MINUTE };
  expect(isIdle(idle, 109 * MINUTE)).toBe(false);
  expect(isIdle(idle, 110 * MINUTE)).toBe(true);
  expect(isIdle(idle, 99.5 * MINUTE)).toBe(false);
  expect(isIdle(idle, 90 * MINUTE)).toBe(true);
});

test('guessing gets slower, up to a bound', () => {
  const wait = (failures: number) => unlockWaitMs({ failures, at: 0 }, 0);
  expect([0, 1, 2, 3, 4, 5].map(wait)).toEqual([0, 0, 0, 5_000, 10_000, 20_000]);
  expect(wait(50)).toBe(5 * MINUTE);
  expect(unlockWaitMs({ failures: 3, at: 0 }, 4_000)).toBe(1_000);
  expect(unlockWaitMs({ failures: 3, at: 0 }, 6_000)).toBe(0);
  expect(unlockWaitMs({ failures: 3, at: 10 ** 9 }, 0)).toBe(5_000);
});
