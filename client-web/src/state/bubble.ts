/**
 * What is said under a message.
 *
 * Owns which of the states a message shows, one at most. Refuses to know words. Invariant: "has read this" is said only
 * of a deliberate tap by somebody else.
 */

import type { MessageView, SpaceView } from '../core/types';

export type BubbleState =
  | { kind: 'none' }
  | { kind: 'refused' }
  | { kind: 'waiting' }
  /** Not sent, because who can read it has changed. */
  | { kind: 'waitingForYou' }
  | { kind: 'goesAt'; at: number }
  | { kind: 'held' }
  | { kind: 'read'; by: string | null }
  | { kind: 'delivered' };

/** How long a message can be taken back, by the server's clock (`TAKE_BACK_MS_MAX`). */
const takeBackMs = 24 * 3_600_000;

export function bubbleState(message: MessageView, space: SpaceView, now: number): BubbleState {
  if (message.refused) return { kind: 'refused' };
  if (message.body.kind === 'takenBack') return { kind: 'none' };
  if (!message.mine) return message.held ? { kind: 'held' } : { kind: 'none' };
  if (message.seq === null) return { kind: space.needsConsent ? 'waitingForYou' : 'waiting' };
  if (message.showAt !== null && message.showAt > now) return { kind: 'goesAt', at: message.showAt };
  if (message.held) return { kind: 'held' };
  const reader = space.members.find((member) => !member.me && message.readBy.includes(member.account));
  if (reader) return { kind: 'read', by: reader.name };
  return { kind: 'delivered' };
}

/** Whether the reader has tapped "I've read this" on somebody else's message. */
export function readByMe(message: MessageView, space: SpaceView): boolean {
  const me = space.members.find((member) => member.me)?.account;
  return me !== undefined && message.readBy.includes(me);
}

/** From where somebody looks at a conversation: only a client brings, only a therapist keeps. */
export type Side = 'client' | 'therapist' | 'colleague';

/** What can be done with a message, in the order of the menu. */
export type Action = 'read' | 'hold' | 'bring' | 'edit' | 'takeBack' | 'copy';

export function actionsFor(message: MessageView, space: SpaceView, side: Side, now: number): Action[] {
  if (message.body.kind !== 'text') return [];
  const may = space.member && space.confirmed && space.alarm === null && !space.partial;
  const settled = message.seq !== null && !message.refused;
  const actions: Action[] = [];
  if (may && settled && !message.mine) {
    if (side !== 'client' && !readByMe(message, space)) actions.push('read');
    if (side === 'therapist' && !message.held) actions.push('hold');
  }
  if (side === 'client' && may && settled && !message.bring) actions.push('bring');
  if (message.mine && may && settled) {
    actions.push('edit');
    if (now - (message.storedAt ?? now) < takeBackMs) actions.push('takeBack');
  }
  actions.push('copy');
  return actions;
}
