/** How an invitation stands. Owns that and the order; refuses to know words. */

import type { InvitationView } from '../core/types';

export type InvitationState = 'open' | 'used' | 'withdrawn' | 'expired';

/** Used comes first: whoever joined is here, whatever was done with the link afterwards. */
export function invitationState(one: InvitationView, now: number): InvitationState {
  if (one.usedBy !== null) return 'used';
  if (one.revoked) return 'withdrawn';
  return one.expiresAt <= now ? 'expired' : 'open';
}

/** The newest first, as far as that is known: by when they end. */
export function sortInvitations(all: readonly InvitationView[]): InvitationView[] {
  return [...all].sort((a, b) => b.expiresAt - a.expiresAt || (a.id < b.id ? -1 : 1));
}
