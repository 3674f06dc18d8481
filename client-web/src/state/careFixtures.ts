/** Spaces and messages for tests of state: as little as each needs, the rest ordinary. */

import type { MemberView, MessageView, SettingView, SpaceView } from '../core/types';

export const me = 'a1'.repeat(16);
export const client = 'b2'.repeat(16);

export function message(record: number, change: Partial<MessageView> = {}): MessageView {
  const mine = change.mine ?? false;
  return {
    id: { author: mine ? me : client, record: record.toString(16).padStart(32, '0') },
    seq: record,
    authorName: mine ? 'Elena' : 'Noor',
    mine,
    sentAt: record * 1000,
    storedAt: record * 1000,
    showAt: null,
    body: { kind: 'text', text: `message ${record}` },
    edited: false,
    readBy: [],
    bring: false,
    held: false,
    refused: false,
    ...change,
  };
}

const members: MemberView[] = [
  { account: me, name: 'Elena', role: 'therapist', me: true },
  { account: client, name: 'Noor', role: 'client', me: false },
];

/** A care space as its therapist sees it. */
export function space(id: string, attention: MessageView[], change: Partial<SpaceView> = {}): SpaceView {
  return {
    id: id.repeat(32 / id.length),
    members,
    confirmed: true,
    member: true,
    unread: 0,
    unanswered: 0,
    waiting: 0,
    needsConsent: false,
    seq: 100,
    head: '',
    era: 0,
    alarm: null,
    complete: true,
    partial: false,
    verified: 1,
    told: 1,
    total: attention.length,
    last: attention.at(-1) ?? null,
    attention,
    settings: [],
    eraAt: 0,
    draft: '',
    edit: null,
    ...change,
  };
}

export function ownSpace(settings: SettingView[] = [], change: Partial<SpaceView> = {}): SpaceView {
  return space('99', [], { members: members.slice(0, 1), settings, ...change });
}

export function setting(name: string, value: string, change: Partial<SettingView> = {}): SettingView {
  return { author: me, name, value, sentAt: 1, ...change };
}
