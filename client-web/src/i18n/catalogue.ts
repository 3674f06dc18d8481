/**
 * Every string that a person reads, in every language.
 *
 * Owns no logic. A part of the app has a file under `words/`; here they become one. Invariant (catalogue.test.ts): no
 * entry lacks a language, placeholders are the same in each, and the words that product.md rules out don't occur.
 */

import { client } from './words/client';
import { common } from './words/common';
import { conversation } from './words/conversation';
import { entry } from './words/entry';
import { errors } from './words/errors';
import { help } from './words/help';
import { owner } from './words/owner';
import { record } from './words/record';
import { therapist } from './words/therapist';
import { ways } from './words/ways';

export const catalogue = {
  ...common,
  ...errors,
  ...entry,
  ...conversation,
  ...client,
  ...therapist,
  ...owner,
  ...help,
  ...record,
  ...ways,
} as const;

export type Catalogue = typeof catalogue;
export type Word = keyof Catalogue;
