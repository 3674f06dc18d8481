/**
 * The service worker: the app without a network, and notices without a page.
 *
 * Owns the cache of the app's own files. Refuses to know anything that people write: it never sees `/v1/`. Invariants:
 * one version of the app is served as a whole; a newer one waits until no page of the older one is left, or the person
 * reloads its only page; a notice says the same words whatever has come.
 */

import { LANGUAGE_PATH, PREFERENCES_CACHE, SHELL_PREFIX, TAKE_OVER } from './names';

/** Put in by the build: the files of this version, and a hash over all of them. */
declare const __SHELL__: readonly string[];
declare const __VERSION__: string;

interface Extendable extends Event {
  waitUntil(until: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Clicked extends Extendable {
  notification: Notification;
}
interface Window extends Client {
  focus(): Promise<unknown>;
}
interface Client {
  url: string;
}
/** Of `ServiceWorkerGlobalScope`, whose types do not go together with those of a page. */
interface Scope {
  registration: ServiceWorkerRegistration;
  clients: {
    matchAll(options: { type: 'window'; includeUncontrolled?: boolean }): Promise<Window[]>;
    openWindow(url: string): Promise<unknown>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate' | 'push', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent & Extendable) => void): void;
  addEventListener(type: 'notificationclick', listener: (event: Clicked) => void): void;
}
const scope = globalThis as unknown as Scope;

const CACHE = SHELL_PREFIX + __VERSION__;
const FILES = new Set(__SHELL__);
/** Files that the build names by their content; see `transport/web.rs`. */
const LASTING = '/assets/';
/** Every address of the app is this page. */
const PAGE = '/';

/** All that a notice ever says. */
const WORDS: Record<string, string> = { en: 'You have something new', es: 'Tienes algo nuevo' };

scope.addEventListener('install', (event) => event.waitUntil(install()));
scope.addEventListener('activate', (event) => event.waitUntil(activate()));
scope.addEventListener('push', (event) => event.waitUntil(notify()));
scope.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(show());
});
scope.addEventListener('message', (event) => {
  if (event.data === TAKE_OVER) event.waitUntil(takeOver(event.ports[0]));
});
scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin || pathname.startsWith('/v1/')) return;
  if (FILES.has(pathname)) event.respondWith(file(pathname, request));
  else if (request.mode === 'navigate') event.respondWith(file(PAGE, request));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache, which may hold an older page. What is named by its content can't be older, and has just
  // been fetched for the page itself: on a slow line it isn't fetched again.
  const how = (path: string) => ({ cache: path.startsWith(LASTING) ? 'default' : 'no-cache' }) as const;
  await cache.addAll([...FILES].map((path) => new Request(path, how(path))));
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(SHELL_PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // So that the first visit works offline already.
  await scope.clients.claim();
}

async function file(path: string, request: Request): Promise<Response> {
  // Not opened, which would make it anew after everything was removed.
  const kept = await caches.match(path, { cacheName: CACHE });
  return kept ?? fetch(request);
}

async function takeOver(answer: MessagePort | undefined): Promise<void> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const alone = pages.length <= 1;
  answer?.postMessage(alone);
  if (alone) await scope.skipWaiting();
}

async function notify(): Promise<void> {
  // Not opened, which would make it anew after she has signed out.
  const kept = await caches.match(LANGUAGE_PATH, { cacheName: PREFERENCES_CACHE });
  const language = (await kept?.text()) ?? navigator.language.slice(0, 2);
  await scope.registration.showNotification(WORDS[language] ?? WORDS['en'] ?? '', {
    tag: 'new',
    icon: '/icon-192.png',
    badge: '/badge.png',
  });
}

async function show(): Promise<void> {
  const [page] = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
  await (page ? page.focus() : scope.clients.openWindow(PAGE));
}
