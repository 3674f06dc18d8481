//! A space in memory: judges records as server and clients do, and says what it thinks of them.

use super::people::Person;
use super::samples::{self, AT, SPACE};
use sotto_protocol::card::{SUITE_1, VerifiedCard};
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, ApprovalId, EraId, EraNumber, Hash, Head, RecordId, Seq, Version};
use sotto_protocol::label::Label;
use sotto_protocol::log::{Admission, Authentic, CardPin, Facts, LogState, Refusal, Target};
use sotto_protocol::record::{
    Approval, Cause, EraBody, HEADER_VERSION, Header, Join, Kind, Member, Payload, Record, Seen,
};
use sotto_protocol::roster::Role;
use sotto_protocol::sign::{SignatureBytes, Signed};
use std::collections::BTreeMap;

pub(crate) struct Space {
    pub(crate) state: LogState,
    heads: Vec<Head>,
    known: BTreeMap<(AccountId, RecordId), Target>,
    pins: BTreeMap<(AccountId, Version), CardPin>,
    newest: BTreeMap<AccountId, VerifiedCard>,
}

/// A record before it is signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) author: Person,
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn anna() -> Person {
    samples::anna()
}

pub(crate) fn thera() -> Person {
    samples::thera()
}

pub(crate) fn petra() -> Person {
    Person::new(0x60)
}

pub(crate) fn frieda() -> Person {
    Person::new(0x40)
}

impl Space {
    /// An empty log; the first cards of everybody are known.
    pub(crate) fn new() -> Self {
        let heads = vec![hash::head_zero(SPACE)];
        let (known, pins, newest) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut space = Self { state: LogState::new(SPACE), heads, known, pins, newest };
        for person in [anna(), thera(), petra(), frieda()] {
            space.learn(person.card(1));
        }
        space
    }

    /// Founded by the client with her therapist.
    pub(crate) fn founded() -> Self {
        let mut space = Self::new();
        let founding =
            space.founding(&anna(), &[(&anna(), Role::Client), (&thera(), Role::Therapist)], |_| {});
        space.append(&founding);
        space
    }

    /// A prescriber was added with the client's approval 1.
    pub(crate) fn with_prescriber() -> Self {
        let mut space = Self::founded();
        let adding = space.adding(&thera(), &[(&petra(), Role::Prescriber)], &[approval(1)]);
        space.append(&adding);
        space
    }

    pub(crate) fn learn(&mut self, card: VerifiedCard) {
        let (account, version, identity) = (card.card().account, card.card().version, card.card().identity);
        self.pins.insert((account, version), CardPin { hash: card.hash(), identity });
        if self.newest.get(&account).is_none_or(|known| known.card().version < version) {
            self.newest.insert(account, card);
        }
    }

    pub(crate) fn pin(&self, person: &Person, role: Role, version: u64) -> Member {
        let pin = self.pins[&(person.account, Version(version))];
        Member {
            account: person.account,
            role,
            identity: pin.identity,
            card_version: Version(version),
            card_hash: pin.hash,
        }
    }

    pub(crate) fn draft(&self, author: &Person, kind: Kind, payload: Vec<u8>) -> Draft {
        let seq = self.state.seq();
        let number = u8::try_from(self.heads.len()).unwrap();
        let header = Header {
            version: HEADER_VERSION,
            space: SPACE,
            era: self.state.era().map_or(EraId::ZERO, |era| era.id),
            author: author.account,
            card_version: Version(1),
            device: author.device,
            id: RecordId([number; 16]),
            seen: Seen { seq, head: self.state.head() },
            kind,
            payload_hash: hash::payload(&payload),
        };
        Draft { author: author.clone(), header, payload }
    }

    pub(crate) fn content(&self, author: &Person) -> Draft {
        self.draft(author, Kind::Content, vec![7; 1065])
    }

    pub(crate) fn founding(
        &self,
        author: &Person,
        members: &[(&Person, Role)],
        change: impl FnOnce(&mut EraBody),
    ) -> Draft {
        let mut members: Vec<Member> =
            members.iter().map(|(person, role)| self.pin(person, *role, 1)).collect();
        members.sort_by_key(|m| m.account);
        let mut body = EraBody {
            prev: EraId::ZERO,
            number: EraNumber::ZERO,
            cause: Cause::Founding,
            sealed: members.iter().map(|_| Bytes::default()).collect(),
            members,
            commitment: Hash([1; 32]),
            approvals: Vec::new(),
            made_at: AT,
            suite: SUITE_1,
        };
        change(&mut body);
        self.draft(author, Kind::Era, codec::encode(&body))
    }

    /// The next era, like the current one unless changed.
    pub(crate) fn era(&self, author: &Person, cause: Cause, change: impl FnOnce(&mut EraBody)) -> Draft {
        let current = self.state.era().unwrap();
        let mut body = EraBody {
            prev: current.id,
            number: current.number.next(),
            cause,
            members: current.members.clone(),
            commitment: Hash([2; 32]),
            sealed: Vec::new(),
            approvals: Vec::new(),
            made_at: AT,
            suite: SUITE_1,
        };
        change(&mut body);
        body.sealed = body.members.iter().map(|_| Bytes::default()).collect();
        self.draft(author, Kind::Era, codec::encode(&body))
    }

    pub(crate) fn adding(
        &self,
        author: &Person,
        people: &[(&Person, Role)],
        approvals: &[Signed<Approval>],
    ) -> Draft {
        self.era(author, Cause::Membership, |body| {
            body.members.extend(people.iter().map(|(person, role)| self.pin(person, *role, 1)));
            body.members.sort_by_key(|m| m.account);
            body.approvals = approvals.to_vec();
        })
    }

    pub(crate) fn removing(&self, author: &Person, person: &Person) -> Draft {
        self.era(author, Cause::Membership, |body| body.members.retain(|m| m.account != person.account))
    }

    pub(crate) fn join(&self, author: &Person, inviter: &Person) -> Draft {
        let join = Join { inviter: inviter.account, ..samples::join() };
        self.draft(author, Kind::Join, codec::encode(&join))
    }

    pub(crate) fn judge(&self, draft: &Draft) -> Result<Admission, Refusal> {
        self.judge_signed(&draft.sign())
    }

    pub(crate) fn judge_signed(&self, record: &Record) -> Result<Admission, Refusal> {
        let header = record.header();
        let card = self.newest.get(&header.author).unwrap();
        let authentic = Authentic::check(record, card)?;
        let target = match header.kind {
            Kind::Drop => record
                .payload()
                .and_then(|p| sotto_protocol::record::Drop::parse(p.as_slice()).ok())
                .and_then(|body| self.known.get(&(header.author, body.target)).copied()),
            _ => None,
        };
        let pins = |account, version| self.pins.get(&(account, version)).copied();
        let seen_head = usize::try_from(header.seen.seq.0).ok().and_then(|at| self.heads.get(at)).copied();
        let repeated = self.known.contains_key(&(header.author, header.id));
        self.state.admit(&authentic, &Facts { seen_head, repeated, target, card: &pins })
    }

    pub(crate) fn append(&mut self, draft: &Draft) {
        let admission = self.judge(draft).unwrap();
        assert_eq!(admission.seq, Seq(u64::try_from(self.heads.len()).unwrap()));
        let Header { author, id, kind, payload_hash, .. } = draft.header;
        self.known.insert((author, id), Target { kind, payload_hash });
        self.heads.push(admission.head);
        self.state.apply(admission);
    }

    pub(crate) fn refusal(&self, draft: &Draft) -> Refusal {
        self.judge(draft).expect_err("this breaks a rule")
    }
}

impl Draft {
    pub(crate) fn sign(&self) -> Record {
        let header = codec::encode(&self.header);
        let signature = self.author.sign_device(Label::SignHeader, &header);
        self.with(header, signature)
    }

    pub(crate) fn with(&self, header: Vec<u8>, signature: SignatureBytes) -> Record {
        Record::from_parts(header, signature, Some(Payload::new(self.payload.clone()).unwrap())).unwrap()
    }

    pub(crate) fn header(mut self, change: impl FnOnce(&mut Header)) -> Self {
        change(&mut self.header);
        self
    }
}

/// The client's approval of the prescriber, with this id.
pub(crate) fn approval(id: u8) -> Signed<Approval> {
    approval_by(&anna(), |approval| approval.id = ApprovalId([id; 16]))
}

/// Somebody's approval of the prescriber.
pub(crate) fn approval_by(approver: &Person, change: impl FnOnce(&mut Approval)) -> Signed<Approval> {
    let mut approval = Approval {
        id: ApprovalId([1; 16]),
        space: SPACE,
        approver: approver.account,
        account: petra().account,
        identity: petra().identity(),
        role: Role::Prescriber,
        introduced_by: thera().account,
        starts_at: AT,
        expires_at: AT.plus(1000),
    };
    change(&mut approval);
    approver.sign_object(&approval)
}
