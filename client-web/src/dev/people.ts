/** Invented people and what they wrote: gentle, ordinary, nobody's. */

import type { AccountView, MemberView, MessageView, Role, SpaceView } from '../core/types';
import { writeAgreement, writeAvailability, writeInvitations, writePhrases, writePractice } from '../state/settings';

export const hour = 3_600_000;
const day = 24 * hour;

export const ids = {
  therapist: 'a1'.repeat(16),
  noor: 'b2'.repeat(16),
  tomas: 'c3'.repeat(16),
  june: 'd4'.repeat(16),
  sam: 'f6'.repeat(16),
  owner: 'e5'.repeat(16),
  desk: 'a7'.repeat(16),
};

export function account(as: 'client' | 'therapist' | 'owner' | 'practice'): AccountView {
  const role: Role = as === 'practice' ? 'owner_therapist' : as;
  const [id, handle, name] =
    as === 'client'
      ? [ids.noor, 'noor', 'Noor']
      : as === 'owner'
        ? [ids.owner, 'marta', 'Marta Oliveira']
        : [ids.therapist, 'elena', 'Elena Ruiz'];
  return {
    account: id,
    handle,
    device: '77'.repeat(16),
    role,
    practice: 'Linden Practice',
    name,
    origin: location.origin,
    identity: '00'.repeat(32),
    online: true,
    removed: false,
    passwordNeeded: false,
    sheetAt: null,
    passwordAt: null,
    erasDue: 0,
    factors: [],
    factorsSince: null,
    factorDue: null,
  };
}

const names: Record<string, [string, Role]> = {
  [ids.therapist]: ['Elena Ruiz', 'therapist'],
  [ids.noor]: ['Noor', 'client'],
  [ids.tomas]: ['Tomás', 'client'],
  [ids.june]: ['June', 'client'],
  [ids.sam]: ['Sam', 'client'],
  [ids.owner]: ['Marta Oliveira', 'owner'],
  [ids.desk]: ['Joy', 'front_desk'],
};

export function member(id: string, me: string): MemberView {
  const [name, role] = names[id] ?? ['', 'client'];
  return { account: id, name, role, me: id === me };
}

type Line = [by: 'client' | 'therapist', daysAgo: number, text: string, extra?: Partial<MessageView>];

export const noorLines: Line[] = [
  [
    'therapist',
    6.2,
    'Hello Noor. This is where we can write between sessions. Take all the time you like.',
    { edited: true },
  ],
  [
    'client',
    6,
    'Thank you. It is odd to write instead of talk, but I like that it waits for me.',
    { readBy: [ids.therapist] },
  ],
  [
    'client',
    5.9,
    'I walked along the river after our session. The words “I can put it down” stayed with me.',
    { held: true, bring: true },
  ],
  ['therapist', 5, 'That sounds like something to come back to. I’ve kept it for Thursday.'],
  ['client', 3, '', { body: { kind: 'takenBack' } }],
  [
    'client',
    2.9,
    'I slept badly again, around four I was awake. I did the breathing with the long out-breath and wrote three lines. It helped more than I thought it would.\n\nThe part of me that wants to cancel Tuesday is loud today. I told it that it may come along.',
    { readBy: [ids.therapist] },
  ],
  ['therapist', 1.1, 'I’m glad you told it that. Bring it along, we’ll make room for it.'],
  ['client', 0.12, 'Could we start ten minutes later on Thursday? The bus.'],
];

/** Between the owner, who stands first, and the therapist. */
export const ownerLines: Line[] = [
  ['client', 4, 'The new chairs for the quiet room come on Monday morning. Would you be there to let them in?'],
  ['therapist', 3.8, 'Yes, I am in from eight.', { readBy: [ids.owner] }],
  ['client', 0.3, 'Thank you. I changed the phone number in the practice settings, it reaches everybody by itself.'],
];

/** A full practice: forty people, each at another place. */
export function fortyClients(): { client: string; lines: Line[] }[] {
  const first = 'Ada,Bruno,Carmen,Dario,Esme,Farid,Greta,Hana,Idris,Jolene,Kenji,Lucía,Marek,Nadia,Oskar,Paz'.split(
    ',',
  );
  const family = ['Abreu', 'Brandt', 'Castellanos-Whitfield', 'Dahl', 'Ekwueme'];
  const texts = noorLines.filter((line) => line[0] === 'client' && line[2] !== '').map((line) => line[2]);
  return Array.from({ length: 40 }, (_, index) => {
    const client = (0x40 + index).toString(16).repeat(16);
    names[client] = [`${first[index % first.length] ?? ''} ${family[index % family.length] ?? ''}`, 'client'];
    const asks = index % 3 !== 1;
    const lines: Line[] = [
      [
        'client',
        6 + index * 0.4,
        texts[index % texts.length] ?? '',
        { readBy: [ids.therapist], held: index % 9 === 4 },
      ],
      ['therapist', 5 + index * 0.4, 'Thank you. I have it with me.'],
      ...(asks ? [['client', 0.1 + index * 0.07, texts[(index * 5 + 2) % texts.length] ?? ''] satisfies Line] : []),
    ];
    return { client, lines };
  });
}

export function messages(lines: Line[], me: string, client: string, now: number): MessageView[] {
  return lines.map(([by, daysAgo, text, extra], index) => {
    const author = by === 'client' ? client : ids.therapist;
    const at = now - daysAgo * day;
    return {
      id: { author, record: index.toString(16).padStart(32, '0') },
      seq: index * 2 + 3,
      authorName: names[author]?.[0] ?? null,
      mine: author === me,
      sentAt: at,
      storedAt: at + 400,
      showAt: null,
      body: { kind: 'text', text },
      edited: false,
      readBy: [],
      bring: false,
      held: false,
      refused: false,
      ...extra,
    };
  });
}

/** A long conversation, to scroll through. */
export function manyLines(count: number): Line[] {
  const texts = noorLines.map((line) => line[2]).filter((text) => text !== '');
  return Array.from({ length: count }, (_, index) => [
    index % 3 === 0 ? 'therapist' : 'client',
    (count - index) * 0.09,
    `${index + 1}. ${texts[(index * 7) % texts.length] ?? ''}`,
  ]);
}

/** As the core tells it. */
export function waitingIn(all: MessageView[]): Pick<SpaceView, 'attention' | 'unanswered'> {
  const after = all.findLastIndex((message) => message.mine) + 1;
  return {
    attention: all.filter(
      (one, index) => one.bring || one.held || (!one.mine && (index >= after || !one.readBy.includes(ids.therapist))),
    ),
    unanswered: all.length - after,
  };
}

export function space(
  id: string,
  me: string,
  client: string,
  all: MessageView[],
  now: number,
  change: Partial<SpaceView> = {},
): SpaceView {
  return {
    id,
    members: [member(client, me), member(ids.therapist, me)],
    confirmed: true,
    member: true,
    unread: 0,
    ...waitingIn(all),
    waiting: 0,
    needsConsent: false,
    seq: all.length * 2 + 2,
    head: id.repeat(2),
    era: 0,
    alarm: null,
    complete: true,
    partial: false,
    verified: 1,
    told: 1,
    total: all.length,
    last: all.at(-1) ?? null,
    settings: [
      {
        author: ids.therapist,
        name: 'availability',
        value: writeAvailability({
          zone: 'America/New_York',
          hours: [1, 2, 3, 4].map((weekday) => ({ day: weekday, from: 540, to: 1020 })),
          withinWorkingDays: 1,
          line: '',
          phone: '+1 212 555 0142',
          away: null,
        }),
        sentAt: now - 9 * day,
      },
      {
        author: ids.therapist,
        name: 'practice',
        value: writePractice({ phone: '+1 212 555 0100', region: 'us', lockAfterMinutes: 10 }),
        sentAt: now - 9 * day,
      },
      {
        author: client,
        name: 'agreement',
        value: writeAgreement({ document: 'messages', language: 'en', text: 'As it was shown.', at: now - 6.3 * day }),
        sentAt: now - 6.3 * day,
      },
    ],
    eraAt: now - 6.3 * day,
    draft: '',
    edit: null,
    ...change,
  };
}

export function ownSpace(id: string, me: string, now: number): SpaceView {
  return {
    ...space(id, me, me, [], now),
    members: [member(me, me)],
    settings: [
      {
        author: me,
        name: 'phrases',
        value: writePhrases([
          'Thank you for telling me. I’ll read it properly tomorrow.',
          'Let’s keep this for our session.',
        ]),
        sentAt: now - 5 * day,
      },
      {
        author: me,
        name: 'invitations',
        value: writeInvitations({ ['01'.repeat(16)]: 'Wren, from Tuesday', ['02'.repeat(16)]: 'Tomás' }),
        sentAt: now - day,
      },
    ],
  };
}
