/**
 * Notices that something new has come, without a word of what.
 *
 * Owns the browser's push subscription. Refuses to know the server; the engine tells it where to send. Invariant: the
 * server gets an address and nothing else: no keys, because a notice carries nothing that they could open.
 */

import { LANGUAGE_PATH, PREFERENCES_CACHE } from '../sw/names';
import { PortError, type Port } from './port';
import { mayKeep } from './traces';

/** `impossible`: this browser cannot, or the server sends none. `denied`: she has told the browser to let nobody. */
export type Notices = 'impossible' | 'denied' | 'off' | 'on';

export async function noticesNow(): Promise<Notices> {
  if (!mayKeep()) return 'impossible';
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis)) {
    return 'impossible';
  }
  if (Notification.permission === 'denied') return 'denied';
  const subscription = await (await registered())?.pushManager.getSubscription();
  return subscription && Notification.permission === 'granted' ? 'on' : 'off';
}

/** Asks the browser and tells the server. To be called from a tap. */
export async function switchNoticesOn(port: Port): Promise<Notices> {
  const now = await noticesNow();
  if (now === 'impossible' || now === 'denied') return now;
  if ((await Notification.requestPermission()) !== 'granted') return noticesNow();
  const key = await port.ask('pushKey');
  const registration = await registered();
  if (key === null || !registration) return 'impossible';
  let subscription: PushSubscription;
  try {
    subscription = await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: fromBase64Url(key),
    });
  } catch {
    // The browser has no push service, or was built without one.
    return 'impossible';
  }
  try {
    await port.ask('pushTo', { endpoint: subscription.endpoint });
  } catch (error) {
    await subscription.unsubscribe();
    throw error;
  }
  return 'on';
}

export async function switchNoticesOff(port: Port): Promise<Notices> {
  await forgetNotices();
  await port.ask('pushTo', { endpoint: null });
  return noticesNow();
}

/** Browsers renew addresses by themselves; to be called when the app has opened and is online. */
export async function renewNotices(port: Port): Promise<void> {
  if ((await noticesNow()) !== 'on') return;
  const subscription = await (await registered())?.pushManager.getSubscription();
  if (!subscription) return;
  try {
    await port.ask('pushTo', { endpoint: subscription.endpoint });
  } catch (error) {
    // The next start tries again.
    if (!(error instanceof PortError)) throw error;
  }
}

/** Ends the subscription without telling the server, whose next notice then finds nobody. */
export async function forgetNotices(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const subscription = await (await registered())?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

/** The language of notices, for when no page is open. Not a secret; it goes with signing out. */
export async function keepNoticeLanguage(language: string): Promise<void> {
  if (!mayKeep() || !('caches' in globalThis)) return;
  try {
    await (await caches.open(PREFERENCES_CACHE)).put(LANGUAGE_PATH, new Response(language));
  } catch {
    // Where the browser lets nothing be stored there are no notices either.
  }
}

async function registered(): Promise<ServiceWorkerRegistration | undefined> {
  try {
    return await navigator.serviceWorker.getRegistration();
  } catch {
    // Denied, where nothing may be kept.
    return undefined;
  }
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
