/**
 * How high the rows of a long list are, so that only those in view need to exist.
 *
 * Owns measured heights and estimates for the rest. Refuses to know what the rows are. Invariant: `offset` is the sum of
 * what stands above, measured or estimated, and `at` is its inverse.
 */

export class Heights {
  #measured: (number | undefined)[] = [];
  #sums: Float64Array = new Float64Array(1);
  /** Sums up to here are right. */
  #right = 0;
  #estimate: number;

  constructor(estimate: number) {
    this.#estimate = estimate;
  }

  get count(): number {
    return this.#measured.length;
  }

  get estimate(): number {
    return this.#estimate;
  }

  /** Rows come and go at the end. */
  resize(count: number): void {
    if (count === this.#measured.length) return;
    this.#right = Math.min(this.#right, count, this.#measured.length);
    this.#measured.length = count;
    if (this.#sums.length <= count) {
      const more = new Float64Array(count * 2 + 1);
      more.set(this.#sums);
      this.#sums = more;
    }
  }

  /** What a row turned out to be; by how much it differs from what was thought. */
  measure(index: number, height: number): number {
    if (index >= this.#measured.length) return 0;
    const before = this.#measured[index] ?? this.#estimate;
    if (this.#measured[index] === height) return 0;
    this.#measured[index] = height;
    this.#right = Math.min(this.#right, index);
    return height - before;
  }

  /** Forgets what was measured: the width has changed. */
  forget(): void {
    this.#measured = new Array<number | undefined>(this.#measured.length);
    this.#right = 0;
  }

  /** Where a row begins. */
  offset(index: number): number {
    const end = Math.min(index, this.#measured.length);
    for (; this.#right < end; this.#right++) {
      const height = this.#measured[this.#right] ?? this.#estimate;
      this.#sums[this.#right + 1] = (this.#sums[this.#right] ?? 0) + height;
    }
    return this.#sums[end] ?? 0;
  }

  get total(): number {
    return this.offset(this.count);
  }

  /** The row that covers this height. */
  at(y: number): number {
    let low = 0;
    let high = Math.max(0, this.count - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.offset(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
