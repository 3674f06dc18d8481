/**
 * When an answer goes: at once, or when her hours next begin.
 *
 * Owns that choice. Refuses to know who presses. Invariant: nothing is put off further than the protocol allows, and
 * without hours nothing is put off.
 */

import { readsNext, readsNow } from './availability';
import type { Availability } from './settings';

/** The protocol's limit (`SHOW_LATER_MS_MAX`), less a day: clocks differ. */
const putOffMsMax = 13 * 24 * 3_600_000;

/** When it would go by itself; null for at once. */
export function goesAt(card: Availability | null, now: number): number | null {
  if (!card || card.hours.length === 0 || readsNow(card, now)) return null;
  const next = readsNext(card, now);
  return next !== null && next - now <= putOffMsMax ? next : null;
}
