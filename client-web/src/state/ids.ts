/** Names for what is written, chosen once per thing, so that writing it again writes it once. */

import type { RecordId } from '../core/types';

/** 16 random bytes, hex. */
export function newRecordId(): RecordId {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
