/** A port with invented people behind it that behaves as the engine would, within one page. */

import type { Draft, MessageView, SpaceId, SpaceView } from '../core/types';
import { PortError, type Asks, type AskKind, type News, type Port, type Status } from '../port/port';
import { newRecordId } from '../state/ids';
import { writeAvailability } from '../state/settings';
import {
  account,
  fortyClients,
  hour,
  ids,
  manyLines,
  member,
  messages,
  noorLines,
  ownerLines,
  ownSpace,
  space,
  waitingIn,
} from './people';

export type As =
  | 'blank'
  | 'setup'
  | 'join'
  | 'spent'
  | 'demo'
  | 'recover'
  | 'locked'
  | 'broken'
  | 'client'
  | 'therapist'
  | 'owner'
  | 'practice';
export type With =
  | 'offline'
  | 'empty'
  | 'step'
  | 'many'
  | 'away'
  | 'consent'
  | 'alarm'
  | 'unconfirmed'
  | 'full'
  | 'update'
  | 'error'
  | 'restored'
  | 'unread'
  | 'slow'
  | 'late'
  | 'spent'
  | 'forty'
  | 'sheet'
  | 'renewed'
  | 'relocking'
  | 'removed';

type Answers = { [K in AskKind]: (ask: Asks[K]['ask']) => Asks[K]['answer'] | Promise<Asks[K]['answer']> };

export class DevPort implements Port {
  readonly #with: Set<With>;
  readonly #listeners = new Set<(news: News) => void>();
  readonly #now = Date.now();
  #status: Status;
  #me = ids.noor;
  #spaces = new Map<SpaceId, SpaceView>();
  #messages = new Map<SpaceId, MessageView[]>();

  constructor(as: As, withs: With[]) {
    this.#with = new Set(withs);
    const open = as === 'client' || as === 'therapist' || as === 'owner' || as === 'practice';
    const view = open
      ? {
          ...account(as),
          passwordNeeded: this.#with.has('renewed'),
          erasDue: this.#with.has('relocking') ? 1 : 0,
          sheetAt: this.#with.has('sheet') ? this.#now : null,
          removed: this.#with.has('removed'),
        }
      : null;
    this.#status = {
      phase: open ? 'open' : as === 'locked' ? 'locked' : as === 'broken' ? 'broken' : 'blank',
      broken: as === 'broken' ? 'storage_damaged' : null,
      online: !this.#with.has('offline'),
      account: view,
      locked:
        as === 'locked' ? { handle: 'noor', practice: 'Linden Practice', removed: this.#with.has('removed') } : null,
      storage: this.#with.has('full') ? 'full' : 'kept',
      clockOffMs: null,
      restored: true,
      secondStep: this.#with.has('step') ? { app: true, passkey: null, refused: null } : null,
      sheetWaiting: open && this.#with.has('sheet'),
      updateReady: this.#with.has('update'),
    };
    if (view) this.#people(view.account, as === 'client');
    if (this.#with.has('restored')) setTimeout(() => this.#tell({ kind: 'restored', messages: 214, spaces: 1 }), 50);
  }

  #people(me: string, client: boolean): void {
    this.#me = me;
    const now = this.#now;
    // The owner and the therapist write to each other, too.
    if (!client && !this.#with.has('empty')) this.#add('55'.repeat(16), ids.owner, ownerLines, false);
    if (me === ids.owner) {
      this.#add('56'.repeat(16), ids.desk, [], false, ids.owner);
    } else if (this.#with.has('forty')) {
      fortyClients().forEach(({ client: id, lines }, index) =>
        this.#add((100 + index).toString(16).padStart(32, '0'), id, lines),
      );
    } else if (!this.#with.has('empty')) {
      this.#add('11'.repeat(16), ids.noor, this.#with.has('many') ? manyLines(10_000) : noorLines);
      if (!client) {
        this.#add('22'.repeat(16), ids.tomas, [
          ['client', 0.4, 'I read “What to expect”. I have two questions, nothing urgent.'],
        ]);
        this.#add('33'.repeat(16), ids.june, [
          ['therapist', 9, 'Welcome, June.'],
          [
            'client',
            8,
            'The first week: I keep noticing the light in the kitchen.',
            { held: true, readBy: [ids.therapist] },
          ],
        ]);
        this.#add('44'.repeat(16), ids.sam, []);
      }
    } else if (client) {
      this.#add('11'.repeat(16), ids.noor, []);
    }
    const own = '99'.repeat(16);
    this.#spaces.set(own, ownSpace(own, me, now));
    this.#messages.set(own, []);
  }

  #add(
    id: SpaceId,
    client: string,
    lines: Parameters<typeof messages>[0],
    care = true,
    host: string = ids.therapist,
  ): void {
    const all = messages(lines, this.#me, client, this.#now);
    const change: Partial<SpaceView> = {
      needsConsent: this.#with.has('consent'),
      waiting: this.#with.has('consent') ? 1 : 0,
      alarm: this.#with.has('alarm') ? { kind: 'withheld', expected: 40, have: 36 } : null,
      confirmed: !this.#with.has('unconfirmed'),
      unread: this.#with.has('unread') && all.length > 0 ? 1 : 0,
    };
    if (this.#with.has('offline') || this.#with.has('consent')) {
      const last = all.at(-1);
      if (last?.mine) all[all.length - 1] = { ...last, seq: null, storedAt: null };
    }
    const made = space(id, this.#me, client, all, this.#now, change);
    if (!care) {
      this.#spaces.set(id, { ...made, members: [member(client, this.#me), member(host, this.#me)], settings: [] });
      this.#messages.set(id, all);
      return;
    }
    if (this.#with.has('late')) {
      const day = (new Date().getDay() % 7) + 1;
      const hours = [1, 2, 3, 4, 5, 6, 7]
        .filter((one) => one === day)
        .map((one) => ({ day: one, from: 540, to: 1020 }));
      const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
      const value = writeAvailability({ zone, hours, withinWorkingDays: 1, line: '', phone: '', away: null });
      made.settings.push({ author: ids.therapist, name: 'availability', value, sentAt: this.#now });
    }
    if (this.#with.has('away')) {
      const value = writeAvailability({
        zone: 'America/New_York',
        hours: [1, 2, 3, 4].map((weekday) => ({ day: weekday, from: 540, to: 1020 })),
        withinWorkingDays: 1,
        line: '',
        phone: '',
        away: {
          from: '2020-01-01',
          until: '2099-01-02',
          message: 'I’m resting and not reading.',
          cover: 'Dr. Amira Haddad',
        },
      });
      made.settings.push({ author: ids.therapist, name: 'availability', value, sentAt: this.#now });
    }
    this.#spaces.set(id, made);
    this.#messages.set(id, all);
  }

  listen(hear: (news: News) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  async leave(): Promise<void> {}

  async ask<K extends AskKind>(
    kind: K,
    ...ask: Asks[K]['ask'] extends void ? [] : [Asks[K]['ask']]
  ): Promise<Asks[K]['answer']> {
    await new Promise((resolve) => setTimeout(resolve, this.#with.has('slow') ? 3000 : 5));
    const quiet: AskKind[] = ['status', 'spaces', 'page', 'strength', 'active', 'keepDraft', 'markRead'];
    if (this.#with.has('error') && !quiet.includes(kind)) throw new PortError('unreachable');
    const answer = this.#answers[kind] as (ask: Asks[K]['ask']) => Asks[K]['answer'];
    return answer(ask[0] as Asks[K]['ask']);
  }

  #tell(news: News): void {
    for (const hear of this.#listeners) hear(news);
  }

  #setStatus(change: Partial<Status>): void {
    this.#status = { ...this.#status, ...change };
    this.#tell({ kind: 'status', status: this.#status });
  }

  #open(as: 'client' | 'practice' | 'owner', sheet = false): void {
    const view = account(as);
    this.#people(view.account, as === 'client');
    this.#setStatus({ phase: 'open', account: view, locked: null, sheetWaiting: sheet });
    this.#tell({ kind: 'spaces', spaces: [...this.#spaces.values()] });
  }

  #update(id: SpaceId, change: Partial<SpaceView>): void {
    const before = this.#spaces.get(id);
    const all = this.#messages.get(id) ?? [];
    if (!before) throw new PortError('space_unknown');
    const after = {
      ...before,
      ...waitingIn(all),
      total: all.length,
      last: all.at(-1) ?? null,
      seq: before.seq + 1,
      ...change,
    };
    this.#spaces.set(id, after);
    this.#tell({ kind: 'spaces', spaces: [after] });
  }

  #write(id: SpaceId, record: string, draft: Draft): void {
    const all = this.#messages.get(id) ?? [];
    const at = Date.now();
    const change = (target: { record: string }, to: Partial<MessageView>) => {
      const index = all.findIndex((message) => message.id.record === target.record);
      const before = all[index];
      if (before) all[index] = { ...before, ...to };
    };
    switch (draft.kind) {
      case 'message': {
        const message: MessageView = {
          id: { author: this.#me, record },
          seq: this.#status.online ? all.length * 2 + 3 : null,
          authorName: null,
          mine: true,
          sentAt: at,
          storedAt: this.#status.online ? at : null,
          showAt: draft.showAt,
          body: { kind: 'text', text: draft.text },
          edited: false,
          readBy: [],
          bring: draft.bring,
          held: false,
          refused: false,
        };
        all.push(message);
        return this.#update(id, { waiting: this.#status.online ? 0 : 1 });
      }
      case 'edit':
        change(draft.target, { body: { kind: 'text', text: draft.text }, edited: true });
        break;
      case 'takeBack':
        change(draft.target, { body: { kind: 'takenBack' } });
        break;
      case 'acknowledge':
        change(draft.target, { readBy: [this.#me] });
        break;
      case 'bring':
        change(draft.target, { bring: true });
        break;
      case 'hold':
        change(draft.target, { held: true });
        break;
      case 'setting': {
        const settings = this.#spaces
          .get(id)
          ?.settings.filter((one) => one.name !== draft.name || one.author !== this.#me);
        const setting = { author: this.#me, name: draft.name, value: draft.value, sentAt: at };
        return this.#update(id, { settings: [...(settings ?? []), setting] });
      }
    }
    this.#update(id, {});
  }

  readonly #answers: Answers = {
    status: () => this.#status,
    setup: ({ sheet }) => this.#open('practice', sheet),
    peek: () => ({
      inviter: 'Elena Ruiz',
      practice: 'Linden Practice',
      note: 'I’m glad you’re here. Take your time with this.',
      role: 'client',
    }),
    peekSetup: () => {
      if (this.#with.has('spent')) throw new PortError('setup_refused');
    },
    join: ({ sheet }) => this.#open('client', sheet),
    login: () => {
      throw new PortError('sign_in_failed');
    },
    generatePassphrase: () => 'harbor-velvet-onion-lantern-quiet',
    strength: ({ password }) => ({
      kind: password.length > 20 ? 'strong' : password.length > 11 ? 'fair' : 'weak',
      bits: password.length * 3,
    }),
    unlock: () => {
      throw new PortError('wrong_password');
    },
    lock: () =>
      this.#setStatus({
        phase: 'locked',
        account: null,
        locked: { handle: 'noor', practice: 'Linden Practice', removed: false },
      }),
    active: () => undefined,
    signOut: ({ anyway }) => {
      if (this.#with.has('offline') && !anyway) throw new PortError('waiting');
      this.#setStatus({ phase: 'blank', account: null, locked: null });
    },
    spaces: () => [...this.#spaces.values()],
    page: ({ space: id, start, count }) => {
      const all = this.#messages.get(id) ?? [];
      return { total: all.length, start, messages: all.slice(start, start + count) };
    },
    write: ({ space: id, id: record, draft }) => {
      this.#write(id, record, draft);
      return { author: this.#me, record };
    },
    keepDraft: ({ space: id, target, text }) =>
      this.#update(
        id,
        target === null
          ? { draft: text }
          : { edit: text === '' ? null : { target: { author: this.#me, record: target }, text } },
      ),
    markRead: ({ space: id }) => this.#update(id, { unread: 0 }),
    acceptReaders: ({ space: id }) => this.#update(id, { needsConsent: false }),
    ownSpace: () => '99'.repeat(16),
    invite: () => ({ id: newRecordId(), link: `${location.origin}/join#${'Ab3-x_9Q'.repeat(16)}` }),
    revoke: () => undefined,
    invitations: () => [
      { id: '01'.repeat(16), role: 'client', expiresAt: Date.now() + 90 * hour, usedBy: null, revoked: false },
      { id: '02'.repeat(16), role: 'client', expiresAt: Date.now() - hour, usedBy: ids.tomas, revoked: false },
      { id: '03'.repeat(16), role: 'therapist', expiresAt: Date.now() - hour, usedBy: null, revoked: false },
    ],
    devices: () => [
      {
        id: '77'.repeat(16),
        name: 'Safari · iPhone',
        model: 'Safari · iPhone',
        this: true,
        addedAt: this.#now - 150 * hour,
        removedIn: null,
        weeksAgo: null,
      },
      {
        id: '78'.repeat(16),
        name: 'The one in the study',
        model: 'Firefox · Windows',
        this: false,
        addedAt: this.#now - 400 * hour,
        removedIn: null,
        weeksAgo: 5,
      },
    ],
    renameDevice: () => undefined,
    wake: () => undefined,
    removeDevice: () => {
      throw new PortError('wrong_password');
    },
    recover: () => {
      throw new PortError('sheet_word', { max: 3 });
    },
    changePassword: () => undefined,
    makeSheet: () => this.#setStatus({ sheetWaiting: true }),
    sheet: () => ({
      words: 'dubimal kahofin lizatog sovubal pogunad hivobir mudafon natilup',
      madeAt: this.#now,
    }),
    sheetKept: () => this.#setStatus({ sheetWaiting: false }),
    removeLost: () => undefined,
    showCode: () => this.#setStatus({ secondStep: { app: true, passkey: null, refused: 'factor_refused' } }),
    showPasskey: () => undefined,
    stopFactor: () => this.#setStatus({ secondStep: null }),
    offerTotp: () => 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    addTotp: () => {
      throw new PortError('factor_refused');
    },
    removeFactor: () => undefined,
    requireFactors: () => undefined,
    reopen: () => {
      throw new PortError('sign_in_failed');
    },
    people: () => [
      {
        account: ids.therapist,
        handle: 'elena',
        role: this.#me === ids.owner ? 'therapist' : 'owner_therapist',
        since: this.#now - 900 * hour,
      },
      { account: ids.owner, handle: 'marta', role: 'owner', since: this.#now - 950 * hour },
      { account: ids.noor, handle: 'noor', role: 'client', since: this.#now - 150 * hour },
      { account: ids.tomas, handle: 'tomas', role: 'client', since: this.#now - 60 * hour },
    ],
    glance: () => ({
      tables: [
        {
          name: 'records',
          count: 412,
          columns: ['space', 'seq', 'stored_at', 'payload'],
          rows: [
            ['1111…1111', '412', '2026-05-12T14:10:03Z', '9f2c61aa07…e1 (1,064 bytes)'],
            ['1111…1111', '411', '2026-05-12T14:09:41Z', '4400be19d2…7c (1,064 bytes)'],
          ],
        },
      ],
    }),
    exportBegin: ({ password }) => {
      if (password === 'wrong') throw new PortError('wrong_password');
      const none = { takenBack: 0, settings: 0, records: 0, waiting: 0, incomplete: 0 };
      return { export: 1, contents: { conversations: 1, messages: 1, ...none } };
    },
    exportMore: () => ({ piece: '<!doctype html><title>Record</title>', done: 1, of: 1, last: true }),
    exportStop: () => undefined,
    pushKey: () => null,
    pushTo: () => undefined,
    sync: () => undefined,
  };
}
