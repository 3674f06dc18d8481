/**
 * What a tab leaves in a browser beside the engine's rows, and whether it may.
 *
 * Owns the choice "this isn't my computer" for as long as the page is open, and removing what was there before it was made.
 * Refuses to know the engine. Invariant: once nothing may be kept, nothing is, and whatever was is removed.
 */

import { OURS } from '../sw/names';

/** Of the page. It can be kept nowhere else, because that would be keeping something. */
let keeps = true;

export function mayKeep(): boolean {
  return keeps;
}

export function keepAgain(): void {
  keeps = true;
}

/** From now on nothing is kept, and what a visit to this page has left behind goes. */
export async function keepNothing(): Promise<void> {
  keeps = false;
  for (const storage of ['localStorage', 'sessionStorage'] as const) {
    try {
      globalThis[storage].clear();
    } catch {
      // Where nothing may be kept, nothing is there.
    }
  }
  try {
    for (const registration of (await navigator.serviceWorker?.getRegistrations()) ?? [])
      await registration.unregister();
    for (const name of await caches.keys()) {
      if (name.startsWith(OURS)) await caches.delete(name);
    }
  } catch {
    // As above.
  }
}
