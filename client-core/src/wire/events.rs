//! Events, alarms and bodies as the web app sees them.
//!
//! Owns one shape for each. Refuses to know who is told. Invariant: every alarm and body has a shape; of the events
//! only those lack one that answer commands the web app cannot give.

use crate::export::{Contents, ExportId};
use crate::io::{Alarm, Event, Failure, MessageId};
use crate::view::BodyView;
use crate::view::FactorView;
use crate::wire::snake;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::WebauthnJson;
use sotto_protocol::frame::{Person, TableGlance};
use sotto_protocol::ids::{AccountId, DeviceId, InvitationId, Millis, Seq, SpaceId};
use sotto_protocol::roster::Role;

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum EventShape<'a> {
    SignedIn { account: AccountId },
    Failed { code: String, retry_after_ms: Option<u64> },
    Welcome { inviter: &'a str, practice: &'a str, note: &'a str, role: Role },
    SetupOpen,
    Invitation { id: InvitationId, link: &'a str },
    Revoked { id: InvitationId },
    Queued { space: SpaceId, id: MessageId },
    Delivered { space: SpaceId, id: MessageId, seq: Seq },
    Refused { space: SpaceId, id: MessageId, code: String },
    Updated { space: SpaceId, seq: Seq },
    SpaceAdded { space: SpaceId },
    Confirmed { space: SpaceId, account: AccountId },
    ReadersChanged { space: SpaceId },
    EraBegan { space: SpaceId, by: AccountId, added: &'a [AccountId], removed: &'a [AccountId] },
    Alarm { space: Option<SpaceId>, alarm: &'a Alarm },
    HandedBack { space: SpaceId, records: u64 },
    Restored { messages: u64, spaces: u64 },
    DeviceRemoved,
    DeviceGone { device: DeviceId },
    PasswordChanged,
    Sheet { words: &'a str, made_at: Millis },
    PasswordNeeded,
    Reopened,
    FactorNeeded { totp: bool, passkey: Option<&'a str>, refused: Option<String> },
    TotpOffered { secret: &'a str },
    Factors { factors: Vec<FactorView> },
    FactorRequired,
    FactorsRequired { required: bool },
    DeviceIdle,
    Woken,
    IdleRemoved { devices: &'a [DeviceId] },
    People { people: &'a [Person] },
    Glance { tables: &'a [TableGlance] },
    PushKey { key: Option<String> },
    PushSet,
    ExportBegun { export: ExportId, contents: Contents },
    ExportPiece { export: ExportId, piece: &'a str, done: u64, of: u64, last: bool },
    Synced,
    Online,
    Offline,
}

impl<'a> EventShape<'a> {
    pub(super) fn of(event: &'a Event) -> Option<Self> {
        let shape = match event {
            Event::SignedIn { account } => Self::SignedIn { account: *account },
            Event::Failed(failure) => failed(failure),
            Event::Welcome { inviter, practice, note, role } => {
                Self::Welcome { inviter, practice, note, role: *role }
            }
            Event::SetupOpen => Self::SetupOpen,
            Event::Invitation { id, link } => Self::Invitation { id: *id, link },
            Event::Revoked(id) => Self::Revoked { id: *id },
            Event::Queued { space, id } => Self::Queued { space: *space, id: *id },
            Event::Delivered { space, id, seq } => Self::Delivered { space: *space, id: *id, seq: *seq },
            Event::Refused { space, id, code } => {
                Self::Refused { space: *space, id: *id, code: code_name(*code) }
            }
            Event::Updated { space, seq } => Self::Updated { space: *space, seq: *seq },
            Event::SpaceAdded(space) => Self::SpaceAdded { space: *space },
            Event::Confirmed { space, account } => Self::Confirmed { space: *space, account: *account },
            Event::ReadersChanged(space) => Self::ReadersChanged { space: *space },
            Event::EraBegan { space, by, added, removed } => {
                Self::EraBegan { space: *space, by: *by, added, removed }
            }
            Event::Alarm { space, alarm } => Self::Alarm { space: *space, alarm },
            Event::HandedBack { space, records } => Self::HandedBack { space: *space, records: *records },
            Event::Restored { messages, spaces } => Self::Restored { messages: *messages, spaces: *spaces },
            Event::DeviceRemoved => Self::DeviceRemoved,
            Event::DeviceGone(device) => Self::DeviceGone { device: *device },
            Event::PasswordChanged => Self::PasswordChanged,
            Event::Sheet { words, made_at } => Self::Sheet { words, made_at: *made_at },
            Event::PasswordNeeded => Self::PasswordNeeded,
            Event::Reopened => Self::Reopened,
            Event::FactorNeeded { totp, passkey, refused } => {
                let (passkey, refused) =
                    (passkey.as_ref().map(WebauthnJson::as_str), refused.as_ref().map(code_of));
                Self::FactorNeeded { totp: *totp, passkey, refused }
            }
            Event::TotpOffered { secret } => Self::TotpOffered { secret },
            Event::Factors(factors) => Self::Factors { factors: factors.iter().map(Into::into).collect() },
            Event::FactorRequired => Self::FactorRequired,
            Event::FactorsRequired(required) => Self::FactorsRequired { required: *required },
            Event::DeviceIdle => Self::DeviceIdle,
            Event::Woken => Self::Woken,
            Event::IdleRemoved(devices) => Self::IdleRemoved { devices },
            Event::People(people) => Self::People { people },
            Event::Glance(tables) => Self::Glance { tables },
            // As `applicationServerKey` takes it.
            Event::PushKey(key) => {
                Self::PushKey { key: key.as_ref().map(|key| URL_SAFE_NO_PAD.encode(key.as_slice())) }
            }
            Event::PushSet => Self::PushSet,
            Event::ExportBegun { export, contents } => {
                Self::ExportBegun { export: *export, contents: *contents }
            }
            Event::ExportPiece { export, piece, done, of, last } => {
                Self::ExportPiece { export: *export, piece, done: *done, of: *of, last: *last }
            }
            Event::Synced => Self::Synced,
            Event::Online => Self::Online,
            Event::Offline => Self::Offline,
            // The web app signs no roster and has nothing live to show yet.
            Event::RosterSigned { .. } | Event::Ephemeral { .. } => return None,
        };
        Some(shape)
    }
}

fn failed(failure: &Failure) -> EventShape<'_> {
    let retry_after_ms = match failure {
        Failure::Server { retry_after_ms, .. } => *retry_after_ms,
        _ => None,
    };
    EventShape::Failed { code: code_of(failure), retry_after_ms }
}

fn code_of(failure: &Failure) -> String {
    match failure {
        Failure::Server { code, .. } => code_name(*code),
        Failure::Unreachable => "unreachable".to_owned(),
        Failure::Dishonest(_) => "dishonest".to_owned(),
        Failure::WrongPassword => "wrong_password".to_owned(),
        Failure::WrongSheet => "wrong_sheet".to_owned(),
        Failure::Unanswered => "unanswered".to_owned(),
        Failure::Stopped => "stopped".to_owned(),
        Failure::RecordChanged => "record_changed".to_owned(),
        Failure::RecordUnreadable => "record_unreadable".to_owned(),
    }
}

fn code_name(code: ErrorCode) -> String {
    snake(code.name())
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum AlarmShape {
    Forked,
    Forged,
    RuleBroken,
    Withheld { expected: Seq, have: Seq },
    PayloadWithheld,
    SetBack,
    OldVault,
    OldCard,
    OldRoster,
    IdentityChanged { account: AccountId },
    Uninvited { account: AccountId },
    BadEra { account: AccountId },
    BadContent { account: AccountId },
    UpdateNeeded,
}

impl Serialize for Alarm {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let shape = match self {
            Self::Forked => AlarmShape::Forked,
            Self::Forged => AlarmShape::Forged,
            Self::RuleBroken => AlarmShape::RuleBroken,
            Self::Withheld { expected, have } => AlarmShape::Withheld { expected: expected.seq, have: *have },
            Self::PayloadWithheld => AlarmShape::PayloadWithheld,
            Self::SetBack => AlarmShape::SetBack,
            Self::OldVault => AlarmShape::OldVault,
            Self::OldCard => AlarmShape::OldCard,
            Self::OldRoster => AlarmShape::OldRoster,
            Self::IdentityChanged(account) => AlarmShape::IdentityChanged { account: *account },
            Self::Uninvited(account) => AlarmShape::Uninvited { account: *account },
            Self::BadEra(account) => AlarmShape::BadEra { account: *account },
            Self::BadContent(account) => AlarmShape::BadContent { account: *account },
            Self::UpdateNeeded => AlarmShape::UpdateNeeded,
        };
        shape.serialize(s)
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum BodyShape<'a> {
    Text { text: &'a str },
    TakenBack,
    Resending,
    Newer,
    Unreadable,
}

impl Serialize for BodyView {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let shape = match self {
            Self::Text(text) => BodyShape::Text { text },
            Self::TakenBack => BodyShape::TakenBack,
            Self::Resending => BodyShape::Resending,
            Self::Newer => BodyShape::Newer,
            Self::Unreadable => BodyShape::Unreadable,
        };
        shape.serialize(s)
    }
}
