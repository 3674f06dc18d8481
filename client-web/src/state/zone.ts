/**
 * The time zone of this device, told by its changes.
 *
 * Owns finding them: the core, which writes the file, has no tables of time zones, and the browser gives away only what the
 * distance from UTC was at a moment. Invariant: told with these, every time of the period is as this device shows it.
 */

import type { Millis, Zone } from '../core/types';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** There was no Sotto before. */
const FROM = Date.UTC(2025, 0, 1);
/** More than the core takes would be no zone of this earth. */
const CHANGES_MAX = 500;

const here = (at: Millis): number => -new Date(at).getTimezoneOffset();

/** `minutes`: how far ahead of UTC this device is at a moment. */
export function zoneUntil(
  until: Millis,
  name = new Intl.DateTimeFormat().resolvedOptions().timeZone,
  minutes: (at: Millis) => number = here,
): Zone {
  const offsets = [{ from: 0, minutes: minutes(FROM) }];
  for (let day = FROM; day < until && offsets.length < CHANGES_MAX; day += DAY_MS) {
    const before = minutes(day);
    if (minutes(day + DAY_MS) !== before) offsets.push(change(day, before, minutes));
  }
  return { name, offsets };
}

/** When, to the minute, it changes within the day that begins so. */
function change(day: Millis, before: number, minutes: (at: Millis) => number): Zone['offsets'][number] {
  let [same, other] = [0, DAY_MS / MINUTE_MS];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (minutes(day + middle * MINUTE_MS) === before) same = middle;
    else other = middle;
  }
  const from = day + other * MINUTE_MS;
  return { from, minutes: minutes(from) };
}
