/**
 * A port without an engine, for tests and for drawing the app.
 *
 * Owns canned answers and the list of what was asked. Refuses to know what the answers mean. Invariant: an ask for
 * which nothing was scripted fails at once and by name, so that a test never passes because nobody looked.
 */

import { PortError, type Asks, type AskKind, type News, type Port } from './port';

type Answer<K extends AskKind> = Asks[K]['answer'];
type Ask<K extends AskKind> = Asks[K]['ask'];
type Script<K extends AskKind> = (ask: Ask<K>) => Answer<K> | Promise<Answer<K>>;

/** Kept by kind, which is what its types hang on: `on` and `once` let nothing else in. */
type AnyScript = (ask: unknown) => unknown;

/** What was asked, in order. */
export type Asked = { [K in AskKind]: { kind: K; ask: Ask<K> } }[AskKind];

/** An ask that is answered when the test says so. */
export interface Held<K extends AskKind> {
  answer(answer: Answer<K>): void;
  fail(code: string, detail?: PortError['detail']): void;
}

export class ScriptedPort implements Port {
  readonly asked: Asked[] = [];
  readonly #always = new Map<AskKind, AnyScript>();
  readonly #once = new Map<AskKind, AnyScript[]>();
  readonly #listeners = new Set<(news: News) => void>();

  /** Answers every ask of this kind that nothing else was scripted for. */
  on<K extends AskKind>(kind: K, script: Script<K>): this {
    this.#always.set(kind, script as AnyScript);
    return this;
  }

  /** Answers the next ask of this kind; several are used up in order. */
  once<K extends AskKind>(kind: K, script: Script<K>): this {
    this.#once.set(kind, [...(this.#once.get(kind) ?? []), script as AnyScript]);
    return this;
  }

  /** Every ask of this kind gets this. */
  always<K extends AskKind>(kind: K, answer: Answer<K>): this {
    return this.on(kind, () => answer);
  }

  /** The next ask of this kind fails. */
  failOnce(kind: AskKind, code: string, detail: PortError['detail'] = {}): this {
    return this.once(kind, () => Promise.reject(new PortError(code, detail)));
  }

  /** The next ask of this kind waits until the test answers it. */
  hold<K extends AskKind>(kind: K): Held<K> {
    let settle: { resolve(answer: Answer<K>): void; reject(reason: unknown): void } | undefined;
    const held = new Promise<Answer<K>>((resolve, reject) => (settle = { resolve, reject }));
    // A held ask that the test fails before it was asked must not count as an unhandled rejection.
    held.catch(() => undefined);
    this.once(kind, () => held);
    return {
      answer: (answer) => settle?.resolve(answer),
      fail: (code, detail = {}) => settle?.reject(new PortError(code, detail)),
    };
  }

  /** Tells everybody who listens. */
  tell(...news: News[]): void {
    for (const one of news) for (const hear of [...this.#listeners]) hear(one);
  }

  /** What was asked of this kind, in order. */
  asksOf<K extends AskKind>(kind: K): Ask<K>[] {
    return this.asked.filter((asked): asked is Extract<Asked, { kind: K }> => asked.kind === kind).map((a) => a.ask);
  }

  async ask<K extends AskKind>(
    kind: K,
    ...ask: Asks[K]['ask'] extends void ? [] : [Asks[K]['ask']]
  ): Promise<Asks[K]['answer']> {
    const given = ask[0] as Ask<K>;
    this.asked.push({ kind, ask: given } as Asked);
    const script = this.#once.get(kind)?.shift() ?? this.#always.get(kind);
    if (!script) throw new Error(`nothing was scripted for the ask "${kind}"`);
    return script(given) as Answer<K> | Promise<Answer<K>>;
  }

  left = false;

  async leave(): Promise<void> {
    this.left = true;
  }

  listen(hear: (news: News) => void): () => void {
    // An own function each time, so that the same listener twice is heard twice and stopped once.
    const listener = (news: News) => hear(news);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
