//! One sample of everything that crosses the wire or is stored.
//!
//! [`samples!`] makes a match without wildcard beside the list: a variant without a sample does not compile.

use super::people::Person;
use sotto_protocol::account::{AccountAnswer, AccountRequest, Registration, Ticket, Token};
use sotto_protocol::card::{Card, CardDevice, SealingPublic};
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::credentials::{
    CredentialChange, CredentialSet, Method, MethodKind, OpaqueMessage, SealedInner, SealedVault,
    VaultChange, Wrap,
};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::factor::{FactorKind, FactorProof, FactorSummary, NewFactor};
use sotto_protocol::frame::{
    Challenge, ClientFrame, Ephemeral, EphemeralBody, InvitationBody, InvitationState, InvitationStatus,
    NewInvitation, ServerBody, SpaceHead, Stored, TableGlance,
};
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, ApprovalId, DeviceId, EraId, EraNumber, FactorId, Handle, Hash, Head, InvitationId, MethodId,
    Millis, PracticeId, RecordId, Revision, Seq, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::record::{
    Approval, Cause, Drop, EraBody, HEADER_VERSION, Header, Join, Kind, Member, Payload, Record, Seen,
};
use sotto_protocol::roster::{Role, Roster, Staff};
use sotto_protocol::sign::{PublicKey, SignatureBytes, Signed};

/// The samples of an enum by the names of their variants, exhaustively.
macro_rules! samples {
    ($enum:ident { $($variant:ident $fields:tt)* }) => {{
        let name = |value: &$enum| match value { $($enum::$variant { .. } => stringify!($variant)),* };
        vec![$($enum::$variant $fields),*].into_iter().map(|value| (name(&value), value)).collect::<Vec<_>>()
    }};
}
pub(crate) use samples;

pub(crate) const SPACE: SpaceId = SpaceId([0x51; 16]);
pub(crate) const PRACTICE: PracticeId = PracticeId([0x52; 16]);
pub(crate) const INVITATION: InvitationId = InvitationId([0x53; 16]);
pub(crate) const AT: Millis = Millis(1_800_000_000_123);

pub(crate) fn anna() -> Person {
    Person::new(0xA0)
}

pub(crate) fn thera() -> Person {
    Person::new(0x70)
}

pub(crate) fn bytes<const MAX: usize>(fill: u8, len: usize) -> Bytes<MAX> {
    Bytes::new(vec![fill; len]).unwrap()
}

fn seen(seq: u64) -> Seen {
    Seen { seq: Seq(seq), head: Head([0x54; 32]) }
}

/// A removed device, and one added later.
pub(crate) fn card() -> Signed<Card> {
    let anna = anna();
    anna.sign_object(&anna.card_of(3, |card| {
        let first = card.devices.remove(0);
        card.devices.push(CardDevice { removed_in: Some(Version(3)), ..first });
        card.devices.push(CardDevice {
            id: DeviceId([0xA2; 16]),
            key: thera().device_public(),
            added_in: Version(2),
            added_at: AT,
            removed_in: None,
        });
    }))
}

/// As sets were before recovery sheet and passkey could sign in.
pub(crate) fn credentials() -> Signed<CredentialSet> {
    credentials_with(|_| None)
}

/// Every kind of method.
pub(crate) fn credentials_of_every_kind() -> Signed<CredentialSet> {
    credentials_with(|kind| (kind != MethodKind::Password).then(|| thera().device_public()))
}

fn credentials_with(login: impl Fn(MethodKind) -> Option<PublicKey>) -> Signed<CredentialSet> {
    let method = |kind, fill| Method {
        id: MethodId([fill; 16]),
        kind,
        unlock: SealingPublic::from_slice(&[fill; SealingPublic::LEN]).unwrap(),
        vault_wrap: bytes(fill, 1169),
        inner_wrap: bytes(fill + 1, 1169),
        created_at: AT,
        login: login(kind),
    };
    let kinds = samples!(MethodKind { Password {} RecoverySheet {} Passkey {} });
    anna().sign_object(&CredentialSet {
        account: anna().account,
        version: Version(2),
        opaque_hash: hash::payload(b"opaque"),
        inner_hash: hash::payload(b"inner"),
        vault_generation: Version(1),
        methods: kinds.into_iter().zip(0x31..).map(|((_, kind), fill)| method(kind, fill)).collect(),
    })
}

/// Everything changes: a device was lost.
fn lost() -> CredentialChange {
    CredentialChange {
        credentials: credentials_of_every_kind(),
        opaque: Some(opaque(0x63, 192)),
        inner: Some(bytes(0x65, 1065)),
        card: Some(card()),
        vault: Some(VaultChange { base: Revision(6), revision: Revision(7), sealed: bytes(0x64, 1065) }),
    }
}

pub(crate) fn roster() -> Signed<Roster> {
    let roles =
        samples!(Role { OwnerTherapist {} Owner {} Therapist {} Prescriber {} FrontDesk {} Client {} });
    let staff = roles.into_iter().filter(|(_, role)| *role != Role::Client).zip(0x70..);
    thera().sign_object(&Roster {
        practice: PRACTICE,
        version: Version(4),
        owner: thera().account,
        owner_identity: thera().identity(),
        staff: staff
            .map(|((_, role), seed)| Staff {
                account: AccountId([seed; 16]),
                identity: thera().identity(),
                role,
                card_version_min: Version(1),
            })
            .collect(),
    })
}

pub(crate) fn approval() -> Signed<Approval> {
    anna().sign_object(&Approval {
        id: ApprovalId([0x55; 16]),
        space: SPACE,
        approver: anna().account,
        account: AccountId([0x60; 16]),
        identity: Person::new(0x60).identity(),
        role: Role::Prescriber,
        introduced_by: thera().account,
        starts_at: AT,
        expires_at: AT.plus(86_400_000),
    })
}

fn member(account: AccountId, role: Role) -> Member {
    Member {
        account,
        role,
        identity: Person::new(account.0[0]).identity(),
        card_version: Version(2),
        card_hash: Hash([0x56; 32]),
    }
}

pub(crate) fn eras() -> Vec<(&'static str, EraBody)> {
    let causes = samples!(Cause { Founding {} Membership {} Card {} Age {} Void {} });
    let body = |cause: Cause| {
        let founding = cause == Cause::Founding;
        let adds = cause == Cause::Membership;
        let mut members =
            vec![member(thera().account, Role::Therapist), member(anna().account, Role::Client)];
        if adds {
            members.insert(0, member(AccountId([0x60; 16]), Role::Prescriber));
        }
        EraBody {
            prev: if founding { EraId::ZERO } else { EraId([0x57; 32]) },
            number: EraNumber(if founding { 0 } else { 24 }),
            cause,
            sealed: members.iter().map(|m| bytes(m.account.0[0], 1169)).collect::<Vec<Wrap>>(),
            members,
            commitment: Hash([0x58; 32]),
            approvals: if adds { vec![approval()] } else { Vec::new() },
            made_at: AT,
            suite: 1,
        }
    };
    causes.into_iter().map(|(name, cause)| (name, body(cause))).collect()
}

pub(crate) fn drop_body() -> Drop {
    Drop { target: RecordId([0x59; 16]), payload_hash: Hash([0x5A; 32]) }
}

pub(crate) fn join() -> Join {
    Join {
        invitation: INVITATION,
        inviter: thera().account,
        card_hash: Hash([0x5B; 32]),
        proof: Hash([0x5C; 32]),
    }
}

pub(crate) fn header(kind: Kind, payload: &[u8]) -> Header {
    Header {
        version: HEADER_VERSION,
        space: SPACE,
        era: EraId([0x5D; 32]),
        author: anna().account,
        card_version: Version(300),
        device: anna().device,
        id: RecordId([0x5E; 16]),
        seen: seen(70_000),
        kind,
        payload_hash: hash::payload(payload),
    }
}

pub(crate) fn record_of(kind: Kind, payload: Vec<u8>) -> Record {
    let header = codec::encode(&header(kind, &payload));
    let signature = anna().sign_device(Label::SignHeader, &header);
    Record::from_parts(header, signature, Some(Payload::new(payload).unwrap())).unwrap()
}

pub(crate) fn records() -> Vec<(&'static str, Record)> {
    let kinds = samples!(Kind { Era {} Content {} Drop {} Join {} Rejoin {} Unknown { 0: 900 } });
    let payload = |kind| match kind {
        Kind::Era => codec::encode(&eras()[0].1),
        Kind::Content => vec![1; 1065],
        Kind::Drop => codec::encode(&drop_body()),
        Kind::Join => codec::encode(&join()),
        Kind::Rejoin | Kind::Unknown(_) => vec![0xF6],
    };
    kinds.into_iter().map(|(name, kind)| (name, record_of(kind, payload(kind)))).collect()
}

fn record() -> Record {
    record_of(Kind::Content, vec![1; 1065])
}

pub(crate) fn stored() -> Vec<Stored> {
    vec![
        Stored { seq: Seq(70_001), at: AT, record: record() },
        Stored { seq: Seq(70_002), at: AT, record: record().without_payload() },
    ]
}

fn head() -> SpaceHead {
    SpaceHead { space: SPACE, seq: Seq(70_002), head: Head([0x5F; 32]), era: EraId([0x5D; 32]) }
}

fn ephemeral() -> Ephemeral {
    let (era, body): (_, EphemeralBody) = (EraId([0x5D; 32]), bytes(0x61, 1065));
    let message = Ephemeral::message(SPACE, era, anna().account, anna().device, &body);
    let signature = anna().sign_device(Label::SignEphemeral, &message);
    Ephemeral { space: SPACE, era, author: anna().account, device: anna().device, body, signature }
}

fn invitation() -> NewInvitation {
    let body: InvitationBody = bytes(0x62, 1065);
    NewInvitation { id: INVITATION, role: Role::Client, expires_at: AT, body }
}

fn statuses() -> Vec<InvitationStatus> {
    samples!(InvitationState { Open {} Used {} Revoked {} Expired {} })
        .into_iter()
        .map(|(_, state)| InvitationStatus {
            id: INVITATION,
            role: Role::Therapist,
            expires_at: AT,
            state,
            used_by: (state == InvitationState::Used).then(|| anna().account),
        })
        .collect()
}

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::new(text).unwrap()
}

fn people() -> Vec<sotto_protocol::frame::Person> {
    let person = sotto_protocol::frame::Person {
        account: anna().account,
        handle: handle(),
        role: Role::Client,
        since: AT,
    };
    vec![person]
}

fn tables() -> Vec<TableGlance> {
    vec![TableGlance {
        name: text("accounts"),
        count: 70_000,
        columns: vec![text("id"), text("handle")],
        rows: vec![vec![text("a0a0a0a0… (16 B)"), text("anna.b-1_2")], vec![text("–"), text("")]],
    }]
}

fn handle() -> Handle {
    Handle::parse("anna.b-1_2").unwrap()
}

fn practice() -> Text<200> {
    Text::new("Praxis Grünstraße").unwrap()
}

pub(crate) fn tickets() -> Vec<(&'static str, Ticket)> {
    samples!(Ticket {
        Setup { token: Hash([0x63; 32]), practice: practice(), role: Role::OwnerTherapist }
        Invitation { id: INVITATION }
    })
}

fn opaque(fill: u8, len: usize) -> OpaqueMessage {
    bytes(fill, len)
}

fn registration(founding: Vec<Record>, ticket: Ticket) -> Registration {
    let (vault, inner): (SealedVault, SealedInner) = (bytes(0x64, 1065), bytes(0x65, 1065));
    Registration {
        ticket,
        handle: handle(),
        opaque: opaque(0x66, 192),
        card: card(),
        credentials: credentials(),
        vault,
        inner,
        founding,
    }
}

pub(crate) fn account_requests() -> Vec<(&'static str, AccountRequest)> {
    let [(_, setup), (_, invitation)] = <[_; 2]>::try_from(tickets()).unwrap();
    let founding = vec![
        record_of(Kind::Era, codec::encode(&eras()[0].1)),
        record_of(Kind::Join, codec::encode(&join())),
    ];
    let state: Token = bytes(0x67, 300);
    let mut all = samples!(AccountRequest {
        InvitationOpen { id: INVITATION }
        RegisterStart { ticket: setup.clone(), handle: handle(), opaque: opaque(0x68, 32) }
        RegisterFinish { registration: Box::new(registration(founding, invitation)) }
        LoginStart { handle: handle(), opaque: opaque(0x69, 96) }
        LoginFinish { state: state.clone(), opaque: opaque(0x6A, 64) }
        DeviceAdd { token: state.clone(), card: card(), wakes: None }
        SetupOpen { token: Hash([0x5E; 32]) }
        UnlockStart { handle: handle() }
        UnlockFinish { state: state.clone(), signature: no_signature() }
        PasswordStart { token: state.clone(), opaque: opaque(0x6F, 32) }
        CredentialsPut { token: state.clone(), change: Box::new(lost()) }
        FactorFinish { state: bytes(0x70, 300), proof: FactorProof::Totp { code: text("287082") } }
        FactorStart { token: state.clone() }
        FactorAdd {
            token: state.clone(),
            factor: NewFactor::Totp { secret: bytes(0x31, 20), code: text("287082") },
        }
        FactorRemove { token: state.clone(), id: FACTOR }
    });
    let passkey = FactorProof::Passkey { assertion: text(r#"{"id":"AQ","type":"public-key"}"#) };
    let finish = AccountRequest::FactorFinish { state: bytes(0x70, 300), proof: passkey };
    all.push(("FactorFinish with a passkey", finish));
    let factor = NewFactor::Passkey { state: bytes(0x70, 300), credential: text(r#"{"id":"AQ"}"#) };
    all.push(("FactorAdd of a passkey", AccountRequest::FactorAdd { token: state.clone(), factor }));
    let password = CredentialChange { inner: None, card: None, vault: None, ..lost() };
    let change = AccountRequest::CredentialsPut { token: state, change: Box::new(password) };
    all.push(("CredentialsPut of a new password", change));
    let registration = Box::new(registration(Vec::new(), setup));
    all.push(("RegisterFinish of the founder", AccountRequest::RegisterFinish { registration }));
    all
}

const FACTOR: FactorId = FactorId([0x71; 16]);

fn factors() -> Vec<FactorSummary> {
    let totp = FactorSummary { id: FACTOR, kind: FactorKind::Totp, created_at: AT };
    let passkey = FactorSummary { id: FactorId([0x72; 16]), kind: FactorKind::Passkey, created_at: AT };
    vec![totp, passkey]
}

fn weeks() -> Vec<sotto_protocol::frame::DeviceWeek> {
    vec![sotto_protocol::frame::DeviceWeek { device: anna().device, week: sotto_protocol::ids::Week(2941) }]
}

pub(crate) fn account_answers() -> Vec<(&'static str, AccountAnswer)> {
    let (token, vault, inner): (Token, SealedVault, SealedInner) =
        (bytes(0x6B, 300), bytes(0x64, 1065), bytes(0x65, 1065));
    let mut all = samples!(AccountAnswer {
        Error { code: ErrorCode::Throttled, retry_after_ms: Some(64_000) }
        Invitation {
            role: Role::Client,
            state: InvitationState::Open,
            expires_at: AT,
            body: bytes(0x62, 1065),
            inviter: card(),
            inviter_role: Role::OwnerTherapist,
            practice: practice(),
            practice_id: PRACTICE,
        }
        RegisterContinue { opaque: opaque(0x6C, 64) }
        Registered { practice_id: PRACTICE }
        LoginContinue { opaque: opaque(0x6D, 320), state: token.clone() }
        LoggedIn {
            token: token.clone(),
            card: card(),
            credentials: credentials(),
            inner,
            vault,
            vault_revision: Revision(17),
            role: Role::Client,
            weeks: weeks(),
            now: AT,
            factors: factors(),
        }
        Done {}
        UnlockContinue { state: token }
        FactorNeeded {
            state: bytes(0x70, 300),
            totp: true,
            passkey: Some(text(r#"{"challenge":"AQ"}"#)),
        }
        FactorOptions { state: bytes(0x70, 300), options: text(r#"{"rp":{}}"#) }
        Factors { factors: factors() }
    });
    let code = ErrorCode::SignInFailed;
    all.push(("Error without a time", AccountAnswer::Error { code, retry_after_ms: None }));
    all
}

pub(crate) fn client_frames() -> Vec<(&'static str, ClientFrame)> {
    let req = 7;
    let challenge = Challenge(Hash([0x6E; 32]));
    let message = sotto_protocol::frame::connect_message(
        sotto_protocol::ids::IncarnationId([0x6F; 16]),
        challenge,
        anna().account,
        anna().device,
    );
    let signature = anna().sign_device(Label::SignConnect, &message);
    let mut all = samples!(ClientFrame {
        Connect { account: anna().account, device: anna().device, signature, card: card() }
        Append { req, record: record() }
        Subscribe { req, space: SPACE }
        Read { req: u32::MAX, space: SPACE, after: Seq(70_000), limit: 256 }
        Cursor { space: SPACE, seq: Seq(70_002) }
        CardGet { req, account: anna().account, version: Some(Version(3)) }
        CardPut { req, card: card() }
        VaultGet { req }
        VaultPut { req, base: Revision(16), revision: Revision(17), sealed: bytes(0x64, 1065) }
        InvitationPut { req, invitation: invitation() }
        InvitationRevoke { req, id: INVITATION }
        InvitationList { req }
        RosterGet { req }
        RosterPut { req, roster: roster() }
        Ephemeral { frame: ephemeral() }
        Restore { req, space: SPACE, records: stored() }
        Ping { req }
        PeopleList { req }
        GlanceGet { req }
        PushKeyGet { req }
        FactorPolicyPut { req, required: true }
        PushPut { req, endpoint: Some(text("https://push.example/a")) }
        ReadNewest { req, space: SPACE, limit: 48 }
    });
    all.push(("CardGet of the newest", ClientFrame::CardGet { req, account: anna().account, version: None }));
    all.push(("PushPut of none", ClientFrame::PushPut { req, endpoint: None }));
    all
}

pub(crate) fn server_bodies() -> Vec<(&'static str, ServerBody)> {
    let req = 7;
    let mut all = samples!(ServerBody {
        Hello { challenge: Challenge(Hash([0x6E; 32])), now: AT }
        Ready {
            spaces: vec![head()],
            card_version: Version(3),
            vault_revision: Revision(17),
            practice: practice(),
            now: AT,
            weeks: weeks(),
            factors_since: Some(AT),
            factor_due: Some(AT),
            factors: factors(),
        }
        Error { req: Some(req), code: ErrorCode::RateLimited, retry_after_ms: Some(1000) }
        Appended {
            req,
            id: RecordId([0x5E; 16]),
            seq: Seq(70_001),
            head: Head([0x5F; 32]),
            at: AT,
            payload_hash: hash::payload(b"payload"),
            repeat: true,
        }
        Subscribed { req, head: head() }
        Page { req, space: SPACE, records: stored(), head: head() }
        Push { space: SPACE, records: stored() }
        Cards { req, card: Some(card()) }
        Done { req }
        Vault { req, revision: Revision(17), sealed: Some(bytes(0x64, 1065)) }
        Invitations { req, invitations: statuses() }
        Roster { req, roster: Some(roster()) }
        Ephemeral { frame: ephemeral() }
        CardChanged { account: anna().account, version: Version(3) }
        VaultChanged { revision: Revision(17) }
        SpaceAdded { head: head() }
        Pong { req, now: AT }
        People { req, people: people() }
        Glance { req, tables: tables() }
        PushKey { req, key: Some(bytes(0x04, 65)) }
        Newest {
            req,
            base: Seen { seq: Seq(70_000), head: Head([0x5F; 32]) },
            era: stored().into_iter().next().map(Box::new),
            records: stored(),
            head: head(),
        }
    });
    all.extend([
        ("PushKey without one", ServerBody::PushKey { req, key: None }),
        (
            "Newest of all there is",
            ServerBody::Newest {
                req,
                base: Seen { seq: Seq::ZERO, head: Head([0x5F; 32]) },
                era: None,
                records: stored(),
                head: head(),
            },
        ),
        (
            "Error of the connection",
            ServerBody::Error { req: None, code: ErrorCode::Unknown(999), retry_after_ms: None },
        ),
        ("Cards without one", ServerBody::Cards { req, card: None }),
        ("Vault without one", ServerBody::Vault { req, revision: Revision::ZERO, sealed: None }),
        ("Roster without one", ServerBody::Roster { req, roster: None }),
    ]);
    all
}

/// A signature that nobody made.
pub(crate) fn no_signature() -> SignatureBytes {
    SignatureBytes([0; 64])
}
