/**
 * What every component may reach: handed down once, at the top.
 *
 * Owns nothing. There are no singletons: a test or a fixture hands down its own.
 */

import { createContext } from 'svelte';
import type { Speech } from '../i18n/speech.svelte';
import type { Port } from '../port/port';
import type { Clock } from '../state/clock.svelte';
import type { Session } from '../state/session.svelte';
import type { Navigation } from './navigation.svelte';
import type { Browser } from './browser';
import type { Exit } from './exit.svelte';

export interface App {
  port: Port;
  session: Session;
  speech: Speech;
  navigation: Navigation;
  clock: Clock;
  browser: Browser;
  exit: Exit;
}

export const [getApp, setApp] = createContext<App>();
