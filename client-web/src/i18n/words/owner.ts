import type { Entries } from '../entry';

export const owner = {} as const satisfies Entries;
