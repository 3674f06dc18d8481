import { afterEach, expect, test, vi } from 'vitest';
import { noticesNow, switchNoticesOff, switchNoticesOn } from './notices';
import { ScriptedPort } from './scripted';

afterEach(() => vi.unstubAllGlobals());

function browser(permission: NotificationPermission) {
  let subscription: { endpoint: string; unsubscribe: () => Promise<boolean> } | null = null;
  const subscribe = vi.fn(async (options: PushSubscriptionOptionsInit) => {
    subscription = { endpoint: 'https://push.example/1', unsubscribe: async () => ((subscription = null), true) };
    return { ...subscription, options };
  });
  const pushManager = { getSubscription: async () => subscription, subscribe };
  vi.stubGlobal('navigator', { serviceWorker: { getRegistration: async () => ({ pushManager }) } });
  vi.stubGlobal('PushManager', class {});
  const notification = { permission, requestPermission: async () => (notification.permission = 'granted') };
  vi.stubGlobal('Notification', notification);
  return { subscribe };
}

test('where the browser cannot, nothing is asked', async () => {
  vi.stubGlobal('navigator', {});
  const port = new ScriptedPort();
  expect(await switchNoticesOn(port)).toBe('impossible');
  expect(port.asked).toEqual([]);
});

test('who has told the browser no is not asked again', async () => {
  browser('denied');
  expect(await switchNoticesOn(new ScriptedPort())).toBe('denied');
});

test('the server gets an address, and loses it again', async () => {
  const { subscribe } = browser('default');
  const port = new ScriptedPort().always('pushKey', 'AQID_-8').always('pushTo', undefined);
  expect(await switchNoticesOn(port)).toBe('on');
  expect(subscribe.mock.calls[0]?.[0].applicationServerKey).toEqual(new Uint8Array([1, 2, 3, 255, 239]));
  expect(await switchNoticesOff(port)).toBe('off');
  expect(port.asksOf('pushTo')).toEqual([{ endpoint: 'https://push.example/1' }, { endpoint: null }]);
});

test('a server that could not be told leaves no subscription behind', async () => {
  browser('granted');
  const port = new ScriptedPort().always('pushKey', 'AQID').failOnce('pushTo', 'unreachable');
  await expect(switchNoticesOn(port)).rejects.toMatchObject({ code: 'unreachable' });
  expect(await noticesNow()).toBe('off');
});

test('a server that sends no notices makes them impossible', async () => {
  browser('granted');
  expect(await switchNoticesOn(new ScriptedPort().always('pushKey', null))).toBe('impossible');
});
