/**
 * When this browser locks by itself, and how long somebody who guesses has to wait.
 *
 * Owns the rules. Refuses to know how locking is done, and clocks. Invariants: a setting counts only when an
 * owner published it, or a therapist who passes it on to her clients, and within bounds; a clock that was put back never keeps a browser open for longer.
 */

import type { Role, SpaceView } from '../core/types';
import type { Notes } from './rows';

const MINUTE_MS = 60_000;
export const LOCK_AFTER_MS_DEFAULT = 10 * MINUTE_MS;
const LOCK_AFTER_MINUTES_MAX = 12 * 60;
/** A person mistypes; so many failures cost nothing. */
const FAILURES_FREE = 3;
const WAIT_MS_MIN = 5_000;
const WAIT_MS_MAX = 5 * MINUTE_MS;
/** A clock is corrected by a little now and then. */
const CLOCK_JITTER_MS = MINUTE_MS;

/** The practice's idle time: the newest that an owner or a therapist has published where one reads. */
export function lockAfterMs(spaces: readonly SpaceView[]): number {
  let newest = { sentAt: -Infinity, minutes: LOCK_AFTER_MS_DEFAULT / MINUTE_MS };
  for (const space of spaces) {
    const staff = new Set(space.members.filter((member) => decides(member.role)).map((member) => member.account));
    for (const { name, author, value, sentAt } of space.settings) {
      if (name !== 'practice' || !staff.has(author) || sentAt <= newest.sentAt) continue;
      const minutes = minutesIn(value);
      if (minutes !== undefined) newest = { sentAt, minutes };
    }
  }
  return newest.minutes * MINUTE_MS;
}

/** A client shares no space with an owner who does not treat her: there the therapist passes on what the owner set. */
function decides(role: Role): boolean {
  return role === 'owner' || role === 'owner_therapist' || role === 'therapist';
}

function minutesIn(value: string): number | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || !('lockAfterMinutes' in parsed)) return undefined;
  const minutes = parsed.lockAfterMinutes;
  if (typeof minutes !== 'number' || !Number.isFinite(minutes) || minutes < 1) return undefined;
  return Math.min(minutes, LOCK_AFTER_MINUTES_MAX);
}

/** Nothing was touched for so long that it locks. */
export function isIdle({ activeAt, lockAfterMs }: Notes['idle'], now: number): boolean {
  return now - activeAt >= lockAfterMs || now < activeAt - CLOCK_JITTER_MS;
}

/** How long until another password is tried. */
export function unlockWaitMs({ failures, at }: Notes['attempts'], now: number): number {
  if (failures < FAILURES_FREE) return 0;
  const wait = Math.min(WAIT_MS_MIN * 2 ** (failures - FAILURES_FREE), WAIT_MS_MAX);
  // Not longer than that when the clock was put back.
  return Math.min(Math.max(at + wait - now, 0), wait);
}
