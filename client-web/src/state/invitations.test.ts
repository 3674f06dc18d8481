import { expect, it } from 'vitest';
import type { InvitationView } from '../core/types';
import { ScriptedPort } from '../port/scripted';
import { aSpace, me } from './fixtures';
import { invitationState, sortInvitations } from './invitations';
import { Invitations } from './invitations.svelte';
import { Session } from './session.svelte';
import { parseInvitations, writeInvitations } from './settings';

const one = (change: Partial<InvitationView> = {}): InvitationView => ({
  id: '01',
  role: 'client',
  expiresAt: 1000,
  usedBy: null,
  revoked: false,
  ...change,
});

it('says how an invitation stands', () => {
  expect(invitationState(one(), 999)).toBe('open');
  expect(invitationState(one(), 1000)).toBe('expired');
  expect(invitationState(one({ revoked: true }), 999)).toBe('withdrawn');
  expect(invitationState(one({ revoked: true, usedBy: 'ab' }), 2000)).toBe('used');
});

it('puts the newest first', () => {
  const all = [one({ id: '01' }), one({ id: '02', expiresAt: 5000 }), one({ id: '00' })];
  expect(sortInvitations(all).map(({ id }) => id)).toEqual(['02', '00', '01']);
});

const id = (n: number) => n.toString(16).padStart(32, '0');

it('keeps for whom an invitation was meant in one’s own space, and asks nothing else of anybody', async () => {
  const own = aSpace({ id: '99', members: [me] });
  const session = new Session();
  session.apply({ kind: 'spaces', spaces: [own] });
  const port = new ScriptedPort()
    .on('write', ({ id: record }) => ({ author: me.account, record }))
    .always('invitations', [one({ id: id(1), expiresAt: 10 }), one({ id: id(2), expiresAt: 20 })]);
  const invitations = new Invitations(port, session);
  await invitations.fetch();
  expect(invitations.nameOf(id(1))).toBeNull();
  await invitations.keepName(id(1), '  ');
  expect(port.asksOf('write')).toEqual([]);
  await invitations.keepName(id(1), ' Wren ');
  await invitations.keepName(id(2), 'Ada');
  const last = port.asksOf('write').at(-1);
  expect(last?.space).toBe('99');
  const value = writeInvitations({ [id(1)]: 'Wren', [id(2)]: 'Ada' });
  expect(last?.draft).toEqual({ kind: 'setting', name: 'invitations', value });
  expect([invitations.nameOf(id(1)), invitations.nameOf(id(2))]).toEqual(['Wren', 'Ada']);
});

it('waits for clients only, and only as long as they can come', async () => {
  const port = new ScriptedPort().always('invitations', [
    one({ id: id(1) }),
    one({ id: id(2), role: 'therapist' }),
    one({ id: id(3), usedBy: 'ab' }),
    one({ id: id(4), revoked: true }),
  ]);
  const invitations = new Invitations(port, new Session());
  await invitations.fetch();
  expect(invitations.waiting(999).map((waiting) => waiting.id)).toEqual([id(1)]);
  expect(invitations.waiting(1000)).toEqual([]);
});

it('reads names with suspicion, and lets the oldest go', () => {
  expect(parseInvitations('nonsense')).toEqual({});
  const odd = { [id(1)]: 7, nope: 'x', [id(2)]: '  ', [id(3)]: 'a'.repeat(90) };
  expect(parseInvitations(JSON.stringify({ v: 1, names: odd }))).toEqual({ [id(3)]: 'a'.repeat(50) });
  const many = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [id(n), '名'.repeat(50)]));
  const written = writeInvitations(many);
  expect(new TextEncoder().encode(written).length).toBeLessThan(16 * 1024);
  expect(Object.keys(parseInvitations(written))).toEqual(Array.from({ length: 60 }, (_, n) => id(30 + n)));
});
