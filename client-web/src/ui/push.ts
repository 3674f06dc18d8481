/**
 * Notices through the browser's own push service.
 *
 * Owns permission and subscription; what a notice says belongs to the service worker. Invariant: nothing is asked of the
 * browser or its maker before the person turns notices on.
 */

export interface Notices {
  isOn(): Promise<boolean>;
  /** Where to send them; null when the person or the browser says no. `key`: the server's, base64url. */
  turnOn(key: string): Promise<string | null>;
  turnOff(): Promise<void>;
}

/** None where the browser can't: no service worker, no push (Safari outside the home screen). */
export function browserNotices(): Notices | null {
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return null;
  const registration = () => navigator.serviceWorker.getRegistration();
  return {
    async isOn() {
      return Notification.permission === 'granted' && !!(await (await registration())?.pushManager.getSubscription());
    },
    async turnOn(key) {
      if ((await Notification.requestPermission()) !== 'granted') return null;
      const found = await registration();
      if (!found) return null;
      const subscription = await found.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
      return subscription.endpoint;
    },
    async turnOff() {
      await (await (await registration())?.pushManager.getSubscription())?.unsubscribe();
    },
  };
}
