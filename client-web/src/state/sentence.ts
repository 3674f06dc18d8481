/**
 * From what went wrong to a sentence that says what happened and what to do.
 *
 * Owns the mapping from `PortError.code` to the catalogue. Invariant: there is always a sentence, and it never holds
 * anything but what the catalogue says.
 */

import { catalogue, type Word } from '../i18n/catalogue';
import type { Speech } from '../i18n/speech.svelte';
import { PortError } from '../port/port';

export function codeOf(error: unknown): string {
  return error instanceof PortError ? error.code : 'unknown';
}

export function sentence(speech: Speech, error: unknown): string {
  const word = `error.${codeOf(error)}`;
  const known = Object.hasOwn(catalogue, word) ? (word as Word) : 'error.unknown';
  const { retryAfterMs, max = 0 } = error instanceof PortError ? error.detail : {};
  const place = `place.nth.${max}`;
  const nth = Object.hasOwn(catalogue, place) ? speech.sayLoosely(place as Word, {}) : String(max);
  return speech.sayLoosely(known, { wait: speech.wait(retryAfterMs ?? 60_000), nth, count: max });
}

/** For a code that came as news, not as an error. */
export function sentenceOf(speech: Speech, code: string): string {
  return sentence(speech, new PortError(code));
}
