import { expect, it } from 'vitest';
import type { DeviceView } from '../core/types';
import { Speech } from '../i18n/speech.svelte';
import { describe, kindOf } from './devices';

const device: DeviceView = {
  id: '77'.repeat(16),
  name: 'Safari · iPhone',
  model: 'Safari · iPhone',
  this: false,
  addedAt: new Date(2026, 4, 5, 12).getTime(),
  removedIn: null,
  weeksAgo: null,
};

it('guesses the kind, and says none where it cannot', () => {
  expect(kindOf('Safari · iPhone')).toBe('me.devices.phone');
  expect(kindOf('Safari · iPad')).toBe('me.devices.tablet');
  expect(kindOf('Chrome · Linux, not mine')).toBe('me.devices.computer');
  expect(kindOf('terminal')).toBe('me.devices.terminal');
  expect(kindOf('Browser')).toBeUndefined();
});

it('says when it was used by week, and nothing of what is not known', () => {
  const speech = new Speech(['en-US']);
  const said = (change: Partial<DeviceView>) => describe({ ...device, ...change }, speech);
  expect(said({})).toBe('Phone · Since May 5, 2026');
  expect(said({ this: true })).toBe('This device · Phone · Since May 5, 2026');
  expect(said({ weeksAgo: 0 })).toBe('Phone · Since May 5, 2026 · Used this week');
  expect(said({ weeksAgo: 1 })).toBe('Phone · Since May 5, 2026 · Used last week');
  expect(said({ weeksAgo: 5, name: 'My old one' })).toBe(
    'Phone · Safari · iPhone · Since May 5, 2026 · Used 5 weeks ago',
  );
});
