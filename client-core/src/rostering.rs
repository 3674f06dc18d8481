//! The roster: how staff are introduced (P8).
//!
//! Owns taking the practice's roster in, checked against the owner's identity that came with the invitation, and, for the
//! owner, signing a new one. Refuses to know what it is used for. Invariant: an older roster than one seen is never taken in;
//! only identities that the owner's own device has confirmed go onto it.

use crate::client::Client;
use crate::crypto::signing::IdentityKey;
use crate::io::{Alarm, Event, Failure};
use crate::session::Pending;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::ClientFrame;
use sotto_protocol::hash;
use sotto_protocol::ids::Version;
use sotto_protocol::ordered;
use sotto_protocol::roster::{Role, Roster, Staff};
use sotto_protocol::sign::Signed;

impl Client {
    pub(crate) fn ask_roster(&mut self) {
        self.request(Pending::RosterGet, |req| ClientFrame::RosterGet { req });
    }

    /// The server's roster: taken in when it is the pinned owner's and not older than one seen.
    pub(crate) fn roster_arrived(&mut self, signed: Option<&Signed<Roster>>) {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return };
        let known = keeping.vault.roster_version;
        let own = account.role.owns().then(|| hash::fingerprint(&account.identity));
        let Some(owner) = own.or(keeping.vault.owner) else { return };
        let opened = signed.and_then(|s| {
            let claimed = s.peek().ok()?.owner_identity;
            (hash::fingerprint(&claimed) == owner).then(|| Roster::verify(s, &claimed).ok())?
        });
        match opened {
            Some(roster) if roster.version >= known => {
                let version = roster.version;
                self.roster = Some(roster);
                self.keep(false, |vault| vault.roster_version = version);
            }
            None if signed.is_none() && known == Version::ZERO => {}
            Some(_) | None => self.alarm(None, Alarm::OldRoster),
        }
    }

    /// Everybody the owner's device has confirmed, and the owner.
    fn staff(&self) -> Vec<Staff> {
        let Some(account) = &self.account else { return Vec::new() };
        let me = Staff {
            account: account.id,
            identity: account.identity,
            role: account.role,
            card_version_min: self.cards.newest(account.id).map(|c| c.card().version).unwrap_or_default(),
        };
        // Only whom the owner's own invitation brought in, as what it said.
        let invited = self
            .keeping
            .iter()
            .flat_map(|k| k.vault.invitations.values())
            .filter(|i| i.role != Role::Client)
            .filter_map(|i| i.consumed.map(|c| ((c.account, c.identity), i.role)));
        let others = ordered::map(invited).into_iter().map(|((account, identity), role)| Staff {
            account,
            identity,
            role,
            card_version_min: self.cards.newest(account).map(|c| c.card().version).unwrap_or_default(),
        });
        ordered::map(others.chain([me]).map(|s| (s.account, s))).into_values().collect()
    }

    /// The owner signs the roster anew.
    pub(crate) fn sign_roster(&mut self, identity: &IdentityKey) {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return };
        let roster = Roster {
            practice: account.practice_id,
            version: keeping.vault.roster_version.next(),
            owner: account.id,
            owner_identity: account.identity,
            staff: self.staff(),
        };
        let signed = identity.sign_object(&roster).ok();
        let sent = signed.and_then(|signed| {
            let pending = Pending::RosterPut(Box::new(roster));
            self.request(pending, |req| ClientFrame::RosterPut { req, roster: signed })
        });
        if sent.is_none() {
            self.event(Event::Failed(Failure::Unreachable));
        }
    }

    pub(crate) fn roster_stored(&mut self, roster: Roster) {
        let (version, people) = (roster.version, roster.staff.len());
        self.roster = Some(roster);
        self.keep(true, |vault| vault.roster_version = version);
        self.event(Event::RosterSigned { version, people: u64::try_from(people).unwrap_or(u64::MAX) });
    }

    pub(crate) fn roster_refused(&mut self, code: ErrorCode, retry_after_ms: Option<u64>) {
        self.ask_roster();
        self.event(Event::Failed(Failure::Server { code, retry_after_ms }));
    }
}
