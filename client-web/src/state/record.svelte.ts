/**
 * A file with somebody's record, being made.
 *
 * Owns asking for its pieces one after the other, how far that is, and stopping. Refuses to know where the file is put.
 * Invariant: what was stopped or failed leaves nothing behind.
 */

import type { ExportWanted } from '../core/types';
import type { Port } from '../port/port';
import { Asking } from './asking.svelte';

const TYPE = 'text/html;charset=utf-8';

export class RecordFile {
  readonly asking = new Asking();
  /** How much is made, 0 to 1; null while nothing is being made. */
  progress: number | null = $state(null);
  #stopped = false;

  constructor(private readonly port: Port) {}

  /** The file; null when it was stopped, or failed as `asking` says. */
  async make(wanted: ExportWanted, password: string): Promise<Blob | null> {
    let file: Blob | null = null;
    await this.asking.run(async () => {
      this.#stopped = false;
      this.progress = 0;
      try {
        const { export: number } = await this.port.ask('exportBegin', { wanted, password });
        file = await this.#pieces(number);
      } finally {
        this.progress = null;
      }
    });
    return file;
  }

  /** Nothing more is asked for. */
  stop(): void {
    this.#stopped = true;
  }

  async #pieces(number: number): Promise<Blob | null> {
    // Each piece becomes the browser's, which need not keep it in memory.
    const pieces: Blob[] = [];
    for (;;) {
      if (this.#stopped) {
        await this.port.ask('exportStop', { export: number });
        return null;
      }
      const { piece, done, of, last } = await this.port.ask('exportMore', { export: number });
      pieces.push(new Blob([piece]));
      this.progress = of === 0 ? 1 : done / of;
      if (last) return new Blob(pieces, { type: TYPE });
    }
  }
}

/** What the file is called: nobody's name, for whoever looks over a shoulder at a list of downloads. */
export function recordName(now: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  return `record-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.html`;
}

/** The moment at which a day begins here, and the one at which it is over; null when none is said. */
export function dayBegins(day: string): number | null {
  const at = new Date(`${day}T00:00`).getTime();
  return Number.isNaN(at) ? null : Math.max(at, 0);
}

export function dayEnds(day: string): number | null {
  const begins = dayBegins(day);
  if (begins === null) return null;
  const next = new Date(begins);
  next.setDate(next.getDate() + 1);
  return next.getTime();
}
