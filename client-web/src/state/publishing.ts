/**
 * Which of one's settings is missing where.
 *
 * Owns the rules: a therapist's card goes into every space with a client of hers, the practice's details into every space
 * of the owner, and from there, by each therapist, to her clients. Refuses to know when and how it is written. Invariant:
 * what was published as wanted is never published again, so everything comes to rest.
 */

import type { AccountView, SpaceId, SpaceView } from '../core/types';
import { owns, treats } from './session.svelte';
import { parsePractice, settingBy, settingIn, settingNames, writePractice } from './settings';
import { careSpaces, mayWrite } from './today';

export interface Publication {
  space: SpaceId;
  name: 'availability' | 'practice';
  value: string;
}

const owners = ['owner', 'owner_therapist'];

/** The value of hers that holds: what stands in her own space, else the newest she has published anywhere. */
export function ownValue(
  name: Publication['name'],
  own: SpaceView | null,
  spaces: readonly SpaceView[],
  me: string,
): string | null {
  const kept = settingIn(own, name, me);
  if (kept) return kept.value;
  const published = spaces.map((space) => settingIn(space, name, me)).filter((one) => one !== null);
  return published.reduce((a, b) => (a === null || b.sentAt > a.sentAt ? b : a), published[0] ?? null)?.value ?? null;
}

/** The practice's details as its owner last published them, wherever one shares a space with her. */
function fromOwner(spaces: readonly SpaceView[]): string | null {
  const said = spaces.map((space) => settingBy(space, 'practice', owners)).filter((one) => one !== null);
  const newest = said.reduce((a, b) => (a === null || b.sentAt > a.sentAt ? b : a), said[0] ?? null);
  const practice = newest ? parsePractice(newest.value) : null;
  // Written anew, so that nothing but what was understood is passed on in her name.
  return practice ? writePractice(practice) : null;
}

/** What is still to be written, as far as these views say. Spaces that can't be written in wait their turn. */
export function missing(me: AccountView, own: SpaceView | null, all: readonly SpaceView[]): Publication[] {
  const shared = all.filter((space) => space.id !== own?.id && space.members.some((one) => !one.me));
  const open = shared.filter(mayWrite);
  const care = careSpaces(open);
  const list: Publication[] = [];
  const want = (name: Publication['name'], value: string | null, where: readonly SpaceView[]) => {
    if (value === null) return;
    for (const space of where)
      if (settingIn(space, name, me.account)?.value !== value)
        list.push({ space: space.id, name: settingNames[name], value });
  };
  if (treats(me.role)) want('availability', ownValue('availability', own, shared, me.account), care);
  if (owns(me.role)) want('practice', ownValue('practice', own, shared, me.account), open);
  else if (treats(me.role)) want('practice', fromOwner(shared), care);
  return list;
}
