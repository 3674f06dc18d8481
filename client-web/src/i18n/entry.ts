/**
 * What an entry of the catalogue is, and the types that follow from it.
 *
 * Every entry has every language; what stands in braces must be given, by name, and the compiler knows the names.
 */

export const languages = ['en', 'es'] as const;
export type Language = (typeof languages)[number];

/** One sentence, or one for one thing and one for other numbers of it (chosen by `count`). */
export type Wording = string | { one: string; other: string };
export type Entry = Readonly<Record<Language, Wording>>;
export type Entries = Readonly<Record<string, Entry>>;

type NamesIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Names<W> = W extends string ? NamesIn<W> : W extends { other: infer S } ? 'count' | NamesIn<S> : never;

/** What must be given to say an entry. */
export type Given<E extends Entry> = [Names<E['en']>] extends [never]
  ? []
  : [given: { [Name in Names<E['en']>]: Name extends 'count' ? number : string }];
