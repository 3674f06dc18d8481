import { describe, expect, it } from 'vitest';
import type { SpaceView } from '../core/types';
import { ScriptedPort } from '../port/scripted';
import { Clock } from './clock.svelte';
import { me, message, ownSpace, setting, space } from './careFixtures';
import { anAccount, aStatus } from './fixtures';
import { OwnSetting } from './own.svelte';
import { Publisher } from './publisher.svelte';
import { Session } from './session.svelte';
import { parsePhrases, parseToday, writePhrases } from './settings';
import { Today } from './today.svelte';

const now = Date.UTC(2026, 4, 13, 16);
const status = aStatus({ account: anAccount({ account: me, handle: 'elena', role: 'therapist', name: 'Elena' }) });

function open(...spaces: SpaceView[]) {
  const session = new Session();
  session.apply({ kind: 'status', status });
  session.apply({ kind: 'spaces', spaces });
  const port = new ScriptedPort()
    .on('write', ({ id }) => ({ author: me, record: id }))
    .on('spaces', () => [...session.spaces.values()])
    .always('markRead', undefined)
    .always('sync', undefined);
  return { session, port };
}
const settingsWritten = (port: ScriptedPort) =>
  port
    .asksOf('write')
    .flatMap(({ space: id, draft }) => (draft.kind === 'setting' ? [[id.slice(0, 2), draft.value]] : []));

describe('a setting of one’s own', () => {
  const phrases = (session: Session, port: ScriptedPort) =>
    new OwnSetting<string[]>(port, session, { name: 'phrases', parse: parsePhrases, write: writePhrases, none: [] });

  it('builds the second change on the first, before the engine has told it back', async () => {
    const { session, port } = open(ownSpace([setting('phrases', writePhrases(['a']))]));
    const own = phrases(session, port);
    expect(await own.change((before) => [...before, 'b'])).toBe(true);
    expect(await own.change((before) => [...before, 'c'])).toBe(true);
    expect(own.value).toEqual(['a', 'b', 'c']);
    // What another device wrote since is newer than what was written here.
    session.apply({ kind: 'spaces', spaces: [ownSpace([setting('phrases', writePhrases(['z']))])] });
    expect(own.value).toEqual(['z']);
  });

  it('keeps what was there when the change could not be stored', async () => {
    const { session, port } = open(ownSpace([setting('phrases', writePhrases(['a']))]));
    port.failOnce('write', 'storage_full');
    const own = phrases(session, port);
    expect(await own.change(() => [])).toBe(false);
    expect([own.value, own.asking.code]).toEqual([['a'], 'storage_full']);
  });

  it('founds the space it lies in', async () => {
    const { session, port } = open();
    port.always('ownSpace', '99'.repeat(16));
    expect(await phrases(session, port).change(() => ['a'])).toBe(true);
    expect(settingsWritten(port)).toEqual([['99', writePhrases(['a'])]]);
  });
});

describe('today', () => {
  const asked = () => space('11', [message(6), message(8)], { unanswered: 2, unread: 2 });

  it('says of every message shown that it was read, and that she was through with it', async () => {
    const { session, port } = open(asked(), ownSpace());
    const today = new Today(port, session, new Clock(now));
    const waiting = today.desk.answer[0];
    if (!waiting) throw new Error('nothing waits');
    expect(await today.acknowledge(waiting)).toBe(true);
    const drafts = port.asksOf('write').map(({ draft }) => draft);
    expect(drafts.slice(0, 2)).toEqual([
      { kind: 'acknowledge', target: message(6).id },
      { kind: 'acknowledge', target: message(8).id },
    ]);
    expect(port.asksOf('markRead')).toEqual([{ space: asked().id, seq: 8 }]);
    expect(parseToday(settingsWritten(port)[0]?.[1] ?? '')).toEqual({ done: {}, held: {}, at: { [asked().id]: now } });
  });

  it('puts away at once, and back', async () => {
    const { session, port } = open(asked(), ownSpace());
    const today = new Today(port, session, new Clock(now));
    const waiting = today.desk.answer[0];
    if (!waiting) throw new Error('nothing waits');
    expect(await today.done(waiting)).toBe(true);
    expect([today.desk.answer.length, today.desk.done.length]).toEqual([0, 1]);
    expect(await today.putBack(asked().id)).toBe(true);
    expect([today.desk.answer.length, today.desk.done.length]).toEqual([1, 0]);
  });

  it('leaves everything where it was when it could not be stored, and says where', async () => {
    const { session, port } = open(asked(), ownSpace());
    port.failOnce('write', 'storage_full');
    const today = new Today(port, session, new Clock(now));
    const waiting = today.desk.answer[0];
    if (!waiting) throw new Error('nothing waits');
    expect(await today.done(waiting)).toBe(false);
    expect(today.desk.answer.length).toBe(1);
    expect([today.asking.code, today.at]).toEqual(['storage_full', { space: asked().id, bucket: 'answer' }]);
  });

  it('keeps for the session', async () => {
    const { session, port } = open(asked(), ownSpace());
    const today = new Today(port, session, new Clock(now));
    const waiting = today.desk.answer[0];
    if (!waiting) throw new Error('nothing waits');
    await today.hold(waiting);
    expect(port.asksOf('write').map(({ draft }) => draft.kind)).toEqual(['hold', 'hold']);
  });
});

describe('publishing', () => {
  const own = ownSpace([setting('availability', 'card')]);

  it('writes once into each space, also before the engine tells it back', async () => {
    const { session, port } = open(own, space('11', []), space('22', []));
    const publisher = new Publisher(port, session);
    await publisher.publish();
    await publisher.publish();
    expect(settingsWritten(port).sort()).toEqual([
      ['11', 'card'],
      ['22', 'card'],
    ]);
  });

  it('reaches a space that comes later, and carries a change everywhere', async () => {
    const { session, port } = open(own, space('11', []));
    const publisher = new Publisher(port, session);
    await publisher.publish();
    session.apply({ kind: 'spaces', spaces: [space('33', [])] });
    await publisher.publish();
    session.apply({ kind: 'spaces', spaces: [ownSpace([setting('availability', 'new')])] });
    await publisher.publish();
    expect(settingsWritten(port)).toEqual([
      ['11', 'card'],
      ['33', 'card'],
      ['11', 'new'],
      ['33', 'new'],
    ]);
  });

  it('fetches everything first, so that a card of another device is not written over', async () => {
    const { session, port } = open(own, space('11', []));
    const newer = [ownSpace([setting('availability', 'newer')]), space('11', [])];
    port.once('spaces', () => newer);
    const publisher = new Publisher(port, session);
    await publisher.publish();
    expect(settingsWritten(port)).toEqual([['11', 'newer']]);
    session.apply({ kind: 'spaces', spaces: [space('22', [])] });
    await publisher.publish();
    expect(port.asksOf('sync').length).toBe(1);
    session.apply({ kind: 'status', status: { ...status, online: false } });
    session.apply({ kind: 'spaces', spaces: [space('33', [])] });
    await publisher.publish();
    expect(settingsWritten(port).length).toBe(2);
    session.apply({ kind: 'status', status });
    await publisher.publish();
    expect([port.asksOf('sync').length, settingsWritten(port).at(-1)]).toEqual([2, ['33', 'newer']]);
  });

  it('waits until everything is here, and tries again what failed', async () => {
    const { session, port } = open(own, space('11', []));
    const publisher = new Publisher(port, session);
    session.apply({ kind: 'status', status: { ...status, restored: false } });
    await publisher.publish();
    expect(settingsWritten(port)).toEqual([]);
    session.apply({ kind: 'status', status });
    port.failOnce('write', 'storage_full');
    await publisher.publish();
    expect(publisher.asking.code).toBe('storage_full');
    await publisher.publish();
    expect([publisher.asking.failed, settingsWritten(port).length]).toEqual([false, 2]);
  });
});
