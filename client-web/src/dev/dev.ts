/**
 * The app with invented people and no server: `npx vite --host 127.0.0.1`, then /dev.html?as=client.
 *
 * For drawing screens and looking at them. Not part of the build: only dev.html leads here.
 * `as`: blank, setup, join, demo, recover, locked, broken, client, therapist, owner, practice (owner and therapist).
 * `with`: offline, empty, many, away, consent, alarm, unconfirmed, full, update, error, restored, unread, slow, late,
 * spent, forty, sheet, renewed, relocking, removed (comma-separated).
 */

import { readArrival, withoutSecret, type Arrival } from '../state/route';
import { start } from '../start';
import { DevPort, type As, type With } from './port';

const query = new URLSearchParams(location.search);
const as = (query.get('as') ?? 'client') as As;
const withs = (query.get('with') ?? '').split(',') as With[];

const arrivals: Partial<Record<As, Arrival>> = {
  setup: { kind: 'setup', link: 'https://practice.example/setup#x' },
  join: { kind: 'join', link: 'https://practice.example/join#x' },
  spent: { kind: 'spent' },
  recover: {
    kind: 'recover',
    handle: 'noor',
    words: 'dubimal kahofin lizatog sovubal pogunad hivobir mudafon natilup',
  },
  demo: { kind: 'demo', handle: 'noor', password: 'x' },
};

const target = document.getElementById('app');
if (target)
  start(new DevPort(as, withs), arrivals[as] ?? readArrival(location.origin + withoutSecret(location.href)), target);
