/**
 * Where one is, kept together with the address bar.
 *
 * Owns the present route and moving the focus to a new page's heading. Refuses to know what is drawn there.
 */

import { untrack } from 'svelte';
import { readRoute, writeRoute, type Route } from '../state/route';

export class Navigation {
  route: Route = $state.raw(readRoute(location.hash));
  /** Counts arrivals, so that a page's heading takes the focus when somebody went there, and not at the start. */
  arrivals = $state(0);
  /** The page before signing in that was shown last: whichever follows it is a step further. */
  entry: string | null = null;

  /** Follows the address bar from now on; the answer stops it. */
  start(): () => void {
    const follow = () => {
      this.route = readRoute(location.hash);
      this.arrivals += 1;
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }

  go(place: string, id: string | null = null): void {
    location.hash = writeRoute(place, id);
  }

  /** As `go`, without leaving the present page in the history. */
  replace(place: string, id: string | null = null): void {
    history.replaceState(null, '', `/${writeRoute(place, id)}`);
    this.route = { place, id };
    // Also called by effects, which are not to run again for it.
    this.arrivals = untrack(() => this.arrivals) + 1;
  }
}
