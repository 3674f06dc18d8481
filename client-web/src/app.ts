/**
 * Where the page begins: takes the secret out of the address, looks whether this browser can do it, starts.
 *
 * Owns the order of these three. Invariant: nothing else runs, and nothing is fetched, while a link's secret stands in
 * the address bar.
 */

import { openPort } from './port/browser';
import { readArrival, withoutSecret } from './state/route';
import { start } from './start';

const arrival = readArrival(location.href);
history.replaceState(history.state, '', withoutSecret(location.href));

/** What the engine can't do without. Storage is not among it: without, it works for as long as the page is open. */
const able =
  typeof WebAssembly === 'object' &&
  typeof Worker === 'function' &&
  typeof BroadcastChannel === 'function' &&
  'locks' in navigator &&
  typeof crypto.subtle === 'object';

const target = document.getElementById('app');
// Otherwise plain.js says what is the matter.
if (able && target) {
  document.documentElement.dataset['started'] = '';
  start(openPort(), arrival, target);
}
