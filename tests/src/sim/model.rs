//! What was asked for: the yardstick against which logs and views are held.
//!
//! Owns every text that somebody wrote, every draft that a client confirmed as queued, every acknowledgement that
//! left the server, and what was noticed. Refuses to know how any of that came about.

use super::net::{ConnId, HostId};
use sotto_client_core::io::{Alarm, Draft, Failure, MessageId};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::Req;
use sotto_protocol::ids::{AccountId, DeviceId, Hash, Head, Millis, RecordId, Seq, SpaceId, Version};
use std::collections::{BTreeMap, BTreeSet};

/// Stands in everything that the server must not see, and in nothing else.
pub const MARKER: &str = "zqMARKqz";

/// A text that somebody wrote.
#[derive(Clone, Debug)]
pub struct Text {
    /// By whom.
    pub author: AccountId,
    /// Where.
    pub space: SpaceId,
    /// When, in the simulation's time.
    pub at: u64,
}

/// An acknowledgement that left the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Space.
    pub space: SpaceId,
    /// Author.
    pub author: AccountId,
    /// Record.
    pub id: RecordId,
    /// Position told.
    pub seq: Seq,
    /// Head told.
    pub head: Head,
    /// Payload hash told.
    pub payload_hash: Hash,
}

/// What somebody did that can be waited for.
#[derive(Clone, Debug)]
pub struct Queued {
    /// On which host.
    pub host: HostId,
    /// What.
    pub draft: Draft,
    /// Who could read when it was written, or when its author last looked.
    pub readers: BTreeSet<AccountId>,
    /// When.
    pub at: u64,
}

/// An alarm.
#[derive(Clone, Debug)]
pub struct Raised {
    /// At which host.
    pub host: HostId,
    /// Where.
    pub space: Option<SpaceId>,
    /// What.
    pub alarm: Alarm,
}

/// Everything that was asked for and told.
#[derive(Debug, Default)]
pub struct Model {
    /// Texts by their words.
    pub texts: BTreeMap<String, Text>,
    /// Confirmed drafts.
    pub queued: BTreeMap<(SpaceId, MessageId), Queued>,
    /// Drafts whose confirmation a crash swallowed: they may be there or not, under an unknown id.
    pub uncertain: Vec<(SpaceId, Draft)>,
    /// Messages taken back before they were ever sent.
    pub vanished: BTreeSet<(SpaceId, MessageId)>,
    /// Drafts refused for good, with the reason.
    pub refused: BTreeMap<(SpaceId, MessageId), ErrorCode>,
    /// Acknowledgements, by record.
    pub acks: BTreeMap<(SpaceId, AccountId, RecordId), Ack>,
    /// Alarms.
    pub alarms: Vec<Raised>,
    /// Failures of commands.
    pub failures: Vec<(HostId, Failure)>,
    /// Devices that were removed, and when their remover heard that it was done.
    pub removed_devices: BTreeMap<DeviceId, u64>,
    /// When a removal of a device was done, by the server's clock.
    pub removals: BTreeMap<DeviceId, (AccountId, Millis)>,
    /// Devices that somebody wanted removed as lost, with the hosts they are.
    pub lost_devices: BTreeMap<DeviceId, HostId>,
    /// Requests that repeat an acknowledged append.
    pub repeats: BTreeMap<(ConnId, Req), Ack>,
    /// Requests that would replace a vault their writer did not know.
    pub blind_writes: BTreeSet<(ConnId, Req)>,
    /// Joiners whose proof an inviter has checked.
    pub confirmed: BTreeSet<(SpaceId, AccountId)>,
    /// People who have withdrawn an invitation.
    pub revokers: BTreeSet<usize>,
    /// The server was set back that often.
    pub set_back: u32,
    /// Acknowledged before the server was set back, and lost by that; with the hosts that had it on disk.
    pub lost: BTreeMap<(SpaceId, AccountId, RecordId), (Ack, Vec<HostId>)>,
    /// Spaces of which a set-back server ever lost something.
    pub shortened: BTreeSet<SpaceId>,
    /// Spaces in which a set-back server has accepted other records than it had lost.
    pub parted: BTreeSet<SpaceId>,
    /// The newest card of each account when the server was set back.
    pub cards_before: BTreeMap<AccountId, Version>,
    /// The heads of each log, as they were when the server was set back.
    pub before: BTreeMap<SpaceId, Vec<Head>>,
}

impl Model {
    /// True when a draft is, or is about, a message that was, or may have been, taken back before it was sent, or an
    /// edit that its take-back may have overtaken.
    pub fn target_vanished(&self, space: SpaceId, id: MessageId, draft: &Draft) -> bool {
        let about = Self::target_of(draft).unwrap_or(id);
        let taken_back = |q: &Queued| q.draft == Draft::TakeBack(about);
        let superseded = matches!(draft, Draft::Edit { .. }) && self.queued.values().any(taken_back);
        superseded
            || self.vanished.contains(&(space, about))
            || self.uncertain.iter().any(|(s, d)| *s == space && *d == Draft::TakeBack(about))
    }

    /// The text of a message draft.
    pub fn text_of(draft: &Draft) -> Option<&str> {
        match draft {
            Draft::Message { text, .. } | Draft::Edit { text, .. } => Some(text),
            Draft::TakeBack(_)
            | Draft::Acknowledge(_)
            | Draft::Bring(_)
            | Draft::Hold(_)
            | Draft::Setting { .. } => None,
        }
    }

    /// The message that a draft is about, unless it is one itself.
    pub fn target_of(draft: &Draft) -> Option<MessageId> {
        match draft {
            Draft::Message { .. } | Draft::Setting { .. } => None,
            Draft::Edit { target, .. }
            | Draft::TakeBack(target)
            | Draft::Acknowledge(target)
            | Draft::Bring(target)
            | Draft::Hold(target) => Some(*target),
        }
    }
}
