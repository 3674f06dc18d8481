/**
 * One thing that is asked of the engine at a time, and how it went.
 *
 * Owns "under way" and the last error of one button or form, so that no component forgets either.
 */

import type { Speech } from '../i18n/speech.svelte';
import { codeOf, sentence } from './sentence';

export class Asking {
  busy = $state(false);
  error: unknown = $state.raw(null);

  get failed(): boolean {
    return this.error !== null;
  }

  get code(): string | null {
    return this.error === null ? null : codeOf(this.error);
  }

  say(speech: Speech): string | null {
    return this.error === null ? null : sentence(speech, this.error);
  }

  clear(): void {
    this.error = null;
  }

  /** Runs it unless something runs; whether it went well. */
  async run(ask: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await ask();
      return true;
    } catch (error) {
      this.error = error;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
