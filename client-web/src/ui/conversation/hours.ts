/** Hours in words: "Mon–Thu 9 AM – 5 PM". */

import type { Speech } from '../../i18n/speech.svelte';
import { stretches } from '../../state/availability';
import type { Hours } from '../../state/settings';

export function hoursInWords(speech: Speech, hours: readonly Hours[]): string {
  return speech.list(
    stretches(hours).map(({ firstDay, lastDay, from, to }) => {
      const days =
        firstDay === lastDay
          ? speech.dayOfWeek(firstDay)
          : `${speech.dayOfWeek(firstDay)}${lastDay === firstDay + 1 ? ', ' : '–'}${speech.dayOfWeek(lastDay)}`;
      // One piece: a line never ends within it.
      return `${days} ${speech.hours(from, to)}`.replaceAll(/\s/g, '\u00a0').replaceAll('–', '\u2060–\u2060');
    }),
  );
}
