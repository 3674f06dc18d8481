/**
 * The key under which the core seals its rows, wrapped while this browser is unlocked.
 *
 * Owns the wrapping by Web Crypto. Refuses to know passwords; the core seals the key under those. Invariant: the
 * wrapping key cannot be read out by any script, ours included.
 */

import type { WrappedKey } from './rows';

const KEY_BYTES = 32;
const IV_BYTES = 12;

export function generateStorageKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

/** 32 fresh random bytes. */
export function seed(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

export async function wrap(storageKey: Uint8Array<ArrayBuffer>): Promise<WrappedKey> {
  const by = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  // A key of its own for each wrapping, so no nonce ever meets the same key twice.
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  return { by, iv, wrapped: new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, by, storageKey)) };
}

/** Undefined when it does not open: the browser has lost one half of it. */
export async function unwrap({ by, iv, wrapped }: WrappedKey): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, by, wrapped));
  } catch {
    return undefined;
  }
}
