/**
 * Puts the app into the page.
 *
 * Owns what exists once per page and is handed down: session, speech, navigation, clock. Refuses to know which port.
 */

import { mount, unmount } from 'svelte';
import { Speech } from './i18n/speech.svelte';
import type { Port } from './port/port';
import { keepNothing, mayKeep } from './port/traces';
import { Clock } from './state/clock.svelte';
import { onThisMachine } from './state/network';
import type { Arrival } from './state/route';
import { Session } from './state/session.svelte';
import './styles/index.css';
import App from './ui/App.svelte';
import { keptLanguage, thisBrowser } from './ui/browser';
import { Exit } from './ui/exit.svelte';
import { Navigation } from './ui/navigation.svelte';

const minuteMs = 60_000;

export function start(port: Port, arrival: Arrival, target: HTMLElement): void {
  const session = new Session();
  const speech = new Speech(navigator.languages, keptLanguage());
  const navigation = new Navigation();
  const clock = new Clock(Date.now());
  navigation.start();
  session.start(port);
  setInterval(() => (clock.now = Date.now()), minuteMs / 2);
  tellTouches(port, session);
  tellNetwork(session);
  const exit = new Exit({
    port,
    language: () => speech.language,
    title: () => speech.say('exit.title'),
    depth: () => navigation.depth,
    sweep: async () => {
      if (!mayKeep()) await keepNothing();
    },
    clear: () => {
      void unmount(page);
      session.forget();
    },
  });
  const app = { port, session, speech, navigation, clock, exit, browser: thisBrowser() };
  target.replaceChildren();
  const page = mount(App, { target, props: { app, arrival } });
}

/** "No network" is reliable where browsers say it; "network" isn't, so that is left to the engine. */
function tellNetwork(session: Session): void {
  const look = () => (session.cutOff = !navigator.onLine && !onThisMachine(location.hostname));
  for (const kind of ['online', 'offline']) addEventListener(kind, look);
  look();
}

/** The engine locks after a while without a touch, so it is told of them; it makes few of many. */
function tellTouches(port: Port, session: Session): void {
  const touched = () => {
    // Nobody waits for it; the next touch tells it again.
    if (session.status.phase === 'open') port.ask('active').catch(() => undefined);
  };
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchmove', 'focus']) {
    addEventListener(kind, touched, { capture: true, passive: true });
  }
}
