//! Accounts, devices and records for the load, made the way clients make them.
//!
//! Owns keys and chains. What only clients open (vaults, sealed keys) has the right size and nothing in it; what the
//! server checks (signatures, hashes, cards, eras, `seen`) is real.

use crate::socket::{Conn, post};
use anyhow::{Result, bail};
use minicbor::Encoder;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use sotto_client_core::crypto::opaque::{self, Hardening};
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::signing::{DeviceKey, IdentityKey};
use sotto_protocol::account::{AccountAnswer, AccountRequest, Registration, Ticket};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, SealingPublic, VerifiedCard};
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::credentials::{CredentialSet, Method, MethodKind};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, NewInvitation, connect_message};
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Handle, Hash, Head, InvitationId, MethodId, Millis, RecordId, Seq,
    SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::record::{
    Cause, EraBody, HEADER_VERSION, Header, Join, Kind, Member, Payload, Record, Seen,
};
use sotto_protocol::roster::Role;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

/// Heads a chain remembers for `seen`.
const HEADS_KEPT: usize = 64;
/// Bytes of an HPKE envelope around a key.
const WRAP_BYTES: usize = 1169;

/// Somebody with one device.
pub(crate) struct Person {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) role: Role,
    handle: Handle,
    identity: IdentityKey,
    key: DeviceKey,
    card: VerifiedCard,
}

fn id(rng: &mut ChaCha20Rng) -> [u8; 16] {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    id
}

fn filled<const MAX: usize>(len: usize, rng: &mut ChaCha20Rng) -> Result<Bytes<MAX>> {
    let mut bytes = vec![0; len];
    rng.fill_bytes(&mut bytes);
    Ok(Bytes::new(bytes)?)
}

impl Person {
    pub(crate) fn new(handle: &str, role: Role, rng: &mut ChaCha20Rng) -> Result<Self> {
        let (identity, key) = (IdentityKey::generate(rng), DeviceKey::generate(rng));
        let (account, device) = (AccountId(id(rng)), DeviceId(id(rng)));
        let mut sealing = vec![0; SealingPublic::LEN];
        rng.fill_bytes(&mut sealing);
        let card = identity.sign_object(&Card {
            account,
            version: Version(1),
            identity: identity.public(),
            devices: vec![CardDevice {
                id: device,
                key: key.public(),
                added_in: Version(1),
                added_at: Millis(1),
                removed_in: None,
            }],
            sealing: SealingPublic::from_slice(&sealing)?,
            sealing_since: Version(1),
            suites: vec![SUITE_1],
        })?;
        let card = VerifiedCard::verify(card)?;
        Ok(Self { account, device, role, handle: Handle::parse(handle)?, identity, key, card })
    }

    /// Registers through both steps of the account API, with next to no password hardening.
    pub(crate) async fn register(
        &self,
        server: SocketAddr,
        ticket: Ticket,
        founding: Vec<Record>,
        rng: &mut ChaCha20Rng,
    ) -> Result<()> {
        let password = Password::new("the same for everybody here");
        let handle = self.handle.clone();
        let (state, message) = opaque::start_registration(&password, rng)?;
        let start =
            AccountRequest::RegisterStart { ticket: ticket.clone(), handle: handle.clone(), opaque: message };
        let AccountAnswer::RegisterContinue { opaque: response } = ask(server, &start).await? else {
            bail!("unexpected answer to RegisterStart");
        };
        let hardening = Hardening::for_simulation();
        let done = opaque::finish_registration(&state, &password, &handle, hardening, &response, rng)?;
        let (inner, vault) = (filled(1065, rng)?, filled(2089, rng)?);
        let mut unlock = vec![0; SealingPublic::LEN];
        rng.fill_bytes(&mut unlock);
        let credentials = self.identity.sign_object(&CredentialSet {
            account: self.account,
            version: Version(1),
            opaque_hash: hash::payload(done.upload.as_slice()),
            inner_hash: hash::payload(inner.as_slice()),
            vault_generation: Version(1),
            methods: vec![Method {
                id: MethodId(id(rng)),
                kind: MethodKind::Password,
                unlock: SealingPublic::from_slice(&unlock)?,
                vault_wrap: filled(WRAP_BYTES, rng)?,
                inner_wrap: filled(WRAP_BYTES, rng)?,
                created_at: Millis(1),
                login: None,
            }],
        })?;
        let registration = Registration {
            ticket,
            handle,
            opaque: done.upload,
            card: self.card.signed().clone(),
            credentials,
            vault,
            inner,
            founding,
        };
        let finish = AccountRequest::RegisterFinish { registration: Box::new(registration) };
        match ask(server, &finish).await? {
            AccountAnswer::Registered { .. } => Ok(()),
            _ => bail!("unexpected answer to RegisterFinish"),
        }
    }

    /// The first frame on a connection.
    pub(crate) fn connect(&self, conn: &Conn) -> ClientFrame {
        let (account, device) = (self.account, self.device);
        let message = connect_message(conn.incarnation, conn.challenge, account, device);
        let signature = self.key.sign(Label::SignConnect, &message);
        ClientFrame::Connect { account, device, signature, card: self.card.signed().clone() }
    }

    /// Makes an invitation and hands it to the server.
    pub(crate) async fn invite(
        &self,
        conn: &mut Conn,
        role: Role,
        rng: &mut ChaCha20Rng,
    ) -> Result<InvitationId> {
        let invitation = InvitationId(id(rng));
        let expires_at = now().plus(3_600_000);
        let body = filled(1065, rng)?;
        let new = NewInvitation { id: invitation, role, expires_at, body };
        conn.send(&ClientFrame::InvitationPut { req: 1, invitation: new }).await?;
        conn.answer(DONE).await?;
        Ok(invitation)
    }

    /// Founds a space with the inviter.
    pub(crate) fn found(
        &self,
        inviter: &Self,
        invitation: InvitationId,
        rng: &mut ChaCha20Rng,
    ) -> Result<(Vec<Record>, Chain)> {
        let space = SpaceId(id(rng));
        let mut chain = Chain::new(space);
        let mut members = vec![self.member(), inviter.member()];
        members.sort_by_key(|member| member.account);
        let body = codec::encode(&EraBody {
            prev: EraId::ZERO,
            number: EraNumber::ZERO,
            cause: Cause::Founding,
            members,
            commitment: Hash([6; 32]),
            sealed: vec![filled(WRAP_BYTES, rng)?, filled(WRAP_BYTES, rng)?],
            approvals: Vec::new(),
            made_at: Millis(1),
            suite: SUITE_1,
        });
        let era = chain.record(self, Kind::Era, &body, 1, rng)?;
        chain.era = hash::era(space, &body);
        let join = codec::encode(&Join {
            invitation,
            inviter: inviter.account,
            card_hash: self.card.hash(),
            proof: Hash([5; 32]),
        });
        let join = chain.record(self, Kind::Join, &join, 1, rng)?;
        Ok((vec![era, join], chain))
    }

    fn member(&self) -> Member {
        Member {
            account: self.account,
            role: self.role,
            identity: self.identity.public(),
            card_version: Version(1),
            card_hash: self.card.hash(),
        }
    }
}

/// Index of `ServerBody::Done`.
const DONE: u8 = 8;

#[expect(clippy::disallowed_methods, reason = "the server compares expiry with its own clock")]
fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or_default())
}

/// Asks, and waits where the server says that it is too much at once.
async fn ask(server: SocketAddr, request: &AccountRequest) -> Result<AccountAnswer> {
    loop {
        match post(server, &request.to_bytes()).await? {
            AccountAnswer::Error { code: ErrorCode::RateLimited, retry_after_ms } => {
                tokio::time::sleep(Duration::from_millis(retry_after_ms.unwrap_or(100))).await;
            }
            AccountAnswer::Error { code, .. } => bail!("{}: {}", code.name(), code.sentence()),
            answer => return Ok(answer),
        }
    }
}

/// A space as its only writer knows it: what comes next, and the heads of what was last.
#[derive(Clone)]
pub(crate) struct Chain {
    pub(crate) space: SpaceId,
    pub(crate) seq: u64,
    era: EraId,
    heads: VecDeque<Head>,
}

/// Appends ready to be sent: each frame up to its payload, one after the other.
#[derive(Default)]
pub(crate) struct Prepared {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    heads: Vec<Head>,
    taken: usize,
}

impl Prepared {
    /// How many of these were taken.
    pub(crate) fn taken(&self) -> u64 {
        self.taken as u64
    }

    /// None is left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.taken == self.ends.len()
    }

    /// The next frame without its payload.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let end = *self.ends.get(self.taken)?;
        let start = self.taken.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        self.taken += 1;
        self.bytes.get(start..end)
    }
}

impl Chain {
    fn new(space: SpaceId) -> Self {
        Self { space, seq: 0, era: EraId::ZERO, heads: VecDeque::from([hash::head_zero(space)]) }
    }

    /// The next record, by an author who has verified all but the last `lag - 1`.
    fn record(
        &mut self,
        by: &Person,
        kind: Kind,
        payload: &[u8],
        lag: usize,
        rng: &mut ChaCha20Rng,
    ) -> Result<Record> {
        let (header, signature) = self.sign(by, kind, hash::payload(payload), lag, rng);
        Ok(Record::from_parts(header, signature, Some(Payload::new(payload.to_vec())?))?)
    }

    fn sign(
        &mut self,
        by: &Person,
        kind: Kind,
        payload_hash: Hash,
        lag: usize,
        rng: &mut ChaCha20Rng,
    ) -> (Vec<u8>, sotto_protocol::sign::SignatureBytes) {
        let back = lag.min(self.heads.len()).max(1);
        let seen_seq = self.seq + 1 - back as u64;
        let head = self.heads.iter().rev().nth(back - 1).copied().unwrap_or(Head([0; 32]));
        let header = codec::encode(&Header {
            version: HEADER_VERSION,
            space: self.space,
            era: self.era,
            author: by.account,
            card_version: Version(1),
            device: by.device,
            id: RecordId(id(rng)),
            seen: Seen { seq: Seq(seen_seq), head },
            kind,
            payload_hash,
        });
        let signature = by.key.sign(Label::SignHeader, &header);
        let last = self.heads.back().copied().unwrap_or(Head([0; 32]));
        self.push(hash::head(last, &header, &signature));
        (header, signature)
    }

    /// Signs the next `count` messages, all of one payload.
    pub(crate) fn prepare(
        &self,
        by: &Person,
        payload_hash: Hash,
        count: usize,
        lag: usize,
        rng: &mut ChaCha20Rng,
    ) -> Result<Prepared> {
        let mut ahead = self.clone();
        let mut prepared = Prepared::default();
        for _ in 0..count {
            let (header, signature) = ahead.sign(by, Kind::Content, payload_hash, lag, rng);
            let mut e = Encoder::new(&mut prepared.bytes);
            // Append: request, record.
            e.array(2)?.u32(1)?.array(2)?.u32(request(ahead.seq))?;
            e.array(3)?.bytes(&header)?.bytes(&signature.0)?;
            prepared.ends.push(prepared.bytes.len());
            prepared.heads.extend(ahead.heads.back());
        }
        Ok(prepared)
    }

    /// Moves past what was sent.
    pub(crate) fn advance(&mut self, prepared: &Prepared) {
        for head in prepared.heads.iter().take(prepared.taken) {
            self.push(*head);
        }
    }

    fn push(&mut self, head: Head) {
        self.seq += 1;
        self.heads.push_back(head);
        if self.heads.len() > HEADS_KEPT {
            self.heads.pop_front();
        }
    }
}

/// The request number of a record's append.
fn request(seq: u64) -> u32 {
    u32::try_from(seq & 0xFFFF_FFFF).unwrap_or_default()
}
