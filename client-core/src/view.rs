//! What a host can show: plain views of the client's state.
//!
//! Owns the shapes that hosts render or print, made afresh from state on request. Refuses to know how they are
//! made ([`crate::timeline`]) and words in any language. Invariant: a view holds nothing that is not stored; serialised,
//! it has the shape of its namesake in `client-web/src/core/types.ts`.

use crate::io::{Alarm, MessageId};
use serde::Serialize;
use sotto_protocol::factor::{FactorKind, FactorSummary};
use sotto_protocol::ids::{
    AccountId, DeviceId, EraNumber, FactorId, Handle, Head, InvitationId, Millis, Seq, SpaceId, Version,
};
use sotto_protocol::link::Origin;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::PublicKey;

/// The account on this device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Account.
    pub account: AccountId,
    /// Sign-in name.
    pub handle: Handle,
    /// This device.
    pub device: DeviceId,
    /// Role in the practice.
    pub role: Role,
    /// The practice's name.
    pub practice: String,
    /// Her own name.
    pub name: String,
    /// Server.
    #[serde(serialize_with = "crate::wire::as_text")]
    pub origin: Origin,
    /// Identity key.
    #[serde(serialize_with = "crate::wire::as_hex")]
    pub identity: PublicKey,
    /// Signed in on the server right now.
    pub online: bool,
    /// This device was removed from the account.
    pub removed: bool,
    /// Another device has put the vault under a new key; this one waits for the password.
    pub password_needed: bool,
    /// When the newest recovery sheet was made.
    pub sheet_at: Option<Millis>,
    /// When the password was set, as far as this device knows.
    pub password_at: Option<Millis>,
    /// Spaces that still wait for an era under the account's newest card, as after a device was removed.
    pub eras_due: u64,
    /// Second factors, as the server said last.
    pub factors: Vec<FactorView>,
    /// Since when the practice asks its staff for one.
    pub factors_since: Option<Millis>,
    /// Until when this account may do without.
    pub factor_due: Option<Millis>,
}

/// A second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FactorView {
    /// Factor.
    pub id: FactorId,
    /// `true` for an authenticator app, `false` for a passkey.
    pub app: bool,
    /// Since when.
    pub created_at: Millis,
}

impl From<&FactorSummary> for FactorView {
    fn from(factor: &FactorSummary) -> Self {
        Self { id: factor.id, app: factor.kind == FactorKind::Totp, created_at: factor.created_at }
    }
}

/// One of the account's devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Device.
    pub id: DeviceId,
    /// Its name, from the vault.
    pub name: String,
    /// What it said of itself when it was added.
    pub model: String,
    /// This very device.
    pub this: bool,
    /// Since when.
    pub added_at: Millis,
    /// Removed in this card version.
    pub removed_in: Option<Version>,
    /// How many weeks ago it was connected last, by the server's word; `None` for this device, and while it is not known.
    pub weeks_ago: Option<u64>,
}

/// A member of a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    /// Account.
    pub account: AccountId,
    /// Her name, once she has said it.
    pub name: Option<String>,
    /// Role in this space.
    pub role: Role,
    /// Oneself.
    pub me: bool,
}

/// A space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "independent facts that hosts show side by side")]
pub struct SpaceView {
    /// Space.
    pub id: SpaceId,
    /// Readers now.
    pub members: Vec<MemberView>,
    /// The joiner is known (always, for spaces of one's own founding).
    pub confirmed: bool,
    /// One is a reader now.
    pub member: bool,
    /// Messages of others after the read mark.
    pub unread: u64,
    /// Messages of others that are shown after one's own newest message: the last ones of theirs in `attention`.
    pub unanswered: u64,
    /// Own records not yet acknowledged.
    pub waiting: u64,
    /// Waiting records that need [`crate::io::Command::AcceptReaders`].
    pub needs_consent: bool,
    /// Last verified position.
    pub seq: Seq,
    /// Head there.
    pub head: Head,
    /// Number of the current era.
    pub era: EraNumber,
    /// What is not as it must be.
    pub alarm: Option<Alarm>,
    /// Verified up to the server's head as last heard.
    pub complete: bool,
    /// Only the newest of it is here yet: it can be read, and what is older is on its way.
    pub partial: bool,
    /// Records that were verified one after the other from the first on.
    pub verified: u64,
    /// Records that there are, as far as the server has said.
    pub told: u64,
    /// How many messages there are.
    pub total: u64,
    /// The newest of them, waiting ones included.
    pub last: Option<MessageView>,
    /// Messages of others that one has not acknowledged or that come after one's own last message, and all that are
    /// brought or held; oldest first, at most [`ATTENTION_MAX`].
    pub attention: Vec<MessageView>,
    /// The newest value of each author under each name.
    pub settings: Vec<SettingView>,
    /// When the current era began, by the server's clock.
    pub era_at: Option<Millis>,
    /// What is typed and not sent.
    pub draft: String,
    /// What is typed as the new text of a message, and not sent.
    pub edit: Option<EditView>,
}

/// A message of one's own whose text is being changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EditView {
    /// Which.
    pub target: MessageId,
    /// The new text so far.
    pub text: String,
}

/// Messages in [`SpaceView::attention`] at most.
pub const ATTENTION_MAX: usize = 200;

/// What an author has published about herself under a name; `docs/PROTOCOL.md`, "Settings", says which names there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    /// Author.
    pub author: AccountId,
    /// Name.
    pub name: String,
    /// JSON, as the author's device wrote it; nobody has looked at it here.
    pub value: String,
    /// When, by the author's clock.
    pub sent_at: Millis,
}

/// A message as it stands now: edits applied, taken-back texts gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "independent facts that hosts show side by side")]
pub struct MessageView {
    /// Message.
    pub id: MessageId,
    /// Its place; `None` while it waits in the outbox.
    pub seq: Option<Seq>,
    /// The author's name, once she has said it.
    pub author_name: Option<String>,
    /// Written by oneself.
    pub mine: bool,
    /// When, by the author's clock.
    pub sent_at: Millis,
    /// When the server stored it, by its clock.
    pub stored_at: Option<Millis>,
    /// One's own message that others are shown only from then on; for another's, when it was shown.
    pub show_at: Option<Millis>,
    /// What it says now.
    pub body: BodyView,
    /// It was edited.
    pub edited: bool,
    /// Who has said that she read it.
    pub read_by: Vec<AccountId>,
    /// On the list for the next session.
    pub bring: bool,
    /// Kept for the session by the other side.
    pub held: bool,
    /// The server refused it for good.
    pub refused: bool,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyView {
    /// Text.
    Text(String),
    /// Its author took it back.
    TakenBack,
    /// Sealed under an era that this account could not open; its author will send it again.
    Resending,
    /// Made by a later version of Sotto; kept, and shown after an update.
    Newer,
    /// Its author sealed something unreadable.
    Unreadable,
}

/// Some of a space's messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PageView {
    /// How many there are in all.
    pub total: u64,
    /// Number of the first one given, from zero.
    pub start: u64,
    /// Oldest first.
    pub messages: Vec<MessageView>,
}

/// An invitation in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitationView {
    /// Id.
    pub id: InvitationId,
    /// What the joiner will be.
    pub role: Role,
    /// Until when.
    pub expires_at: Millis,
    /// Who joined with it, checked.
    pub used_by: Option<AccountId>,
    /// Withdrawn.
    pub revoked: bool,
}
