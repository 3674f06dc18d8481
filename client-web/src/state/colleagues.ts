/**
 * Conversations between people who work in the practice.
 *
 * Owns which spaces these are and who is met there. They are no part of a therapist's *Today*: nobody is promised an answer.
 */

import type { MemberView, SpaceView } from '../core/types';
import { others } from './session.svelte';

/** Spaces with somebody else in them and no client. For the practice's own people only: a client has none. */
export function colleagueSpaces(spaces: Iterable<SpaceView>): SpaceView[] {
  return [...spaces].filter(
    ({ members }) => members.some((one) => !one.me) && members.every((one) => one.role !== 'client'),
  );
}

/** Whom one meets there. */
export function colleagueIn(space: SpaceView): MemberView | null {
  return others(space)[0] ?? null;
}

/** Where something came that was not looked at yet. */
export function withNews(spaces: readonly SpaceView[]): SpaceView[] {
  return spaces.filter((space) => space.unread > 0);
}
