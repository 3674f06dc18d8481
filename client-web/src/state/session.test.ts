import { describe, expect, it, vi } from 'vitest';
import { ScriptedPort } from '../port/scripted';
import { aMessage, anAccount, aSpace, aStatus, me, therapist } from './fixtures';
import { Session, therapistOf } from './session.svelte';

const own = aSpace({ id: '99', members: [me] });

describe('a session', () => {
  it('fetches what is there when it starts open, and hears what comes', async () => {
    const port = new ScriptedPort().always('status', aStatus()).always('spaces', [aSpace(), own]);
    const session = new Session();
    const stop = session.start(port);
    await vi.waitFor(() => expect(session.conversations.map((space) => space.id)).toEqual(['11']));
    port.tell({ kind: 'spaces', spaces: [aSpace({ seq: 2 })] });
    expect(session.conversations[0]?.seq).toBe(2);
    stop();
    port.tell({ kind: 'spaces', spaces: [aSpace({ seq: 3 })] });
    expect(session.conversations[0]?.seq).toBe(2);
  });

  it('says how many conversations have new locks, until all have', () => {
    const session = new Session();
    const due = (erasDue: number) =>
      session.apply({ kind: 'status', status: aStatus({ account: anAccount({ erasDue }) }) });
    due(0);
    session.apply({ kind: 'spaces', spaces: [aSpace(), own, aSpace({ id: '22', member: false })] });
    expect(session.relocking).toBeNull();
    due(2);
    expect(session.relocking).toEqual({ done: 0, all: 2 });
    due(1);
    expect(session.relocking).toEqual({ done: 1, all: 2 });
    due(0);
    expect(session.relocking).toBeNull();
  });

  it('asks for no spaces while it is locked', async () => {
    const port = new ScriptedPort().always('status', aStatus({ phase: 'locked' }));
    const session = new Session();
    session.start(port);
    await vi.waitFor(() => expect(session.status.phase).toBe('locked'));
    expect(port.asksOf('spaces')).toEqual([]);
  });

  it('asks for them when it is unlocked, and keeps none that come after it was locked again', async () => {
    const port = new ScriptedPort().always('status', aStatus({ phase: 'locked' }));
    const session = new Session();
    session.start(port);
    await vi.waitFor(() => expect(session.status.phase).toBe('locked'));
    const held = port.hold('spaces');
    port.tell({ kind: 'status', status: aStatus() });
    port.tell({ kind: 'status', status: aStatus({ phase: 'locked' }) });
    held.answer([aSpace()]);
    await Promise.resolve();
    await Promise.resolve();
    expect(session.spaces.size).toBe(0);
    port.always('spaces', [aSpace()]).tell({ kind: 'status', status: aStatus() });
    await vi.waitFor(() => expect(session.conversations.length).toBe(1));
  });

  it('forgets everything readable when it is locked or signed out', () => {
    for (const phase of ['locked', 'blank', 'broken'] as const) {
      const session = new Session();
      session.apply({ kind: 'status', status: aStatus() });
      session.apply({ kind: 'spaces', spaces: [aSpace(), own] });
      session.apply({ kind: 'restored', messages: 214, spaces: 1 });
      session.apply({ kind: 'alarm', space: '11', alarm: { kind: 'forked' } });
      session.apply({ kind: 'status', status: aStatus({ phase }) });
      expect(session.spaces.size).toBe(0);
      expect(session.conversations).toEqual([]);
      expect(session.own).toBeNull();
      expect(session.restored).toBeNull();
      expect(session.told).toEqual([]);
    }
  });

  it('puts the conversation that moved last first, waiting messages included', () => {
    const session = new Session();
    const stored = aSpace({ id: '11', last: aMessage({ storedAt: 50 }) });
    const waiting = aSpace({ id: '22', last: aMessage({ seq: null, storedAt: null, sentAt: 60 }) });
    const fresh = aSpace({ id: '33', eraAt: 55 });
    session.apply({ kind: 'spaces', spaces: [stored, fresh, waiting] });
    expect(session.conversations.map((space) => space.id)).toEqual(['22', '33', '11']);
  });

  it('finds its own space, or founds it once', async () => {
    const port = new ScriptedPort().always('ownSpace', '99');
    const session = new Session();
    session.apply({ kind: 'spaces', spaces: [aSpace()] });
    expect(session.own).toBeNull();
    expect(await session.ensureOwn(port)).toBe('99');
    expect(await session.ensureOwn(port)).toBe('99');
    expect(port.asksOf('ownSpace').length).toBe(1);
    session.apply({ kind: 'spaces', spaces: [own] });
    expect(session.own?.id).toBe('99');
  });

  it('tells of changed readers until that is put away, and of nothing when an era only aged', () => {
    const session = new Session();
    session.apply({ kind: 'eraBegan', space: '11', by: 'bb', added: [], removed: [] });
    expect(session.told).toEqual([]);
    session.apply({ kind: 'eraBegan', space: '11', by: 'bb', added: ['cc'], removed: [] });
    const [told] = session.told;
    expect(told).toMatchObject({ kind: 'readers', added: ['cc'] });
    if (told) session.putAway(told);
    expect(session.told).toEqual([]);
  });

  it('is offline when the engine or the browser says so', () => {
    const session = new Session();
    session.apply({ kind: 'status', status: aStatus() });
    expect(session.online).toBe(true);
    session.cutOff = true;
    expect(session.online).toBe(false);
    session.cutOff = false;
    session.apply({ kind: 'status', status: aStatus({ online: false }) });
    expect(session.online).toBe(false);
  });

  it('trusts a connection that was made after the browser had said that there is no network', () => {
    const session = new Session();
    session.cutOff = true;
    session.apply({ kind: 'status', status: aStatus({ online: false }) });
    expect(session.online).toBe(false);
    session.apply({ kind: 'status', status: aStatus() });
    expect(session.online).toBe(true);
    // What stood before counts for nothing.
    session.cutOff = true;
    session.apply({ kind: 'status', status: aStatus({ restored: false }) });
    expect(session.online).toBe(false);
  });

  it('says how much of everything is here, until it is', () => {
    const session = new Session();
    session.apply({ kind: 'status', status: aStatus({ restored: false }) });
    expect(session.coming).toBeNull();
    const spaces = [aSpace({ verified: 12, told: 5000 }), aSpace({ id: 'another', verified: 100, told: 100 })];
    session.apply({ kind: 'spaces', spaces });
    expect(session.coming).toEqual({ done: 112, all: 5100 });
    session.apply({ kind: 'status', status: aStatus() });
    expect(session.coming).toBeNull();
  });

  it('knows the therapist of a space', () => {
    expect(therapistOf(aSpace())).toBe(therapist);
    const owner = { ...therapist, account: 'cc', role: 'owner' as const };
    expect(therapistOf(aSpace({ members: [me, owner, therapist] }))).toBe(therapist);
    expect(therapistOf(aSpace({ members: [me] }))).toBeNull();
  });
});
