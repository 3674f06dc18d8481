/**
 * What is known of a device, in words.
 *
 * Owns guessing its kind from what it said of itself, and saying when it was used. Refuses to know where that comes from.
 * Invariant: what isn't known is not said.
 */

import type { Word } from '../i18n/catalogue';
import type { Speech } from '../i18n/speech.svelte';
import type { DeviceView } from '../core/types';

/** Undefined where its own words don't tell. */
export function kindOf(model: string): Word | undefined {
  if (/iPad|tablet/i.test(model)) return 'me.devices.tablet';
  if (/iPhone|Android|phone/i.test(model)) return 'me.devices.phone';
  if (/Mac|Windows|Linux|laptop|desktop/i.test(model)) return 'me.devices.computer';
  if (/terminal/i.test(model)) return 'me.devices.terminal';
  return undefined;
}

/** "Phone · Safari · iPhone · Since May 5, 2026 · Used last week" */
export function describe(device: DeviceView, speech: Speech): string {
  const { model, name, weeksAgo } = device;
  const kind = kindOf(model);
  const parts = [
    ...(device.this ? [speech.say('me.devices.this')] : []),
    ...(kind ? [speech.sayLoosely(kind, {})] : []),
    ...(model !== '' && model !== name ? [model] : []),
    speech.say('me.devices.since', { date: speech.date(device.addedAt) }),
  ];
  if (weeksAgo === 0) parts.push(speech.say('me.devices.used.now'));
  else if (weeksAgo !== null) parts.push(speech.say('me.devices.used.ago', { count: weeksAgo }));
  return parts.join(' · ');
}
