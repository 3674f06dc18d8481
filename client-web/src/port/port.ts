/**
 * The border between the app and the engine.
 *
 * The app asks and listens; the engine (`worker/`) answers and tells. Neither knows the other's insides: the app runs
 * against a scripted port in tests, the engine without an app. Invariants: an answer comes when what was asked is
 * stored; a call that failed changed nothing; asking `write` again with the same id writes once.
 */

import type {
  AccountId,
  AccountView,
  Alarm,
  DeviceId,
  DeviceView,
  Draft,
  ExportContents,
  ExportWanted,
  FactorId,
  InvitationId,
  InvitationView,
  MessageId,
  MessageView,
  Millis,
  RecordId,
  Role,
  Seq,
  SpaceId,
  SpaceView,
  Strength,
  Welcome,
} from '../core/types';

/** How things stand with this browser. */
export interface Status {
  phase: 'starting' | 'blank' | 'locked' | 'open' | 'broken';
  /** Why it is broken; see `PortError.code`. */
  broken: string | null;
  /** Signed in on the server right now. */
  online: boolean;
  /** Known while open; while locked only what is needed to say whose browser this is. */
  account: AccountView | null;
  locked: { handle: string; practice: string; removed: boolean } | null;
  /**
   * Whether the browser keeps what is stored: it may refuse to store at all, be full, or clear it when short of room.
   * `borrowed`: nothing is stored, because she said that this isn't her computer.
   */
  storage: 'kept' | 'clearable' | 'full' | 'blocked' | 'borrowed';
  /** The server's clock minus this device's, when they differ by more than two minutes. */
  clockOffMs: number | null;
  /** Everything was fetched and verified since signing in on this device. */
  restored: boolean;
  /** What was asked waits for a second step after the password. */
  secondStep: SecondStep | null;
  /** There is a recovery sheet of which she has not said that she has it; see `sheet`. */
  sheetWaiting: boolean;
  /** A newer version of the app is ready; it comes with the next reload. */
  updateReady: boolean;
}

/** What can be shown after the password, and why what was shown was not enough (`PortError.code`). */
export interface SecondStep {
  app: boolean;
  /** What `navigator.credentials.get` is to be asked, as JSON (WebAuthn Level 3, `PublicKeyCredentialRequestOptionsJSON`). */
  passkey: string | null;
  refused: string | null;
}

export interface Page {
  /** Messages in the conversation now. */
  total: number;
  /** Index of the first one given. */
  start: number;
  messages: MessageView[];
}

/** Somebody with an account here, as the server knows her. */
export interface Person {
  account: AccountId;
  handle: string;
  role: Role;
  since: Millis;
}

/** What the server has stored, as it has it. */
export interface Glance {
  tables: { name: string; count: number; columns: string[]; rows: string[][] }[];
}

/** A recovery sheet that waits to be taken. */
export interface Sheet {
  /** Eight, with spaces between them. */
  words: string;
  madeAt: Millis;
}

export interface Asks {
  status: { ask: void; answer: Status };

  setup: {
    ask: {
      link: string;
      handle: string;
      name: string;
      practice: string;
      role: 'owner' | 'owner_therapist';
      password: string;
      deviceName: string;
      /** Make a recovery sheet, too. */
      sheet?: boolean;
    };
    answer: void;
  };
  /** What an invitation says, before anything is decided. */
  peek: { ask: { link: string }; answer: Welcome };
  /** Whether a set-up link still works; refused with `setup_refused`. Uses nothing up. */
  peekSetup: { ask: { link: string }; answer: void };
  join: {
    ask: { link: string; handle: string; name: string; password: string; deviceName: string; sheet?: boolean };
    answer: void;
  };
  /** `borrowed`: this isn't her computer. Everything stays in this tab's memory, and nothing of it is there afterwards. */
  login: { ask: { handle: string; password: string; deviceName: string; borrowed?: boolean }; answer: void };
  /** Signs in with the words of a recovery sheet, and sets a new password. `borrowed` as above. */
  recover: {
    ask: { handle: string; words: string; new: string; deviceName: string; borrowed?: boolean };
    answer: void;
  };
  generatePassphrase: { ask: void; answer: string };
  strength: { ask: { password: string }; answer: Strength };

  unlock: { ask: { password: string }; answer: void };
  lock: { ask: void; answer: void };
  /** Something was touched: the idle time begins again. */
  active: { ask: void; answer: void };
  /** Removes everything from this browser. Refused with `waiting` while something is unsent, unless `anyway`. */
  signOut: { ask: { anyway: boolean }; answer: void };

  spaces: { ask: void; answer: SpaceView[] };
  page: { ask: { space: SpaceId; start: number; count: number }; answer: Page };
  /** `id`: 16 random bytes, hex, chosen once per thing written. */
  write: { ask: { space: SpaceId; id: RecordId; draft: Draft }; answer: MessageId };
  /** Keeps what is typed and not sent, as a new message or as the new text of a `target`; empty removes it. */
  keepDraft: { ask: { space: SpaceId; target: RecordId | null; text: string }; answer: void };
  markRead: { ask: { space: SpaceId; seq: Seq }; answer: void };
  acceptReaders: { ask: { space: SpaceId }; answer: void };
  /** The account's own space, for what is hers alone; founded when there is none. */
  ownSpace: { ask: void; answer: SpaceId };

  invite: { ask: { role: Role; note: string; ttlMs: number }; answer: { id: InvitationId; link: string } };
  revoke: { ask: { id: InvitationId }; answer: void };
  invitations: { ask: void; answer: InvitationView[] };
  devices: { ask: void; answer: DeviceView[] };
  removeDevice: { ask: { device: DeviceId; password: string }; answer: void };
  renameDevice: { ask: { device: DeviceId; name: string }; answer: void };
  /** Signs in again on this device, which was not used for long (`deviceIdle`). */
  wake: { ask: { password: string }; answer: void };

  /**
   * Begins a file of somebody's record; the pieces are asked for one by one. Asks for the password that opens this browser,
   * since an unlocked device that somebody else took must not hand out everything. One at a time, else `busy`.
   */
  exportBegin: {
    ask: { wanted: ExportWanted; password: string };
    answer: { export: number; contents: ExportContents };
  };
  exportMore: { ask: { export: number }; answer: { piece: string; done: number; of: number; last: boolean } };
  exportStop: { ask: { export: number }; answer: void };

  /** Nothing is signed out by it. */
  changePassword: { ask: { password: string; new: string }; answer: void };
  /** Makes a recovery sheet, which then waits as `sheet`; an earlier one stops working. */
  makeSheet: { ask: { password: string }; answer: void };
  /** The words of the sheet that waits; null when none does. */
  sheet: { ask: void; answer: Sheet | null };
  /** She has it: its words are forgotten here. */
  sheetKept: { ask: void; answer: void };
  /** Removes devices that somebody else may have, and renews everything. */
  removeLost: { ask: { devices: DeviceId[]; password: string; new: string }; answer: void };
  /** Goes on with the password that was set on another device (`passwordNeeded`). */
  reopen: { ask: { password: string }; answer: void };

  /** Goes on with what waits as `secondStep`. */
  showCode: { ask: { code: string }; answer: void };
  showPasskey: { ask: { assertion: string }; answer: void };
  /** Gives it up; what waited is refused with `stopped`. */
  stopFactor: { ask: void; answer: void };
  /** A key for an authenticator app, base32; `addTotp` sets up the one offered last. */
  offerTotp: { ask: void; answer: string };
  addTotp: { ask: { password: string; code: string }; answer: void };
  removeFactor: { ask: { password: string; id: FactorId }; answer: void };

  /** For the owner. */
  requireFactors: { ask: { required: boolean }; answer: void };
  people: { ask: void; answer: Person[] };
  glance: { ask: void; answer: Glance };

  /** The server's VAPID public key (RFC 8292), base64url; null when it sends no notices. */
  pushKey: { ask: void; answer: string | null };
  /** Where to send content-free notices for this device; null for nowhere. */
  pushTo: { ask: { endpoint: string | null }; answer: void };

  /** Send and fetch everything now. */
  sync: { ask: void; answer: void };
}

export type News =
  | { kind: 'status'; status: Status }
  /** Spaces that changed, or became known. */
  | { kind: 'spaces'; spaces: SpaceView[] }
  | { kind: 'restored'; messages: number; spaces: number }
  | { kind: 'alarm'; space: SpaceId | null; alarm: Alarm }
  | { kind: 'confirmed'; space: SpaceId; account: AccountId }
  | { kind: 'readersChanged'; space: SpaceId }
  | { kind: 'eraBegan'; space: SpaceId; by: AccountId; added: AccountId[]; removed: AccountId[] }
  | { kind: 'refused'; space: SpaceId; id: MessageId; code: string }
  | { kind: 'handedBack'; space: SpaceId; records: number }
  | { kind: 'deviceRemoved' }
  /** The server waits until somebody signs in on this device again: it was not used for long. */
  | { kind: 'deviceIdle' }
  /** The practice asks its staff for a second step, and the server lets nobody in without. */
  | { kind: 'factorRequired' }
  /** Devices that were removed because nobody used them for long. */
  | { kind: 'idleRemoved'; devices: DeviceId[] };

/**
 * Why something was not done.
 *
 * `code` is one of: a server error's name in snake_case (`docs/PROTOCOL.md`, error registry; e.g. `invitation_used`,
 * `invitation_expired`, `handle_taken`, `rate_limited`); a refusal of the core in snake_case (`not_signed_in`,
 * `signed_in`, `busy`, `space_unknown`, `message_unknown`, `unconfirmed`, `alarmed`, `not_member`, `too_long`, `empty`,
 * `weak_password`, `limit`, `not_allowed`, `sheet_word` and `sheet_count`, whose detail is the number of the word that is wrong, and
 * how many there are); or of the engine: `unreachable`, `dishonest`, `wrong_password`, `wrong_sheet`, `stopped`,
 * `unanswered` (it is not known whether a change holds),
 * `link_damaged`, `link_newer`, `link_wrong_sort`, `not_a_link`, `link_elsewhere` (of another server), `handle_malformed`,
 * `locked`, `waiting`, `record_changed`, `record_unreadable`, `storage_full`, `storage_blocked`, `storage_damaged`, `storage_newer`, `crashed`.
 */
export class PortError extends Error {
  constructor(
    readonly code: string,
    readonly detail: { retryAfterMs?: number; count?: number; max?: number; what?: string } = {},
  ) {
    super(code);
    this.name = 'PortError';
  }
}

export type AskKind = keyof Asks;

export interface Port {
  ask<K extends AskKind>(
    kind: K,
    ...ask: Asks[K]['ask'] extends void ? [] : [Asks[K]['ask']]
  ): Promise<Asks[K]['answer']>;
  /** Hears everything from now on; the answer stops it. */
  listen(hear: (news: News) => void): () => void;
  /**
   * Locks what is open (or forgets it, where nothing is kept) and ends the engine for good. Done when that is so, or after
   * a second: whoever leaves in a hurry is not kept.
   */
  leave(): Promise<void>;
}
