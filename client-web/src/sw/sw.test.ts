import { beforeEach, expect, test, vi } from 'vitest';
import { LANGUAGE_PATH, PREFERENCES_CACHE, TAKE_OVER } from './names';

const HERE = 'https://here.example';
const listeners = new Map<string, (event: unknown) => void>();
const stores = new Map<string, Map<string, string>>();
/** How each file was asked for. */
const asked = new Map<string, RequestCache | undefined>();
let pages: { focus: () => void }[] = [];
const shown: [string, NotificationOptions][] = [];
const skipWaiting = vi.fn(async () => undefined);
const openWindow = vi.fn(async () => undefined);

function store(name: string): Map<string, string> {
  const known = stores.get(name) ?? new Map<string, string>();
  stores.set(name, known);
  return known;
}
const answer = (text: string | undefined) => (text === undefined ? undefined : new Response(text));

beforeEach(async () => {
  for (const map of [listeners, stores, asked]) map.clear();
  pages = [];
  shown.length = 0;
  skipWaiting.mockClear();
  openWindow.mockClear();
  vi.resetModules();
  vi.stubGlobal('__SHELL__', ['/', '/assets/app-1.js']);
  vi.stubGlobal('__VERSION__', 'v2');
  vi.stubGlobal('location', { origin: HERE });
  vi.stubGlobal('navigator', { language: 'en-US' });
  vi.stubGlobal('addEventListener', (type: string, listener: (event: unknown) => void) =>
    listeners.set(type, listener),
  );
  vi.stubGlobal(
    'Request',
    class {
      readonly cache: RequestCache | undefined;
      constructor(
        readonly url: string,
        init?: RequestInit,
      ) {
        this.cache = init?.cache;
      }
    },
  );
  vi.stubGlobal('caches', {
    open: async (name: string) => ({
      addAll: async (files: Request[]) =>
        files.forEach(({ url, cache }) => {
          store(name).set(url, `kept ${url}`);
          asked.set(url, cache);
        }),
      match: async (path: string) => answer(store(name).get(path)),
    }),
    match: async (path: string, { cacheName }: { cacheName: string }) => answer(stores.get(cacheName)?.get(path)),
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  });
  vi.stubGlobal('clients', { matchAll: async () => pages, openWindow, claim: async () => undefined });
  vi.stubGlobal('registration', {
    showNotification: async (title: string, options: NotificationOptions) => shown.push([title, options]),
  });
  vi.stubGlobal('skipWaiting', skipWaiting);
  vi.stubGlobal('fetch', async () => new Response('from the network'));
  await import('./sw');
});

async function happen(type: string, event: object = {}): Promise<void> {
  let until: Promise<unknown> = Promise.resolve();
  listeners.get(type)?.({ ...event, waitUntil: (given: Promise<unknown>) => (until = given) });
  await until;
}

/** What is served; undefined when the browser goes to the network by itself. */
async function ask(path: string, { mode = 'no-cors', method = 'GET' } = {}): Promise<string | undefined> {
  let served: Promise<Response> | undefined;
  const url = path.startsWith('https:') ? path : HERE + path;
  listeners.get('fetch')?.({
    request: { url, mode, method },
    respondWith: (response: Promise<Response>) => (served = response),
  });
  return (await served)?.text();
}

test('every address of the app is the page that is kept, and its files are', async () => {
  await happen('install');
  expect(await ask('/', { mode: 'navigate' })).toBe('kept /');
  expect(await ask('/join', { mode: 'navigate' })).toBe('kept /');
  expect(await ask('/assets/app-1.js')).toBe('kept /assets/app-1.js');
  expect(skipWaiting).not.toHaveBeenCalled();
});

test('what the page has just fetched is not fetched again, and the page itself always is', async () => {
  await happen('install');
  expect([...asked]).toEqual([
    ['/', 'no-cache'],
    ['/assets/app-1.js', 'default'],
  ]);
});

test('what people write is never touched, and nobody else is asked', async () => {
  await happen('install');
  expect(await ask('/v1/account', { method: 'POST' })).toBeUndefined();
  expect(await ask('/v1/health')).toBeUndefined();
  expect(await ask('/v1/health', { mode: 'navigate' })).toBeUndefined();
  expect(await ask('/assets/other.js')).toBeUndefined();
  expect(await ask('https://elsewhere.example/', { mode: 'navigate' })).toBeUndefined();
});

test('a cache that the browser has thrown away is replaced by the network', async () => {
  expect(await ask('/', { mode: 'navigate' })).toBe('from the network');
});

test('beginning, it removes older versions and nothing else', async () => {
  store('sotto-shell-v1');
  store('sotto-preferences');
  await happen('install');
  await happen('activate');
  expect([...stores.keys()].sort()).toEqual(['sotto-preferences', 'sotto-shell-v2']);
});

test('it takes over only from a page that is alone', async () => {
  const said: unknown[] = [];
  const ports = [{ postMessage: (message: unknown) => said.push(message) }];
  pages = [{ focus: vi.fn() }, { focus: vi.fn() }];
  await happen('message', { data: TAKE_OVER, ports });
  expect(skipWaiting).not.toHaveBeenCalled();
  pages.pop();
  await happen('message', { data: TAKE_OVER, ports });
  expect(skipWaiting).toHaveBeenCalledOnce();
  expect(said).toEqual([false, true]);
});

test('a notice says the same words whatever has come', async () => {
  await happen('push', { data: { text: () => 'a secret' } });
  store(PREFERENCES_CACHE).set(LANGUAGE_PATH, 'es');
  await happen('push');
  expect(shown.map(([title]) => title)).toEqual(['You have something new', 'Tienes algo nuevo']);
  expect(shown.every(([, options]) => options.tag === 'new' && options.body === undefined)).toBe(true);
});

test('asking for the language leaves no trace', async () => {
  await happen('push');
  expect([...stores.keys()]).toEqual([]);
});

test('touching a notice brings the page to the front, or opens it', async () => {
  const notification = { close: vi.fn() };
  await happen('notificationclick', { notification });
  expect(openWindow).toHaveBeenCalledWith('/');
  pages = [{ focus: vi.fn() }];
  await happen('notificationclick', { notification });
  expect(pages[0]?.focus).toHaveBeenCalledOnce();
  expect(openWindow).toHaveBeenCalledOnce();
});
