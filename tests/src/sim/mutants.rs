//! Mutants: clients and servers with one deliberate defect, each of which an auditor must catch.
//!
//! Owns the table: which defect, in which lane and seeds, with which counterpart, and which auditors may find it.
//! Refuses to know the auditors. A defect that only shows towards somebody hostile runs with her, and the
//! counterpart alone, met by honest code, must pass every auditor.

use super::auditors::Finding;
use super::lanes::Lane;
use super::lies::Lie;
use super::run::Setting;
use super::seeds::guarded;
use sotto_client_core::defects::{Defect as Client, Defects as Clients};
use sotto_client_core::io::Alarm;
use sotto_server::defects::{Defect as Server, Defects as Servers};
use std::ops::Range;

/// A mutant, and where it is caught.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What it does wrong.
    pub name: String,
    /// The defect and its counterpart.
    pub setting: Setting,
    /// The counterpart alone.
    pub counterpart: Option<Setting>,
    /// In which lane.
    pub lane: Lane,
    /// With which seeds, first finding first.
    pub seeds: Range<u64>,
    /// By which auditors.
    pub by: &'static [&'static str],
}

fn server(defect: Server, lane: Lane, seeds: Range<u64>, by: &'static [&'static str]) -> Mutant {
    let setting = Setting { server: Servers::none().with(defect), ..Setting::default() };
    Mutant { name: format!("server {defect:?}"), setting, counterpart: None, lane, seeds, by }
}

fn client(defect: Client, lane: Lane, seeds: Range<u64>, by: &'static [&'static str]) -> Mutant {
    let setting = Setting { clients: Clients::none().with(defect), ..Setting::default() };
    Mutant { name: format!("client {defect:?}"), setting, counterpart: None, lane, seeds, by }
}

impl Mutant {
    /// Together with a joiner who misbehaves.
    fn against(mut self, joiner: Client) -> Self {
        self.setting.joiner = Clients::none().with(joiner);
        self.counterpart = Some(Setting { joiner: self.setting.joiner, ..Setting::default() });
        self
    }

    /// Together with a lie. Whoever joined first has the defect too.
    fn told(mut self, lie: Lie) -> Self {
        self.setting.lie = Some(lie);
        self.setting.joiner = self.setting.clients;
        self.counterpart = Some(Setting { lie: Some(lie), ..Setting::default() });
        self
    }

    /// Everybody has it.
    fn everywhere(mut self) -> Self {
        self.setting.joiner = self.setting.clients;
        self
    }

    /// The first seed that catches it.
    pub fn hunt(&self) -> Option<(u64, Finding)> {
        self.seeds
            .clone()
            .find_map(|seed| guarded(self.lane, seed, self.setting).finding.map(|finding| (seed, finding)))
    }

    /// What an auditor says of the counterpart alone, in the first seeds.
    pub fn blamed(&self, seeds: u64) -> Option<(u64, Finding)> {
        let counterpart = self.counterpart?;
        let seeds = self.seeds.start..self.seeds.end.min(self.seeds.start + seeds);
        seeds
            .into_iter()
            .find_map(|seed| guarded(self.lane, seed, counterpart).finding.map(|finding| (seed, finding)))
    }
}

/// Somebody who misbehaves, and what honest code has to say of her.
#[derive(Clone, Debug)]
pub struct Misdeed {
    /// What she does.
    pub defect: Client,
    /// In which lane.
    pub lane: Lane,
    /// By which alarm somebody notices.
    pub noticed: fn(&Alarm) -> bool,
}

impl Misdeed {
    /// A run in which whoever joins first does this.
    pub fn setting(&self) -> Setting {
        Setting { joiner: Clients::none().with(self.defect), ..Setting::default() }
    }
}

/// Every way to misbehave there is.
pub fn misdeeds() -> Vec<Misdeed> {
    let bad_era: fn(&Alarm) -> bool = |alarm| matches!(alarm, Alarm::BadEra(_));
    vec![
        Misdeed { defect: Client::SealRubbish, lane: Lane::Calm, noticed: bad_era },
        Misdeed { defect: Client::SealAnotherKey, lane: Lane::Calm, noticed: bad_era },
        Misdeed {
            defect: Client::ForgeJoinProof,
            lane: Lane::Calm,
            noticed: |alarm| matches!(alarm, Alarm::Uninvited(_)),
        },
        // The server refuses it, and nobody else hears of it.
        Misdeed { defect: Client::ForgeSeen, lane: Lane::Calm, noticed: |alarm| *alarm == Alarm::Forked },
    ]
}

/// What no short run shows. A queue overflows only when hundreds of flushes pass a reader who takes nothing, and the
/// next push, or the vault of another device, makes the client read what was lost; the session's tests show that such a reader is
/// cut. Where a repeat is judged by its era first, the client seals it anew under the same id, and that finds the first; the
/// service's tests show that a repeat gets the first answer whatever has changed.
pub const OUT_OF_REACH: [Server; 2] = [Server::DropPushOnOverflow, Server::TrustIdempotencyAfterEra];

/// Every defect within reach, and where it is caught.
pub fn all() -> Vec<Mutant> {
    let seeds = || 0..80;
    vec![
        // Sealed for readers of before: one of them may be somebody who was removed.
        server(Server::AcceptStaleEra, Lane::Membership, seeds(), &["alarms", "consent", "removal"]),
        server(Server::AckBeforeFlush, Lane::Rough, seeds(), &["durable"]),
        server(Server::SkipCardCheck, Lane::Membership, seeds(), &["removal"]),
        server(Server::SkipIdempotency, Lane::Torn, seeds(), &["once"]),
        server(Server::SkipMembership, Lane::Membership, seeds(), &["removal", "reading"]),
        server(Server::SkipSeenCheck, Lane::Calm, seeds(), &["alarms"]).against(Client::ForgeSeen),
        server(Server::KeepPayloadOnDrop, Lane::Calm, seeds(), &["erasure"]),
        server(Server::KeepSubscriptions, Lane::Membership, seeds(), &["removal"]),
        server(Server::SkipVaultCompare, Lane::Rough, seeds(), &["vault"]),
        server(Server::ReuseInvitation, Lane::Rough, seeds(), &["alarms"]),
        client(Client::SendBeforeStored, Lane::Rough, seeds(), &["outbox"]).everywhere(),
        client(Client::ForgetOutbox, Lane::Rough, seeds(), &["outbox"]).everywhere(),
        client(Client::FreshIds, Lane::Rough, seeds(), &["outbox", "reading"]).everywhere(),
        client(Client::SealForAnybody, Lane::Membership, seeds(), &["consent"]).everywhere(),
        client(Client::SkipCommitment, Lane::Calm, seeds(), &["reading"]).against(Client::SealAnotherKey),
        client(Client::TrustMembers, Lane::Lying, seeds(), &["lies"]).told(Lie::AddReader),
        client(Client::TrustNewest, Lane::Lying, seeds(), &["lies"]).told(Lie::Omit),
        client(Client::IgnoreSeen, Lane::Lying, seeds(), &["lies"]).told(Lie::Omit),
        client(Client::IgnoreRemovedDevices, Lane::Lying, seeds(), &["lies", "forged"]).told(Lie::Undead),
        client(Client::SkipJoinProof, Lane::Calm, seeds(), &["joining"]).against(Client::ForgeJoinProof),
        client(Client::IgnorePins, Lane::Lying, seeds(), &["lies"]).told(Lie::Newest),
        client(Client::TrustVault, Lane::Lying, seeds(), &["lies", "vault"]).told(Lie::OldVault),
        client(Client::IgnoreMissingPayloads, Lane::Lying, seeds(), &["lies"]).told(Lie::Payload),
        client(Client::KeepEras, Lane::Membership, seeds(), &["liveness"]).everywhere(),
        client(Client::KeepVaultKey, Lane::Ways, seeds(), &["removal"]).everywhere(),
    ]
}
