/**
 * The installed app: its service worker, and newer versions of it.
 *
 * Owns registering, and taking over. Refuses to know what is cached. Invariant: a newer version never replaces the one
 * under an open page unless the person reloads.
 */

import { TAKE_OVER } from '../sw/names';
import { mayKeep } from './traces';
import { scriptUrl } from './trusted';

/** Where the build puts it. */
const SERVICE_WORKER = '/sw.js';
/** What a first visit on a slow line gets to itself. */
const FIRST_MS = 4_000;
/** How often it is looked for a newer version at most. */
const LOOK_MS = 3_600_000;

/** Calls `ready` when a newer version waits, now or later. Does nothing where there are no service workers. */
export async function installShell(ready: () => void): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  // On the first visit everything on the line is for the page; it is kept for later when that is here.
  if (!navigator.serviceWorker.controller) await new Promise((resolve) => setTimeout(resolve, FIRST_MS));
  if (!mayKeep()) return;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register(scriptUrl(SERVICE_WORKER), { updateViaCache: 'none' });
  } catch {
    // Private windows of some browsers refuse it; the app works without.
    return;
  }
  const look = () => {
    // With no controller it is the first version, which waits for nobody.
    if (registration.waiting && navigator.serviceWorker.controller) ready();
  };
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', look);
  });
  look();
  // An installed app is left open for weeks, and a browser looks only when a page is opened.
  let lookedAt = Date.now();
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible' || Math.abs(Date.now() - lookedAt) < LOOK_MS) return;
    lookedAt = Date.now();
    // Without a network there is nothing to find.
    registration.update().catch(() => undefined);
  });
}

/** Reloads the page, into the newer version if one waits and no other tab still runs this one. */
export async function reload(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration().catch(() => undefined);
  const { waiting } = registration ?? {};
  if (!waiting) return location.reload();
  waiting.addEventListener('statechange', () => waiting.state === 'activated' && location.reload());
  // It says no when there are other tabs; then this reload brings the same version.
  const answers = new MessageChannel();
  answers.port1.onmessage = ({ data }) => {
    if (data !== true) location.reload();
  };
  waiting.postMessage(TAKE_OVER, [answers.port2]);
}
