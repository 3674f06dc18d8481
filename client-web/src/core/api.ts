/**
 * What the WASM module (`client-web/wasm`) offers to the worker, one state machine per instance.
 *
 * The same contract as `sotto_client_core::io`: after every call, `poll` until it says `idle`; nothing that follows a
 * `store` is carried out before `stored` was called.
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
  FactorView,
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
} from './types';

export type Row = [key: Uint8Array, value: Uint8Array];
export type Change = [key: Uint8Array, value: Uint8Array | null];

export type Command =
  | {
      kind: 'setup';
      link: string;
      handle: string;
      name: string;
      practice: string;
      role: Role;
      password: string;
      deviceName: string;
      /** Make a recovery sheet, too. */
      sheet?: boolean;
    }
  | { kind: 'peek'; link: string }
  | { kind: 'peekSetup'; link: string }
  | {
      kind: 'join';
      link: string;
      handle: string;
      name: string;
      password: string;
      deviceName: string;
      sheet?: boolean;
    }
  | { kind: 'login'; origin: string; handle: string; password: string; deviceName: string }
  | { kind: 'invite'; role: Role; note: string; ttlMs: number }
  | { kind: 'revoke'; id: InvitationId }
  | { kind: 'write'; space: SpaceId; id: RecordId | null; draft: Draft }
  | { kind: 'keepDraft'; space: SpaceId; target: RecordId | null; text: string }
  | { kind: 'acceptReaders'; space: SpaceId }
  | { kind: 'markRead'; space: SpaceId; seq: Seq }
  | { kind: 'removeDevice'; device: string; password: string }
  | { kind: 'removeLost'; devices: string[]; password: string; new: string }
  | { kind: 'recover'; origin: string; handle: string; words: string; new: string; deviceName: string }
  | { kind: 'changePassword'; password: string; new: string }
  | { kind: 'makeSheet'; password: string }
  | { kind: 'sheetKept' }
  | { kind: 'reopen'; password: string }
  | { kind: 'renameDevice'; device: DeviceId; name: string }
  | { kind: 'wake'; password: string }
  | { kind: 'showCode'; code: string }
  /** `AuthenticationResponseJSON`. */
  | { kind: 'showPasskey'; assertion: string }
  | { kind: 'stopFactor' }
  | { kind: 'offerTotp' }
  | { kind: 'addTotp'; password: string; code: string }
  | { kind: 'removeFactor'; password: string; id: FactorId }
  | { kind: 'requireFactors'; required: boolean }
  | { kind: 'foundOwn' }
  | { kind: 'people' }
  | { kind: 'glance' }
  | { kind: 'pushKey' }
  | { kind: 'pushTo'; endpoint: string | null }
  | ({ kind: 'export' } & ExportWanted)
  | { kind: 'exportMore'; export: number }
  | { kind: 'exportStop'; export: number }
  | { kind: 'sync' };

export type Output =
  | { kind: 'store'; batch: number; changes: Change[] }
  | { kind: 'load'; from: Uint8Array; to: Uint8Array }
  | { kind: 'dial'; origin: string }
  | { kind: 'send'; frame: Uint8Array }
  | { kind: 'hangUp' }
  | { kind: 'request'; id: number; origin: string; body: Uint8Array }
  | { kind: 'event'; event: Event }
  | { kind: 'idle'; wakeAt: Millis | null };

export type Event =
  | { kind: 'signedIn'; account: AccountId }
  | { kind: 'failed'; code: string; retryAfterMs: number | null }
  | ({ kind: 'welcome' } & Welcome)
  | { kind: 'setupOpen' }
  | { kind: 'invitation'; id: InvitationId; link: string }
  | { kind: 'revoked'; id: InvitationId }
  | { kind: 'queued'; space: SpaceId; id: MessageId }
  | { kind: 'delivered'; space: SpaceId; id: MessageId; seq: Seq }
  | { kind: 'refused'; space: SpaceId; id: MessageId; code: string }
  | { kind: 'updated'; space: SpaceId; seq: Seq }
  | { kind: 'spaceAdded'; space: SpaceId }
  | { kind: 'confirmed'; space: SpaceId; account: AccountId }
  | { kind: 'readersChanged'; space: SpaceId }
  | { kind: 'eraBegan'; space: SpaceId; by: AccountId; added: AccountId[]; removed: AccountId[] }
  | { kind: 'alarm'; space: SpaceId | null; alarm: Alarm }
  | { kind: 'handedBack'; space: SpaceId; records: number }
  | { kind: 'restored'; messages: number; spaces: number }
  | { kind: 'deviceRemoved' }
  | { kind: 'deviceGone'; device: string }
  | { kind: 'passwordChanged' }
  | { kind: 'sheet'; words: string; madeAt: Millis }
  | { kind: 'passwordNeeded' }
  | { kind: 'reopened' }
  /** The password is right. `passkey`: `PublicKeyCredentialRequestOptionsJSON`; `refused`: why what was shown was not enough. */
  | { kind: 'factorNeeded'; totp: boolean; passkey: string | null; refused: string | null }
  /** In base32 (RFC 4648). */
  | { kind: 'totpOffered'; secret: string }
  | { kind: 'factors'; factors: FactorView[] }
  | { kind: 'factorRequired' }
  | { kind: 'factorsRequired'; required: boolean }
  | { kind: 'deviceIdle' }
  | { kind: 'woken' }
  | { kind: 'idleRemoved'; devices: DeviceId[] }
  | { kind: 'people'; people: { account: AccountId; handle: string; role: Role; since: Millis }[] }
  | { kind: 'glance'; tables: { name: string; count: number; columns: string[]; rows: string[][] }[] }
  /** base64url, as `applicationServerKey` takes it; null when the server sends no notices. */
  | { kind: 'pushKey'; key: string | null }
  | { kind: 'pushSet' }
  | { kind: 'exportBegun'; export: number; contents: ExportContents }
  | { kind: 'exportPiece'; export: number; piece: string; done: number; of: number; last: boolean }
  | { kind: 'synced' }
  | { kind: 'online' }
  | { kind: 'offline' };

/** Thrown by every method below: `code` as in `PortError`. */
export interface CoreError {
  code: string;
  what?: string;
  max?: number;
}

/** One client. */
export interface Core {
  command(command: Command, now: Millis): void;
  connected(now: Millis): void;
  disconnected(now: Millis): void;
  frame(bytes: Uint8Array, now: Millis): void;
  response(id: number, body: Uint8Array | undefined, now: Millis): void;
  stored(batch: number, now: Millis): void;
  loaded(rows: Row[], now: Millis): void;
  wake(now: Millis): void;
  poll(): Output;

  account(): AccountView | null;
  spaces(): SpaceView[];
  space(id: SpaceId): SpaceView | null;
  /** Messages `start .. start + count`, oldest first; fewer at the end. */
  page(space: SpaceId, start: number, count: number): { total: number; start: number; messages: MessageView[] };
  devices(): DeviceView[];
  invitations(): InvitationView[];
  /** The account's own space, once founded. */
  ownSpace(): SpaceId | null;
  /** The server's clock minus this one's as last measured. */
  clockOffMs(): number | null;
  free(): void;
}

/** The module, once instantiated. */
export interface CoreModule {
  /** A client on its rows (all but those whose names begin with `log/`) and its storage key of 32 bytes. */
  open(rows: Row[], storageKey: Uint8Array, seed: Uint8Array, now: Millis): Core;
  /** Seals a storage key under a password (Argon2id): what a locked browser keeps. `seed`: 32 random bytes. */
  sealStorageKey(storageKey: Uint8Array, password: string, seed: Uint8Array): Uint8Array;
  /** Throws `wrong_password`. */
  openStorageKey(sealed: Uint8Array, password: string): Uint8Array;
  generatePassphrase(seed: Uint8Array): string;
  strength(password: string): Strength;
}
