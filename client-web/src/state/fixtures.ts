/** Views for tests, plain unless told otherwise. */

import type { AccountView, MemberView, MessageView, SpaceView } from '../core/types';
import type { Status } from '../port/port';

export const me: MemberView = { account: 'aa', name: 'Noor', role: 'client', me: true };
export const therapist: MemberView = { account: 'bb', name: 'Elena', role: 'therapist', me: false };

export function anAccount(change: Partial<AccountView> = {}): AccountView {
  return {
    account: 'aa',
    handle: 'noor',
    device: '77',
    role: 'client',
    practice: 'Linden Practice',
    name: 'Noor',
    origin: 'https://practice.example',
    identity: '00',
    online: true,
    removed: false,
    passwordNeeded: false,
    sheetAt: null,
    passwordAt: null,
    erasDue: 0,
    factors: [],
    factorsSince: null,
    factorDue: null,
    ...change,
  };
}

export function aMessage(change: Partial<MessageView> = {}): MessageView {
  return {
    id: { author: 'aa', record: '01' },
    seq: 5,
    authorName: 'Noor',
    mine: true,
    sentAt: 1000,
    storedAt: 1001,
    showAt: null,
    body: { kind: 'text', text: 'hello' },
    edited: false,
    readBy: [],
    bring: false,
    held: false,
    refused: false,
    ...change,
  };
}

export function aSpace(change: Partial<SpaceView> = {}): SpaceView {
  return {
    id: '11',
    members: [me, therapist],
    confirmed: true,
    member: true,
    unread: 0,
    unanswered: 0,
    waiting: 0,
    needsConsent: false,
    seq: 1,
    head: 'ff',
    era: 0,
    alarm: null,
    complete: true,
    partial: false,
    verified: 1,
    told: 1,
    total: 0,
    last: null,
    attention: [],
    settings: [],
    eraAt: 500,
    draft: '',
    edit: null,
    ...change,
  };
}

export function aStatus(change: Partial<Status> = {}): Status {
  return {
    phase: 'open',
    broken: null,
    online: true,
    account: null,
    locked: null,
    storage: 'kept',
    clockOffMs: null,
    restored: true,
    secondStep: null,
    sheetWaiting: false,
    updateReady: false,
    ...change,
  };
}
