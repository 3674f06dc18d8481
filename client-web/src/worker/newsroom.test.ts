import { expect, test } from 'vitest';
import type { Core } from '../core/api';
import type { News } from '../port/port';
import { Newsroom } from './newsroom';

function newsroom() {
  const told: News[] = [];
  const core = { space: (id: string) => (id === 'gone' ? null : { id }) } as unknown as Core;
  return { told, core, room: new Newsroom((news) => told.push(news)) };
}
const ids = (news: News | undefined) => (news?.kind === 'spaces' ? news.spaces.map(({ id }) => id) : []);

test('what changed before the core is idle is told once, and only that', () => {
  const { told, core, room } = newsroom();
  for (const seq of [1, 2, 3]) room.event({ kind: 'updated', space: 'a', seq });
  room.event({ kind: 'spaceAdded', space: 'b' });
  room.changed('gone');
  expect(told).toEqual([]);
  room.idle(core, false);
  room.idle(core, false);
  expect(told.map(ids)).toEqual([['a', 'b']]);
});

test('while more is coming in, a picture now and then is enough, and the last one is complete', () => {
  const { told, core, room } = newsroom();
  room.event({ kind: 'updated', space: 'a', seq: 1 });
  room.idle(core, true);
  room.event({ kind: 'updated', space: 'b', seq: 1 });
  room.idle(core, true);
  expect(told.map(ids)).toEqual([['a']]);
  room.idle(core, false);
  expect(told.map(ids)).toEqual([['a'], ['b']]);
});

test('events for people are told in their order, those for askers are not', () => {
  const { told, core, room } = newsroom();
  room.event({ kind: 'restored', messages: 3, spaces: 1 });
  room.event({ kind: 'queued', space: 'a', id: { author: 'x', record: 'y' } });
  room.event({ kind: 'invitation', id: 'i', link: 'secret' });
  room.event({ kind: 'deviceRemoved' });
  expect(told).toEqual([]);
  room.idle(core, true);
  expect(told.map(({ kind }) => kind)).toEqual(['restored', 'deviceRemoved', 'spaces']);
});
