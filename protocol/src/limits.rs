//! Every named limit of the protocol (P10).
//!
//! Owns the numbers; both sides check them. Units stand last in each name. Crossing a limit gets a typed error
//! ([`crate::error::ErrorCode::LimitExceeded`] or a more exact one) and costs nobody else anything.

/// A WebSocket frame, either way.
pub const FRAME_BYTES_MAX: usize = 512 * 1024;
/// A sign-in request or answer.
pub const ACCOUNT_BYTES_MAX: usize = 512 * 1024;
/// A header as signed.
pub const HEADER_BYTES_MAX: usize = 512;
/// A record's payload. 64 KiB of text, its content frame, padding and seal fit.
pub const PAYLOAD_BYTES_MAX: usize = 96 * 1024;
/// A signed object (card, credential set, roster, approval).
pub const SIGNED_BYTES_MAX: usize = 64 * 1024;
/// A sealed vault.
pub const VAULT_BYTES_MAX: usize = 256 * 1024;
/// A sealed inner compartment.
pub const INNER_BYTES_MAX: usize = 4 * 1024;
/// A sealed invitation body.
pub const INVITATION_BYTES_MAX: usize = 16 * 1024;
/// An OPAQUE message (RFC 9807); the longest of our suite has 320 bytes.
pub const OPAQUE_BYTES_MAX: usize = 1024;
/// Sign-in state or token, opaque to the client.
pub const TOKEN_BYTES_MAX: usize = 2048;
/// An HPKE ciphertext to one X-Wing key: 1 120 bytes encapsulation, 32 key, 16 tag, 1 algorithm.
pub const WRAP_BYTES_MAX: usize = 1200;
/// An ephemeral frame's sealed body.
pub const EPHEMERAL_BYTES_MAX: usize = 16 * 1024;
/// A plaintext is padded to at least this much.
pub const PADDED_BYTES_MIN: usize = 1024;
/// How long after it was written a message may be kept back from the others: 14 days.
pub const SHOW_LATER_MS_MAX: u64 = 14 * 24 * 3600 * 1000;
/// Value of one setting, UTF-8.
pub const SETTING_BYTES_MAX: usize = 16 * 1024;
/// Text of one message, UTF-8.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// A display name, practice name or note.
pub const NAME_BYTES_MAX: usize = 200;
/// The note that goes with an invitation.
pub const NOTE_BYTES_MAX: usize = 2000;
/// Members of a space.
pub const MEMBERS_MAX: usize = 16;
/// Active devices of an account.
pub const DEVICES_MAX: usize = 16;
/// Devices in a card, removed ones included.
pub const DEVICES_EVER_MAX: usize = 256;
/// Unlock methods of an account.
pub const METHODS_MAX: usize = 16;
/// Second factors of an account.
pub const FACTORS_MAX: usize = 8;
/// A message of WebAuthn as JSON.
pub const WEBAUTHN_BYTES_MAX: usize = 8 * 1024;
/// What the server wants back of a sign-in that waits for its second factor.
pub const FACTOR_STATE_BYTES_MAX: usize = 24 * 1024;
/// Key of an authenticator app.
pub const TOTP_SECRET_BYTES_MAX: usize = 64;
/// Digits of an authenticator app.
pub const FACTOR_CODE_BYTES_MAX: usize = 8;
/// How long staff may still connect without a second factor after the owner has asked for it: 7 days.
pub const FACTOR_GRACE_MS: u64 = 7 * 24 * 3600 * 1000;
/// People in a roster.
pub const ROSTER_MAX: usize = 256;
/// Spaces of an account.
pub const SPACES_MAX: usize = 1024;
/// Open invitations of an account.
pub const INVITATIONS_OPEN_MAX: usize = 128;
/// Records in one page.
pub const PAGE_RECORDS_MAX: usize = 256;
/// Bytes of records in one page; a page holds at least one record.
pub const PAGE_BYTES_MAX: usize = 256 * 1024;
/// Appends of one connection waiting for their flush.
pub const APPENDS_IN_FLIGHT_MAX: usize = 64;
/// Frames waiting to go out on one connection; a slower reader is disconnected and reads on from its cursor.
pub const OUTGOING_FRAMES_MAX: usize = 256;
/// Subscribed spaces of one connection.
pub const SUBSCRIPTIONS_MAX: usize = SPACES_MAX;
/// Records in one flush.
pub const BATCH_RECORDS_MAX: usize = 256;
/// Frames a connection may send per second, sustained.
pub const FRAMES_PER_SECOND_MAX: u32 = 2000;
/// Ephemeral frames a connection may send per second, sustained.
pub const EPHEMERAL_PER_SECOND_MAX: u32 = 20;
/// Connections of one account.
pub const CONNECTIONS_PER_ACCOUNT_MAX: usize = 32;
/// How long an invitation may live.
pub const INVITATION_TTL_MS_MAX: u64 = 30 * 24 * 3600 * 1000;
/// How long an invitation lives unless told otherwise.
pub const INVITATION_TTL_MS_DEFAULT: u64 = 7 * 24 * 3600 * 1000;
/// How long an author may take a record's payload back, by the server's clock.
pub const TAKE_BACK_MS_MAX: u64 = 24 * 3600 * 1000;
/// Age at which an era is renewed.
pub const ERA_AGE_MS_MAX: u64 = 7 * 24 * 3600 * 1000;
/// Least time between two age or void eras made by one member.
pub const ERA_INTERVAL_MS_MIN: u64 = 3600 * 1000;
/// A connection that has not signed in by then is closed.
pub const HANDSHAKE_MS_MAX: u64 = 10_000;
/// A connection that has said nothing for this long is closed; clients ping at a third of it.
pub const IDLE_MS_MAX: u64 = 90_000;
/// How long sign-in state and the token from sign-in last.
pub const LOGIN_MS_MAX: u64 = 5 * 60 * 1000;
/// How long a blob token lasts.
pub const BLOB_TOKEN_MS_MAX: u64 = 10 * 60 * 1000;
/// A device that was not connected for this long has to sign in again, and the account's other devices remove it.
pub const DEVICE_IDLE_MS_MAX: u64 = 60 * 24 * 3600 * 1000;
/// Earlier vault revisions are kept this long.
pub const VAULT_KEPT_MS: u64 = 30 * 24 * 3600 * 1000;
/// Accounts of a practice that its owner is shown, the newest.
pub const PEOPLE_MAX: usize = 2048;
/// Rows of a table that the owner is shown, the newest.
pub const GLANCE_ROWS_MAX: usize = 8;
/// A cell of such a row, as text.
pub const GLANCE_CELL_BYTES_MAX: usize = 200;
/// Lists of people and glances a connection may ask for per second, sustained.
pub const GLANCES_PER_SECOND_MAX: u32 = 2;
/// The address where a push service takes notices for a browser.
pub const PUSH_ENDPOINT_BYTES_MAX: usize = 1024;
/// An uncompressed public key on P-256.
pub const PUSH_KEY_BYTES: usize = 65;
