/**
 * What tabs, workers and leaders say to each other.
 *
 * Owns the shapes. Refuses to know what an ask means, but for one thing: whether it may be asked twice. Invariant:
 * everything here survives structured cloning.
 */

import type { AskKind, News, PortError } from '../port/port';
import type { Carried } from './rows';

/** An ask on its way, numbered by the tab that asks. */
export interface Asked {
  id: number;
  kind: AskKind;
  ask: unknown;
}

export type Outcome = { ok: true; answer: unknown } | { ok: false; code: string; detail: PortError['detail'] };

/** From a tab to its worker. */
export type ToWorker =
  /** First of all. `safe`: the worker has crashed too often; open nothing, but let her sign out. `carried`: see `end`. */
  | { t: 'start'; safe: boolean; carried?: Carried }
  | ({ t: 'ask' } & Asked)
  /** The tab came to the front, or the network came back. */
  | { t: 'nudge' };

/** Why a worker ended itself; its tab starts another. */
export type End = 'locked' | 'signedOut' | 'fenced' | 'again' | 'crashed';

/** From a worker to its tab. */
export type ToTab =
  /** A leader was given this ask, and may have begun. */
  | { t: 'given'; id: number }
  | { t: 'outcome'; id: number; outcome: Outcome }
  | { t: 'news'; news: News }
  /** `carried`: what only this worker had, sealed, for the next one. */
  | { t: 'end'; why: End; carried?: Carried };

/** Between workers, over the channel. `from` and `to` are workers, `leader` is the one that leads. */
export type OnChannel =
  | { t: 'hello'; from: string }
  | { t: 'lead'; leader: string }
  | { t: 'ask'; from: string; asked: Asked }
  | { t: 'outcome'; to: string; id: number; outcome: Outcome }
  | { t: 'news'; news: News }
  | { t: 'nudge' }
  | { t: 'ping'; from: string }
  | { t: 'pong'; to: string };

/**
 * Asks that a new leader must not be given when another one has been: made twice, they would be two accounts, devices
 * or invitations, or fail because the first one had succeeded. Nor of a file that the one before it was making.
 */
const ONCE: ReadonlySet<AskKind> = new Set<AskKind>([
  'setup',
  'join',
  'login',
  'recover',
  'invite',
  'removeDevice',
  'exportBegin',
  'exportMore',
  'exportStop',
  'changePassword',
  'makeSheet',
  'removeLost',
]);

export function isRepeatable(kind: AskKind): boolean {
  return !ONCE.has(kind);
}
