//! The shapes of `--json`.
//!
//! Owns field names and their types. Refuses to know where values come from. Invariant: fields are added, never
//! renamed; ids are in full; times are ISO 8601 in UTC with milliseconds, and beside it milliseconds since 1970.

use crate::words;
use serde::Serialize;
use sotto_client_core::io::{Alarm, MessageId};
use sotto_client_core::view::{
    AccountView, BodyView, DeviceView, InvitationView, MemberView, MessageView, SpaceView,
};
use sotto_protocol::codec;
use sotto_protocol::ids::{AccountId, DeviceId, Handle, Head, InvitationId, Millis, RecordId, Seq, SpaceId};

/// A message of `read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as in the view")]
pub(crate) struct MessageJson {
    pub(crate) space: SpaceId,
    pub(crate) id: RecordId,
    pub(crate) seq: Option<Seq>,
    pub(crate) author: AccountId,
    pub(crate) author_name: Option<String>,
    pub(crate) mine: bool,
    pub(crate) sent_at: Option<String>,
    pub(crate) sent_at_ms: Millis,
    pub(crate) stored_at: Option<String>,
    pub(crate) stored_at_ms: Option<Millis>,
    /// What it says now; `null` when taken back or not readable, see `problem`.
    pub(crate) text: Option<String>,
    pub(crate) edited: bool,
    pub(crate) taken_back: bool,
    pub(crate) read_by: Vec<AccountId>,
    pub(crate) bring: bool,
    pub(crate) held: bool,
    pub(crate) state: StateJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<&'static str>,
}

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateJson {
    Waiting,
    Delivered,
    Refused,
}

impl MessageJson {
    pub(crate) fn new(space: SpaceId, message: &MessageView) -> Self {
        let (text, problem) = match &message.body {
            BodyView::Text(text) => (Some(text.clone()), None),
            BodyView::TakenBack => (None, None),
            BodyView::Resending => (None, Some("resending")),
            BodyView::Newer => (None, Some("newer")),
            BodyView::Unreadable => (None, Some("unreadable")),
        };
        Self {
            space,
            id: message.id.record,
            seq: message.seq,
            author: message.id.author,
            author_name: message.author_name.clone(),
            mine: message.mine,
            sent_at: words::iso(message.sent_at),
            sent_at_ms: message.sent_at,
            stored_at: message.stored_at.and_then(words::iso),
            stored_at_ms: message.stored_at,
            text,
            edited: message.edited,
            taken_back: message.body == BodyView::TakenBack,
            read_by: message.read_by.clone(),
            bring: message.bring,
            held: message.held,
            state: match (message.refused, message.seq) {
                (true, _) => StateJson::Refused,
                (false, Some(_)) => StateJson::Delivered,
                (false, None) => StateJson::Waiting,
            },
            problem,
        }
    }
}

/// What became of something written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WrittenJson {
    pub(crate) space: SpaceId,
    pub(crate) id: RecordId,
    pub(crate) queued: bool,
    pub(crate) delivered: bool,
    pub(crate) seq: Option<Seq>,
    /// It waits for `sotto accept-readers`.
    pub(crate) needs_consent: bool,
}

impl WrittenJson {
    pub(crate) fn queued(space: SpaceId, id: MessageId) -> Self {
        Self { space, id: id.record, queued: true, delivered: false, seq: None, needs_consent: false }
    }
}

/// A conversation of `spaces`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, as in the view")]
pub(crate) struct SpaceJson {
    pub(crate) id: SpaceId,
    pub(crate) members: Vec<MemberJson>,
    pub(crate) unread: u64,
    pub(crate) waiting: u64,
    pub(crate) needs_consent: bool,
    pub(crate) confirmed: bool,
    pub(crate) member: bool,
    pub(crate) complete: bool,
    pub(crate) seq: Seq,
    pub(crate) head: Head,
    pub(crate) era: u64,
    pub(crate) alarm: Option<AlarmJson>,
}

impl From<&SpaceView> for SpaceJson {
    fn from(space: &SpaceView) -> Self {
        Self {
            id: space.id,
            members: space.members.iter().map(Into::into).collect(),
            unread: space.unread,
            waiting: space.waiting,
            needs_consent: space.needs_consent,
            confirmed: space.confirmed,
            member: space.member,
            complete: space.complete,
            seq: space.seq,
            head: space.head,
            era: space.era.0,
            alarm: space.alarm.as_ref().map(|alarm| AlarmJson::new(Some(space), alarm)),
        }
    }
}

/// A reader of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct MemberJson {
    pub(crate) account: AccountId,
    pub(crate) name: Option<String>,
    pub(crate) role: &'static str,
    pub(crate) me: bool,
}

impl From<&MemberView> for MemberJson {
    fn from(member: &MemberView) -> Self {
        Self { account: member.account, name: member.name.clone(), role: member.role.as_str(), me: member.me }
    }
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AlarmJson {
    pub(crate) kind: &'static str,
    pub(crate) space: Option<SpaceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<AccountId>,
    pub(crate) message: String,
}

impl AlarmJson {
    pub(crate) fn new(space: Option<&SpaceView>, alarm: &Alarm) -> Self {
        let (kind, account) = match alarm {
            Alarm::Forked => ("forked", None),
            Alarm::Forged => ("forged", None),
            Alarm::RuleBroken => ("rule_broken", None),
            Alarm::Withheld { .. } => ("withheld", None),
            Alarm::PayloadWithheld => ("payload_withheld", None),
            Alarm::SetBack => ("set_back", None),
            Alarm::OldVault => ("old_vault", None),
            Alarm::OldCard => ("old_card", None),
            Alarm::OldRoster => ("old_roster", None),
            Alarm::IdentityChanged(account) => ("identity_changed", Some(*account)),
            Alarm::Uninvited(account) => ("uninvited", Some(*account)),
            Alarm::BadEra(account) => ("bad_era", Some(*account)),
            Alarm::BadContent(account) => ("bad_content", Some(*account)),
            Alarm::UpdateNeeded => ("update_needed", None),
        };
        Self { kind, space: space.map(|space| space.id), account, message: words::alarm(space, alarm) }
    }
}

/// A device of `devices`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DeviceJson {
    pub(crate) id: DeviceId,
    pub(crate) name: String,
    pub(crate) this: bool,
    pub(crate) added_at: Option<String>,
    pub(crate) added_at_ms: Millis,
    pub(crate) removed: bool,
    pub(crate) weeks_ago: Option<u64>,
}

impl DeviceJson {
    /// `gone`: this very device was removed; it has been told so, but not shown the list that says it.
    pub(crate) fn new(device: &DeviceView, gone: bool) -> Self {
        Self {
            id: device.id,
            name: device.name.clone(),
            this: device.this,
            added_at: words::iso(device.added_at),
            added_at_ms: device.added_at,
            removed: device.removed_in.is_some() || (device.this && gone),
            weeks_ago: device.weeks_ago,
        }
    }
}

/// An invitation of `invitations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct InvitationJson {
    pub(crate) id: InvitationId,
    pub(crate) role: &'static str,
    pub(crate) state: &'static str,
    pub(crate) expires_at: Option<String>,
    pub(crate) expires_at_ms: Millis,
    pub(crate) used_by: Option<AccountId>,
}

impl InvitationJson {
    pub(crate) fn new(invitation: &InvitationView, now: Millis) -> Self {
        let state = match invitation {
            InvitationView { used_by: Some(_), .. } => "used",
            InvitationView { revoked: true, .. } => "revoked",
            InvitationView { expires_at, .. } if *expires_at <= now => "expired",
            InvitationView { .. } => "open",
        };
        Self {
            id: invitation.id,
            role: invitation.role.as_str(),
            state,
            expires_at: words::iso(invitation.expires_at),
            expires_at_ms: invitation.expires_at,
            used_by: invitation.used_by,
        }
    }
}

/// `whoami`, and the end of `setup`, `join` and `login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AccountJson {
    pub(crate) account: AccountId,
    pub(crate) handle: Handle,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) practice: String,
    pub(crate) identity: String,
    pub(crate) device: DeviceId,
    pub(crate) server: String,
    pub(crate) removed: bool,
}

impl From<&AccountView> for AccountJson {
    fn from(account: &AccountView) -> Self {
        Self {
            account: account.account,
            handle: account.handle.clone(),
            name: account.name.clone(),
            role: account.role.as_str(),
            practice: account.practice.clone(),
            identity: codec::hex(account.identity.as_bytes()),
            device: account.device,
            server: account.origin.to_string(),
            removed: account.removed,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
