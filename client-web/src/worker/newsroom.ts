/**
 * Gathers what changed until it is worth telling.
 *
 * Owns the coalescing. Refuses to know who listens. Invariant: each space that changed is told once, as it is when the
 * core is idle, and soon even while records keep coming in.
 */

import type { Core, Event } from '../core/api';
import type { SpaceId } from '../core/types';
import type { News } from '../port/port';

/** While a whole history comes in, a picture now and then is enough. */
const BUSY_MS = 100;

export class Newsroom {
  readonly #changed = new Set<SpaceId>();
  readonly #events: News[] = [];
  #toldAt = 0;

  constructor(private readonly tell: (news: News) => void) {}

  changed(space: SpaceId): void {
    this.#changed.add(space);
  }

  event(event: Event): void {
    if ('space' in event && event.space !== null) this.#changed.add(event.space);
    switch (event.kind) {
      case 'restored':
      case 'alarm':
      case 'confirmed':
      case 'readersChanged':
      case 'eraBegan':
      case 'refused':
      case 'handedBack':
      case 'deviceRemoved':
      case 'factorRequired':
      case 'deviceIdle':
      case 'idleRemoved':
        this.#events.push(event);
    }
  }

  /** The core is idle; `busy` when it will be at work again at once. */
  idle(core: Core, busy: boolean): void {
    for (const news of this.#events.splice(0)) this.tell(news);
    const now = Date.now();
    if (this.#changed.size === 0 || (busy && Math.abs(now - this.#toldAt) < BUSY_MS)) return;
    const spaces = [...this.#changed].map((id) => core.space(id)).filter((space) => space !== null);
    this.#changed.clear();
    this.#toldAt = now;
    if (spaces.length > 0) this.tell({ kind: 'spaces', spaces });
  }
}
