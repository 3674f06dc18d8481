/**
 * Shapes that cross from the core to the web app: what `sotto-client-core` calls views, drafts and alarms.
 *
 * Ids are lower-case hex, times are milliseconds since 1970, positions are whole numbers.
 */

export type AccountId = string;
export type DeviceId = string;
export type FactorId = string;
export type SpaceId = string;
export type RecordId = string;
export type InvitationId = string;
export type Millis = number;
export type Seq = number;

export type Role = 'owner' | 'therapist' | 'prescriber' | 'front_desk' | 'client' | 'owner_therapist';

export interface MessageId {
  author: AccountId;
  record: RecordId;
}

export interface AccountView {
  account: AccountId;
  handle: string;
  device: DeviceId;
  role: Role;
  practice: string;
  name: string;
  origin: string;
  identity: string;
  online: boolean;
  removed: boolean;
  /** Another device has put the vault under a new key; this one waits for the password. */
  passwordNeeded: boolean;
  /** When the newest recovery sheet was made. */
  sheetAt: Millis | null;
  /** When the password was set, as far as this device knows. */
  passwordAt: Millis | null;
  /** Spaces that still wait for new locks, as after a device was removed. */
  erasDue: number;
  /** What is asked for after the password, as the server said last. */
  factors: FactorView[];
  /** Since when the practice asks its staff for a second step. */
  factorsSince: Millis | null;
  /** Until when this account may do without. */
  factorDue: Millis | null;
}

export interface DeviceView {
  id: DeviceId;
  name: string;
  /** What it said of itself when it was added. */
  model: string;
  this: boolean;
  addedAt: Millis;
  removedIn: number | null;
  /** When it was connected last; null for this device, and while it is not known. */
  weeksAgo: number | null;
}

export interface MemberView {
  account: AccountId;
  name: string | null;
  role: Role;
  me: boolean;
}

export type BodyView =
  | { kind: 'text'; text: string }
  | { kind: 'takenBack' }
  | { kind: 'resending' }
  | { kind: 'newer' }
  | { kind: 'unreadable' };

export interface MessageView {
  id: MessageId;
  /** Its place in the log; null while it waits in the outbox. */
  seq: Seq | null;
  authorName: string | null;
  mine: boolean;
  /** By the author's clock. */
  sentAt: Millis;
  /** By the server's clock. */
  storedAt: Millis | null;
  /** One's own message that the others are shown only from then on; for others' messages, when it was shown. */
  showAt: Millis | null;
  body: BodyView;
  edited: boolean;
  readBy: AccountId[];
  bring: boolean;
  held: boolean;
  refused: boolean;
}

/** The newest value an author has published under a name; see `docs/PROTOCOL.md`, "Settings". */
export interface SettingView {
  author: AccountId;
  name: string;
  /** JSON; from another person's device, so it is parsed with suspicion. */
  value: string;
  sentAt: Millis;
}

export type Alarm =
  | { kind: 'forked' }
  | { kind: 'forged' }
  | { kind: 'ruleBroken' }
  | { kind: 'withheld'; expected: Seq; have: Seq }
  | { kind: 'payloadWithheld' }
  | { kind: 'setBack' }
  | { kind: 'oldVault' }
  | { kind: 'oldCard' }
  | { kind: 'oldRoster' }
  | { kind: 'identityChanged'; account: AccountId }
  | { kind: 'uninvited'; account: AccountId }
  | { kind: 'badEra'; account: AccountId }
  | { kind: 'badContent'; account: AccountId }
  | { kind: 'updateNeeded' };

export interface SpaceView {
  id: SpaceId;
  members: MemberView[];
  /** The joiner is known; until then it can't be answered. */
  confirmed: boolean;
  /** One is a reader now. */
  member: boolean;
  unread: number;
  /** Messages of others that are shown after one's own newest message: the last ones of theirs in `attention`. */
  unanswered: number;
  /** Own records not yet on the server. */
  waiting: number;
  /** Something waits for `acceptReaders`. */
  needsConsent: boolean;
  seq: Seq;
  head: string;
  era: number;
  alarm: Alarm | null;
  /** Verified up to the server's head as last heard. */
  complete: boolean;
  /** Only the newest of it is here yet: it can be read, and what is older is on its way. */
  partial: boolean;
  /** Records that were verified one after the other from the first on, and how many there are as far as the server has said. */
  verified: number;
  told: number;
  /** How many messages `page` can give. */
  total: number;
  /** The newest message that is shown, waiting ones included. */
  last: MessageView | null;
  /** Messages of others that are not acknowledged or come after one's own last message, and all that are brought or held; oldest first, at most 200. */
  attention: MessageView[];
  /** What members have published about themselves: the newest value per author and name. */
  settings: SettingView[];
  /** When the present era, with these readers, began; by the server's clock. */
  eraAt: Millis | null;
  /** What is typed and not sent. */
  draft: string;
  /** What is typed as the new text of a message of one's own, and not sent. */
  edit: { target: MessageId; text: string } | null;
}

export interface InvitationView {
  id: InvitationId;
  role: Role;
  expiresAt: Millis;
  usedBy: AccountId | null;
  revoked: boolean;
}

export interface FactorView {
  id: FactorId;
  /** An authenticator app; else a passkey. */
  app: boolean;
  createdAt: Millis;
}

export interface Welcome {
  inviter: string;
  practice: string;
  note: string;
  role: Role;
}

export type Draft =
  | { kind: 'message'; text: string; bring: boolean; showAt: Millis | null }
  | { kind: 'edit'; target: MessageId; text: string }
  | { kind: 'takeBack'; target: MessageId }
  | { kind: 'acknowledge'; target: MessageId }
  | { kind: 'bring'; target: MessageId }
  | { kind: 'hold'; target: MessageId }
  | { kind: 'setting'; name: string; value: string };

export type Strength = { kind: 'weak' | 'fair' | 'strong'; bits: number };

/** What a file with somebody's record is to hold. */
export interface ExportWanted {
  /** These spaces; all of the account's when null. */
  spaces: SpaceId[] | null;
  /** What the server stored from then on, and before that. */
  from: Millis | null;
  until: Millis | null;
  form: 'html' | 'json';
  language: 'en' | 'es';
  zone: Zone;
}

/** A time zone by the minutes that it is ahead of UTC, each from a moment on. */
export interface Zone {
  name: string;
  offsets: { from: Millis; minutes: number }[];
}

export interface ExportContents {
  conversations: number;
  messages: number;
  takenBack: number;
  settings: number;
  records: number;
  /** Written here and not sent: not in it. */
  waiting: number;
  /** Conversations of which it is not certain that everything is here. */
  incomplete: number;
}
