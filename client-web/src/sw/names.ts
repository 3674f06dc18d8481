/**
 * Names that page, worker and service worker share.
 *
 * Owns the names. Invariant: whatever is kept under `PREFERENCES_CACHE` is no secret, and goes with signing out.
 */

/** Every cache of ours begins with this. */
export const OURS = 'sotto-';
/** What the service worker has to know when no page is open: the language of its notices. */
export const PREFERENCES_CACHE = 'sotto-preferences';
/** Caches of the app itself begin with this; a version follows. */
export const SHELL_PREFIX = 'sotto-shell-';
/** The entry of `PREFERENCES_CACHE` that holds the language as plain text. */
export const LANGUAGE_PATH = '/.preferences/language';
/** A page says this to a waiting service worker when the person reloads. */
export const TAKE_OVER = 'take-over';
