//! A lying server: what one device is shown is not what the others are shown.
//!
//! Owns the lies by name and how each turns the frames for its victim. Refuses to know whether anybody notices
//! ([`super::auditors::lies`]). Invariant: a liar has no keys but those of a colluding member; whatever it changes it
//! makes as consistent as it can: positions are numbered anew and heads computed over what is shown.

use super::forging;
use super::net::HostId;
use super::server::Server;
use sotto_protocol::frame::{ClientFrame, Req, ServerBody, ServerFrame, SpaceHead, Stored};
use sotto_protocol::hash::head_zero;
use sotto_protocol::ids::{AccountId, Revision, Seq, SpaceId, Version};
use sotto_protocol::limits::PAGE_RECORDS_MAX;
use sotto_protocol::record::{Kind, Record, Seen};
use std::collections::BTreeMap;

/// A lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// A record is left out, what follows moves up.
    Omit,
    /// A record is left out, what follows keeps its number.
    Gap,
    /// Two records change places.
    Swap,
    /// A record is shown twice.
    Double,
    /// A record's payload is changed.
    Tamper,
    /// A record is put in that nobody signed.
    Forge,
    /// A record is put in that a removed device signed.
    Undead,
    /// An era is put in by which a member adds a reader without being allowed to.
    AddReader,
    /// A payload is withheld.
    Payload,
    /// The newest records are withheld.
    Newest,
    /// Two devices get two histories.
    Fork,
    /// An old vault is served.
    OldVault,
    /// An old card is served at sign-in.
    OldCard,
    /// Another inviter's card is served with an invitation.
    OtherInviter,
    /// A record is acknowledged and not stored.
    AckOnly,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 15] = [
        Self::Omit,
        Self::Gap,
        Self::Swap,
        Self::Double,
        Self::Tamper,
        Self::Forge,
        Self::Undead,
        Self::AddReader,
        Self::Payload,
        Self::Newest,
        Self::Fork,
        Self::OldVault,
        Self::OldCard,
        Self::OtherInviter,
        Self::AckOnly,
    ];
}

/// Who lies about what to whom.
#[derive(Debug)]
pub struct Liar {
    /// The lie.
    pub lie: Lie,
    /// The device that is lied to; nobody before it is chosen.
    pub victim: Option<HostId>,
    /// Where.
    pub space: SpaceId,
    /// At which record of the true log the lie begins.
    pub at: Seq,
    /// Whose old vault is served.
    pub account: AccountId,
    /// Which.
    pub revision: Revision,
    /// What is put in, made with stolen keys.
    pub forged: Option<Record>,
    /// Something untrue was told.
    pub told: bool,
    reads: BTreeMap<Req, Seq>,
}

impl Liar {
    /// A liar that has not begun.
    pub fn new(lie: Lie) -> Self {
        Self {
            lie,
            victim: None,
            space: SpaceId::ZERO,
            at: Seq::ZERO,
            account: AccountId::ZERO,
            revision: Revision::ZERO,
            forged: None,
            told: false,
            reads: BTreeMap::new(),
        }
    }

    /// What the victim is shown instead of the log.
    fn shown(&self, mut log: Vec<Stored>) -> Vec<Stored> {
        let Some(at) = usize::try_from(self.at.0).ok().filter(|at| *at >= 1 && *at <= log.len()) else {
            return log;
        };
        match self.lie {
            Lie::Omit | Lie::Gap => drop(log.remove(at - 1)),
            Lie::Swap if at < log.len() => log.swap(at - 1, at),
            Lie::Double => {
                let twice = log[at - 1].clone();
                log.insert(at, twice);
            }
            Lie::Tamper => log[at - 1].record = forging::tampered(&log[at - 1].record),
            Lie::Payload if log[at - 1].record.header().kind == Kind::Content => {
                log[at - 1].record = log[at - 1].record.clone().without_payload();
            }
            Lie::Newest => log.truncate(at),
            Lie::Forge => {
                let forged = Stored { record: forging::unsigned(&log[at - 1]), ..log[at - 1].clone() };
                log.insert(at, forged);
            }
            Lie::Undead | Lie::AddReader => {
                let put_in = self.forged.clone().map(|record| Stored { record, ..log[at - 1].clone() });
                put_in.into_iter().for_each(|stored| log.insert(at, stored));
            }
            _ => {}
        }
        if self.lie != Lie::Gap {
            for (stored, n) in log.iter_mut().zip(1..) {
                stored.seq = Seq(n);
            }
        }
        log
    }

    /// The lie is about the records of one space.
    pub fn concerns_log(&self) -> bool {
        matches!(
            self.lie,
            Lie::Omit
                | Lie::Gap
                | Lie::Swap
                | Lie::Double
                | Lie::Tamper
                | Lie::Payload
                | Lie::Newest
                | Lie::Forge
                | Lie::Undead
                | Lie::AddReader
        )
    }

    /// What the victim is shown of the log up to a position of the true one.
    pub fn log(&self, server: &Server, until: Seq) -> Vec<Stored> {
        let mut log = server.records(self.space, Seq::ZERO, usize::MAX);
        log.retain(|stored| stored.seq <= until);
        self.shown(log)
    }

    fn head(&self, server: &Server, honest: SpaceHead) -> SpaceHead {
        let log = self.log(server, honest.seq);
        if self.lie == Lie::Gap {
            return honest;
        }
        let head = log.iter().fold(head_zero(self.space), |head, s| s.record.head_after(head));
        SpaceHead { seq: log.last().map(|s| s.seq).unwrap_or_default(), head, ..honest }
    }

    /// A frame from the victim. An acknowledgement made up comes back instead of passing it on.
    pub fn up(&mut self, server: &Server, bytes: &[u8]) -> Option<Vec<u8>> {
        match ClientFrame::from_bytes(bytes) {
            Ok(ClientFrame::Read { req, space, after, .. }) if space == self.space => {
                self.reads.insert(req, after);
                None
            }
            Ok(ClientFrame::Append { req, record }) if self.lie == Lie::AckOnly && !self.told => {
                let state = server.space(record.header().space).filter(|s| s.seq() > Seq::ZERO)?;
                if record.header().kind != Kind::Content {
                    return None;
                }
                self.told = true;
                self.space = record.header().space;
                let body = ServerBody::Appended {
                    req,
                    id: record.header().id,
                    seq: state.seq().next(),
                    head: record.head_after(state.head()),
                    at: sotto_protocol::ids::Millis(1),
                    payload_hash: record.header().payload_hash,
                    repeat: false,
                };
                Some(ServerFrame { incarnation: server.incarnation(), body }.to_bytes())
            }
            _ => None,
        }
    }

    /// A frame for the victim, as the liar changes it; nothing when it is swallowed.
    pub fn down(&mut self, server: &Server, frame: &[u8]) -> Vec<Vec<u8>> {
        let Ok(ServerFrame { incarnation, body }) = ServerFrame::from_bytes(frame) else {
            return vec![frame.to_vec()];
        };
        let Some(body) = self.turn(server, body) else { return Vec::new() };
        let turned = ServerFrame { incarnation, body }.to_bytes();
        self.told |= turned != frame;
        vec![turned]
    }

    fn turn(&mut self, server: &Server, body: ServerBody) -> Option<ServerBody> {
        let ours = |head: &SpaceHead| head.space == self.space && self.concerns_log();
        Some(match body {
            ServerBody::Ready {
                spaces,
                card_version,
                vault_revision,
                practice,
                now,
                weeks,
                factors_since,
                factor_due,
                factors,
            } => {
                let turn = |h: SpaceHead| if ours(&h) { self.head(server, h) } else { h };
                let spaces = spaces.into_iter().map(turn).collect();
                let old = self.lie == Lie::OldVault && vault_revision > self.revision;
                let vault_revision = if old { self.revision } else { vault_revision };
                ServerBody::Ready {
                    spaces,
                    card_version,
                    vault_revision,
                    practice,
                    now,
                    weeks,
                    factors_since,
                    factor_due,
                    factors,
                }
            }
            ServerBody::Vault { req, revision, sealed } if self.lie == Lie::OldVault => {
                let old = self.old_vault(server).filter(|_| revision > self.revision);
                match old {
                    Some(sealed) => ServerBody::Vault { req, revision: self.revision, sealed: Some(sealed) },
                    None => ServerBody::Vault { req, revision, sealed },
                }
            }
            ServerBody::SpaceAdded { head } if ours(&head) => {
                ServerBody::SpaceAdded { head: self.head(server, head) }
            }
            ServerBody::Subscribed { req, head } if ours(&head) => {
                ServerBody::Subscribed { req, head: self.head(server, head) }
            }
            ServerBody::Page { req, space, head, .. } if ours(&head) => {
                let after = self.reads.remove(&req).unwrap_or_default();
                let records = self.log(server, head.seq).into_iter().filter(|s| s.seq > after);
                let records = records.take(PAGE_RECORDS_MAX).collect();
                ServerBody::Page { req, space, records, head: self.head(server, head) }
            }
            ServerBody::Newest { req, records, head, .. } if ours(&head) => {
                self.newest(server, req, records.len(), head)
            }
            ServerBody::Push { space, records } if space == self.space && self.concerns_log() => {
                let first = records.first().map(|s| Seq(s.seq.0.saturating_sub(1))).unwrap_or_default();
                let last = records.last().map(|s| s.seq).unwrap_or_default();
                let before = self.log(server, first).len();
                let records: Vec<Stored> = self.log(server, last).into_iter().skip(before).collect();
                if records.is_empty() {
                    self.told = true;
                    return None;
                }
                ServerBody::Push { space, records }
            }
            ServerBody::Appended { req, id, seq, head, at, payload_hash, repeat } if self.concerns_log() => {
                let stored = server.records(self.space, Seq(seq.0.saturating_sub(1)), 1);
                let here = stored.first().is_some_and(|s| s.record.header().id == id);
                let shown = if here { self.log(server, seq) } else { Vec::new() };
                let head_shown = shown.iter().fold(head_zero(self.space), |h, s| s.record.head_after(h));
                match shown.last().filter(|_| self.lie != Lie::Gap) {
                    Some(last) if last.record.header().id == id => ServerBody::Appended {
                        req,
                        id,
                        seq: last.seq,
                        head: head_shown,
                        at,
                        payload_hash,
                        repeat,
                    },
                    _ => ServerBody::Appended { req, id, seq, head, at, payload_hash, repeat },
                }
            }
            body => body,
        })
    }

    /// The newest of what the victim is shown, on the base that belongs to it.
    fn newest(&self, server: &Server, req: Req, count: usize, honest: SpaceHead) -> ServerBody {
        let mut log = self.log(server, honest.seq);
        let records = log.split_off(log.len().saturating_sub(count));
        let base = log.iter().fold(head_zero(self.space), |head, s| s.record.head_after(head));
        let seq = log.last().map(|s| s.seq).unwrap_or_default();
        let era = log.into_iter().rev().find(|s| s.record.header().kind == Kind::Era).map(Box::new);
        let base = Seen { seq, head: base };
        ServerBody::Newest { req, base, era, records, head: self.head(server, honest) }
    }

    fn old_vault(&self, server: &Server) -> Option<sotto_protocol::credentials::SealedVault> {
        server.vault_at(self.account, self.revision)
    }

    /// An answer over HTTP for the victim.
    pub fn answer(&mut self, server: &Server, bytes: &[u8]) -> Vec<u8> {
        use sotto_protocol::account::{AccountAnswer, AccountResponse};
        let Ok(mut response) = AccountResponse::from_bytes(bytes) else { return bytes.to_vec() };
        match &mut response.body {
            AccountAnswer::LoggedIn { card, .. } if self.lie == Lie::OldCard => {
                if let Ok(newest) = card.peek()
                    && newest.version > Version(1)
                    && let Some(old) = server.card(newest.account, Some(Version(1)))
                {
                    *card = old;
                }
            }
            AccountAnswer::LoggedIn { vault, vault_revision, .. }
                if self.lie == Lie::OldVault && *vault_revision > self.revision =>
            {
                if let Some(old) = self.old_vault(server) {
                    (*vault, *vault_revision) = (old, self.revision);
                }
            }
            AccountAnswer::Invitation { inviter, .. } if self.lie == Lie::OtherInviter => {
                let claimed = inviter.peek().map_or(AccountId::ZERO, |c| c.account);
                let other = server.accounts().into_iter().find(|a| *a != claimed);
                if let Some(card) = other.and_then(|a| server.card(a, None)) {
                    *inviter = card;
                }
            }
            _ => {}
        }
        let turned = response.to_bytes();
        self.told |= turned != bytes;
        turned
    }
}
