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
  /** How many entries of the tab's history are behind the present one and of this page. */
  depth = 0;
  /** The page before signing in that was shown last: whichever follows it is a step further. */
  entry: string | null = null;

  /** Follows the address bar from now on; the answer stops it. */
  start(): () => void {
    const follow = () => {
      this.route = readRoute(location.hash);
      this.arrivals += 1;
    };
    const count = () => {
      // Who goes back meets an entry that was counted already.
      this.depth = depthOf(history.state) ?? this.depth + 1;
      history.replaceState({ depth: this.depth }, '');
    };
    this.depth = depthOf(history.state) ?? 0;
    history.replaceState({ depth: this.depth }, '');
    addEventListener('popstate', count);
    addEventListener('hashchange', follow);
    return () => {
      removeEventListener('popstate', count);
      removeEventListener('hashchange', follow);
    };
  }

  go(place: string, id: string | null = null): void {
    location.hash = writeRoute(place, id);
  }

  /** As `go`, without leaving the present page in the history. */
  replace(place: string, id: string | null = null): void {
    history.replaceState(history.state, '', `/${writeRoute(place, id)}`);
    this.route = { place, id };
    // Also called by effects, which are not to run again for it.
    this.arrivals = untrack(() => this.arrivals) + 1;
  }
}

/** Each entry keeps its own, across reloads. */
function depthOf(state: unknown): number | undefined {
  if (typeof state !== 'object' || state === null || !('depth' in state)) return undefined;
  return typeof state.depth === 'number' ? state.depth : undefined;
}
