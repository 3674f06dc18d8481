/**
 * What goes wrong below the port, and what it is called above.
 *
 * Owns telling a refusal from a disaster. Refuses to know words for people. Invariant: whatever is neither a refusal
 * of the core nor a named trouble of the disk is a crash; nothing unknown is taken for harmless.
 */

import type { CoreError } from '../core/api';
import { PortError } from '../port/port';
import type { Outcome } from './messages';

/** `full`: no room. `fenced`: another worker leads now. `blocked`: the browser does not let us store. `lost`: the rest. */
export type Trouble = 'full' | 'fenced' | 'blocked' | 'lost';

/** The disk did not do what it was asked; nothing of it was stored. */
export class DiskError extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
    this.name = 'DiskError';
  }
}

/** An engine ended before it answered; the next one will. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/** What the core refused, or undefined for anything else, such as a trap, after which the core must not be used. */
export function refusalOf(thrown: unknown): PortError | undefined {
  if (thrown instanceof PortError) return thrown;
  if (typeof thrown !== 'object' || thrown === null || thrown instanceof WebAssembly.RuntimeError) return undefined;
  const { code, what, max } = thrown as Partial<CoreError>;
  if (typeof code !== 'string') return undefined;
  return new PortError(code, {
    ...(typeof what === 'string' ? { what } : {}),
    ...(typeof max === 'number' ? { max } : {}),
  });
}

/** The code of what the core or the engine refused. */
export function codeOf(thrown: unknown): string | undefined {
  return refusalOf(thrown)?.code;
}

/** What an asker is told when her ask ends with this. */
export function outcomeOf(thrown: unknown): Outcome {
  const refusal = refusalOf(thrown);
  if (refusal) return { ok: false, code: refusal.code, detail: refusal.detail };
  if (thrown instanceof DiskError && thrown.trouble === 'full') return { ok: false, code: 'storage_full', detail: {} };
  return { ok: false, code: 'crashed', detail: {} };
}
