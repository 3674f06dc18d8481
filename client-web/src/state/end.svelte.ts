/**
 * Whether a reader stays at the end of a list that grows.
 *
 * Owns telling the reader's own scrolling from what the list does under her. Refuses to know the list. Invariant: only
 * she leaves the end; a list that has grown since it was put there hasn't moved her.
 */

/** As near to the end as counts as being there. */
const nearEnd = 64;

export class End {
  here: boolean = $state(true);
  #put = 0;

  /** The list was scrolled to its end by the page; `top` is where that is. */
  put(top: number): void {
    this.here = true;
    this.#put = top;
  }

  /** The page goes elsewhere. */
  leave(): void {
    this.here = false;
  }

  /** The browser says that the list was scrolled; by whom, it doesn't say, and it says it later. */
  scrolled(top: number, height: number, view: number): void {
    if (height - top - view < nearEnd) this.put(top);
    else if (top < this.#put) this.here = false;
  }
}
