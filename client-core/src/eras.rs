//! Eras: opening the ones others make, making the ones that are due.
//!
//! Owns unwrapping and checking era keys, and the decision that a new era is needed and what it says. Refuses to know
//! who may be a member ([`sotto_protocol::log`] does). Invariant: an era whose key is not the committed one is never
//! used and is voided; a new era pins every member's newest card; nothing is sealed while a new era is required.

use crate::client::Client;
use crate::crypto::keys::EraKey;
use crate::crypto::wrap::{self, EraWrap};
use crate::defects::Defect;
use crate::io::{Alarm, Event, Failure, Rejected};
use crate::rows;
use crate::session::Pending;
use crate::space::{Change, EraWork, Space};
use sotto_protocol::card::SUITE_1;
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, Stored};
use sotto_protocol::ids::{AccountId, EraNumber, Millis, RecordId, Seq, SpaceId};
use sotto_protocol::limits::ERA_INTERVAL_MS_MIN;
use sotto_protocol::log::{Admission, Effect, Era};
use sotto_protocol::ordered;
use sotto_protocol::record::{Approval, Cause, EraBody, Header, Kind, Member, Record};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::Signed;

/// Pause before trying again when somebody else's card or era came in between.
const RETRY_MS: u64 = 500;

/// What a new era is to be.
struct Plan {
    cause: Cause,
    members: Vec<(AccountId, Role)>,
    approvals: Vec<Signed<Approval>>,
}

impl Client {
    /// An era was admitted: open its key, and see to what follows from it.
    pub(crate) fn era_began(&mut self, id: SpaceId, stored: &Stored, era: &Era, previous: Option<&Era>) {
        let key = self.open_era(id, stored, era);
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return };
        let member = era.member(account).is_some();
        let Some(space) = self.spaces.get_mut(&id) else { return };
        space.era_at = stored.at;
        space.live.era_required = false;
        space.live.era_work = None;
        space.live.era_retry = None;
        space.live.consent_asked = false;
        match key {
            Some(key) => {
                let bytes = Bytes::<32>::new(key.expose().to_vec()).unwrap_or_default();
                space.keys.insert(era.id, key);
                self.put_raw(rows::era_key(id, era.id), bytes.into_vec());
            }
            None if member => {
                space.bad_eras.insert(era.id);
                self.event(Event::Alarm { space: Some(id), alarm: Alarm::BadEra(era.made_by) });
            }
            None => {}
        }
        let own = era.members.iter().all(|m| m.account == account);
        if own && era.number == EraNumber::ZERO {
            self.confirm(id);
        }
        if self.confirmed(id) {
            era.members.iter().for_each(|m| self.pin_peer(m.account));
        } else if previous.is_some_and(|p| p.member(account).is_none()) && self.introduced(era) {
            self.confirm(id);
            self.introduce(id);
        }
        let Some(previous) = previous else { return };
        let accounts = |e: &Era| ordered::set(e.members.iter().map(|m| m.account));
        let (old, new) = (accounts(previous), accounts(era));
        if old.contains(&account) != new.contains(&account) {
            // So that no other device of this account takes a space that is no longer shown for one withheld.
            self.pin_left(id, !new.contains(&account));
        }
        self.event(Event::EraBegan {
            space: id,
            by: era.made_by,
            added: new.difference(&old).copied().collect(),
            removed: old.difference(&new).copied().collect(),
        });
        let void = stored
            .record
            .payload()
            .and_then(|p| EraBody::parse(p.as_slice()).ok())
            .is_some_and(|b| b.cause == Cause::Void);
        if void {
            self.send_again(id, previous.id);
        }
        if let Some(wanted) = self.changes_wanted.get_mut(&id) {
            wanted.retain(|change| !is_made(change, era));
            self.save_wanted(id);
        }
    }

    /// A space one was added to is known when somebody in it is: on the owner's roster, or a reader of a confirmed space.
    fn introduced(&self, era: &Era) -> bool {
        let Some(keeping) = &self.keeping else { return false };
        let roster = self.roster.iter().flat_map(|r| &r.staff).map(|s| (s.account, s.identity));
        let peers = keeping.vault.peers.iter().map(|(account, pin)| (*account, pin.identity));
        let known = ordered::set(roster.chain(peers));
        era.members
            .iter()
            .any(|m| m.account != keeping.vault.account && known.contains(&(m.account, m.identity)))
    }

    /// An era whose key can't be opened because its secret is not here yet: no fault of its maker.
    pub(crate) fn awaits_secret(&self, id: SpaceId, stored: &Stored, admission: &Admission) -> bool {
        let (Effect::Era(era, _), Some(account)) = (&admission.effect, &self.account) else { return false };
        era.member(account.id).is_some()
            && self.lacks_sealing_secret()
            && self.open_era(id, stored, era).is_none()
    }

    /// Unwraps the era's key and checks it against the commitment.
    pub(crate) fn open_era(&self, id: SpaceId, stored: &Stored, era: &Era) -> Option<EraKey> {
        let account = self.account.as_ref()?;
        let body = EraBody::parse(stored.record.payload()?.as_slice()).ok()?;
        let member = body.member(account.id)?;
        let secret = self.keeping.as_ref()?.vault.sealing_secret(member.card_version)?;
        let place = EraWrap {
            space: id,
            prev: body.prev,
            number: body.number,
            author: era.made_by,
            member: account.id,
            card_version: member.card_version,
        };
        let key = wrap::unwrap_era(&secret, &place, body.wrap_for(account.id)?).ok()?;
        let committed = key.derive_commitment(id, body.prev, body.number) == body.commitment;
        (committed || self.config.defects.has(Defect::SkipCommitment)).then_some(key)
    }

    pub(crate) fn want_change(&mut self, id: SpaceId, change: Change) -> Result<(), Rejected> {
        let account = self.signed_in()?.id;
        let space = self.spaces.get(&id).ok_or(Rejected::SpaceUnknown)?;
        if !space.is_member(account) {
            return Err(Rejected::NotMember);
        }
        if let Change::Remove { account: other } = &change
            && (*other == account || !space.log.is_member(*other))
        {
            return Err(Rejected::NotAllowed("this person is not another reader of the conversation"));
        }
        let wanted = self.changes_wanted.entry(id).or_default();
        if wanted.iter().any(|w| w.account() == change.account()) {
            return Err(Rejected::Busy);
        }
        if wanted.len() >= sotto_protocol::limits::MEMBERS_MAX {
            return Err(Rejected::Limit("changes of readers"));
        }
        wanted.push(change);
        self.save_wanted(id);
        self.dial_now();
        Ok(())
    }

    /// The new era that is due, if any, and whether nothing may be written before it.
    fn era_plan(&self, space: &Space) -> Option<(Plan, bool)> {
        let era = space.log.era()?;
        let same: Vec<(AccountId, Role)> = era.members.iter().map(|m| (m.account, m.role)).collect();
        let plan = |cause| Plan { cause, members: same.clone(), approvals: Vec::new() };
        if space.bad_eras.contains(&era.id) {
            return Some((plan(Cause::Void), true));
        }
        let wanted = self.changes_wanted.get(&space.id()).filter(|w| !w.is_empty());
        if let Some(wanted) = wanted {
            return Some((changed(&same, wanted), true));
        }
        let outdated = era.members.iter().any(|m| {
            let newest = self.cards.newest(m.account).map(|c| c.card().era_floor()).unwrap_or_default();
            m.card_version < newest
        });
        let due =
            space.live.era_required || self.lags_behind(space) || (outdated && !space.outbox.is_empty());
        if due && !self.config.defects.has(Defect::KeepEras) {
            return Some((plan(Cause::Card), true));
        }
        if space.era_is_old(self.link.server_now(self.now)) {
            return Some((plan(Cause::Age), false));
        }
        None
    }

    /// One's own newest card asks for a newer era than the one in force.
    pub(crate) fn lags_behind(&self, space: &Space) -> bool {
        let Some(account) = self.account.as_ref().map(|a| a.id) else { return false };
        let floor = self.cards.newest(account).map(|c| c.card().era_floor()).unwrap_or_default();
        space.log.era().and_then(|era| era.member(account)).is_some_and(|m| m.card_version < floor)
    }

    /// Sees to a new era; `true` when nothing may be written meanwhile.
    pub(crate) fn drive_era(&mut self, id: SpaceId) -> bool {
        let Some(space) = self.spaces.get(&id) else { return true };
        let Some((plan, blocking)) = self.era_plan(space) else { return false };
        if space.live.era_retry.as_ref().is_some_and(|(at, cause)| *at > self.now && *cause == plan.cause) {
            return blocking;
        }
        match &space.live.era_work {
            None => self.ask_members(id, &plan),
            Some(work) if work.cards.is_empty() && work.sent.is_none() => self.make_era(id, plan),
            Some(_) => {}
        }
        blocking
    }

    /// A new era pins newest cards: ask for them.
    fn ask_members(&mut self, id: SpaceId, plan: &Plan) {
        let accounts = ordered::set(plan.members.iter().map(|(a, _)| *a));
        if let Some(space) = self.spaces.get_mut(&id) {
            space.live.era_work =
                Some(EraWork { cards: accounts.clone(), sent: None, cause: plan.cause.clone() });
        }
        for account in accounts {
            self.ask_card(account, None);
        }
    }

    pub(crate) fn era_card_arrived(&mut self, id: SpaceId, account: AccountId) {
        if let Some(work) = self.spaces.get_mut(&id).and_then(|s| s.live.era_work.as_mut()) {
            work.cards.remove(&account);
        }
    }

    fn make_era(&mut self, id: SpaceId, plan: Plan) {
        let cause = plan.cause.clone();
        let made = self.build_era(id, plan);
        let retry_at = self.now.plus(RETRY_MS);
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let Some(record) = made else {
            // No card is newer, or one is missing: what the server asked for cannot be made. Look again later.
            space.live.era_work = None;
            space.live.era_required = false;
            space.live.era_retry = Some((retry_at, cause));
            return;
        };
        let pending = Pending::EraAppend { space: id, record: Box::new(record.clone()) };
        let req = self.request(pending, |req| ClientFrame::Append { req, record });
        if let Some(work) = self.spaces.get_mut(&id).and_then(|s| s.live.era_work.as_mut()) {
            work.sent = req;
        }
    }

    fn build_era(&mut self, id: SpaceId, plan: Plan) -> Option<Record> {
        let space = self.spaces.get(&id)?;
        let era = space.log.era()?;
        let members = self.pinned(&plan.members)?;
        let raised = members
            .iter()
            .any(|m| era.member(m.account).is_some_and(|old| old.card_version < m.card_version));
        if plan.cause == Cause::Card && !raised {
            return None;
        }
        let (prev, number) = (era.id, era.number.next());
        let body = self.seal_era(id, prev, number, members, plan.cause, plan.approvals)?;
        self.sign_record(id, prev, Kind::Era, None, codec::encode(&body))
    }

    /// Member entries pinning newest cards, sorted.
    pub(crate) fn pinned(&self, members: &[(AccountId, Role)]) -> Option<Vec<Member>> {
        let pinned = members
            .iter()
            .map(|(account, role)| {
                let card = self.cards.newest(*account)?;
                Some(Member {
                    account: *account,
                    role: *role,
                    identity: card.card().identity,
                    card_version: card.card().version,
                    card_hash: card.hash(),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(ordered::map(pinned.into_iter().map(|m| (m.account, m))).into_values().collect())
    }

    /// A fresh era key, committed to and wrapped for every member.
    pub(crate) fn seal_era(
        &mut self,
        id: SpaceId,
        prev: sotto_protocol::ids::EraId,
        number: EraNumber,
        members: Vec<Member>,
        cause: Cause,
        approvals: Vec<Signed<Approval>>,
    ) -> Option<EraBody> {
        let author = self.account.as_ref()?.id;
        let key = EraKey::generate(&mut self.entropy);
        let commitment = key.derive_commitment(id, prev, number);
        let mut sealed = Vec::with_capacity(members.len());
        for member in &members {
            let to = &self.cards.newest(member.account)?.card().sealing;
            let place = EraWrap {
                space: id,
                prev,
                number,
                author,
                member: member.account,
                card_version: member.card_version,
            };
            // Whoever publishes a key that is none shuts out herself, not the others.
            let mut wrapped = wrap::wrap_era(to, &key, &place, &mut self.entropy).unwrap_or_default();
            if member.account != author && self.config.defects.has(Defect::SealRubbish) {
                wrapped = Bytes::new(vec![0; wrapped.len()]).unwrap_or_default();
            }
            if member.account != author && self.config.defects.has(Defect::SealAnotherKey) {
                let other = EraKey::generate(&mut self.entropy);
                wrapped = wrap::wrap_era(to, &other, &place, &mut self.entropy).unwrap_or_default();
            }
            sealed.push(wrapped);
        }
        Some(EraBody {
            prev,
            number,
            cause,
            members,
            commitment,
            sealed,
            approvals,
            made_at: self.now,
            suite: SUITE_1,
        })
    }

    /// Signs a record of this device. `id` is random unless given.
    pub(crate) fn sign_record(
        &mut self,
        space: SpaceId,
        era: sotto_protocol::ids::EraId,
        kind: Kind,
        id: Option<RecordId>,
        payload: Vec<u8>,
    ) -> Option<Record> {
        let id = match id {
            Some(id) => id,
            None => RecordId(self.random_id()),
        };
        let account = self.account.as_ref()?;
        let card = self.cards.newest(account.id)?;
        let mut seen = self.spaces.get(&space)?.seen();
        if kind == Kind::Content && self.config.defects.has(Defect::ForgeSeen) {
            seen.head = sotto_protocol::ids::Head::ZERO;
        }
        let header = Header {
            version: sotto_protocol::record::HEADER_VERSION,
            space,
            era,
            author: account.id,
            card_version: card.card().version,
            device: account.device,
            id,
            seen,
            kind,
            payload_hash: sotto_protocol::hash::payload(&payload),
        };
        let bytes = codec::encode(&header);
        let signature = account.device_key.sign(sotto_protocol::label::Label::SignHeader, &bytes);
        Record::from_parts(bytes, signature, Some(Bytes::new(payload).ok()?)).ok()
    }

    pub(crate) fn era_appended(&mut self, id: SpaceId, record: Record, seq: Seq, at: Millis) {
        if let Some(work) = self.spaces.get_mut(&id).and_then(|s| s.live.era_work.as_mut()) {
            work.sent = None;
            // Until the era itself has been taken in, nothing new is begun.
            work.cards.insert(AccountId::ZERO);
        }
        self.take_in(id, vec![Stored { seq, at, record }]);
        if self.spaces.get(&id).is_some_and(|s| !s.live.subscribed) {
            self.ask_where(id);
        }
    }

    pub(crate) fn era_refused(&mut self, id: SpaceId, code: ErrorCode, retry_after_ms: Option<u64>) {
        if self.founding_refused(id, code, retry_after_ms) {
            return;
        }
        let Some(space) = self.spaces.get_mut(&id) else { return };
        let cause = space.live.era_work.take().map_or(Cause::Age, |work| work.cause);
        let age = cause == Cause::Age;
        let pause = match code {
            ErrorCode::RateLimited => retry_after_ms.unwrap_or(ERA_INTERVAL_MS_MIN),
            // The server's clock says it is not old yet.
            ErrorCode::RuleForbids if age => ERA_INTERVAL_MS_MIN,
            _ => retry_after_ms.unwrap_or(RETRY_MS),
        };
        space.live.era_retry = Some((self.now.plus(pause), cause));
        match code {
            ErrorCode::RuleForbids if age => {}
            ErrorCode::RuleForbids
            | ErrorCode::NotMember
            | ErrorCode::AccountUnknown
            | ErrorCode::Malformed
            | ErrorCode::Forged
            | ErrorCode::IdentityChanged => {
                self.changes_wanted.remove(&id);
                self.save_wanted(id);
                self.event(Event::Failed(Failure::Server { code, retry_after_ms }));
            }
            ErrorCode::SpaceUnknown => self.read_refused(id, code),
            _ => {
                self.ask_where(id);
            }
        }
    }
}

/// The plan that makes wished changes true.
fn changed(same: &[(AccountId, Role)], wanted: &[Change]) -> Plan {
    let mut members = same.to_vec();
    let mut approvals = Vec::new();
    for change in wanted {
        match change {
            Change::Remove { account } => members.retain(|(a, _)| a != account),
            Change::Add { account, role, approval } => {
                members.push((*account, *role));
                approvals.push(approval.clone());
            }
        }
    }
    Plan { cause: Cause::Membership, members, approvals }
}

fn is_made(change: &Change, era: &Era) -> bool {
    match change {
        Change::Remove { account } => era.member(*account).is_none(),
        Change::Add { account, .. } => era.member(*account).is_some(),
    }
}
