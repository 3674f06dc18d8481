import { expect, it } from 'vitest';
import type { InvitationView } from '../core/types';
import { invitationState, sortInvitations } from './invitations';

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
