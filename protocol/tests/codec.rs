//! Bytes of every sort: what is whole opens, what is cut, lengthened or random never does harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on stops"
)]

mod support;

use proptest::prelude::*;
use sotto_protocol::account::{AccountRequest, AccountResponse};
use sotto_protocol::card::{Card, VerifiedCard};
use sotto_protocol::codec::{self, Bytes};
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{
    ClientFrame, Ephemeral, NewInvitation, ServerBody, ServerFrame, SpaceHead, Stored,
};
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, Hash, Head, IncarnationId, InvitationId, Millis, RecordId, Revision, Seq,
    SpaceId, Version,
};
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::log::LogState;
use sotto_protocol::padding::{pad, unpad};
use sotto_protocol::record::{
    Approval, Drop, EraBody, HEADER_VERSION, Header, Join, Kind, Payload, Record, Seen,
};
use sotto_protocol::roster::{Role, Roster};
use sotto_protocol::sign::{SignatureBytes, Signed};
use support::samples;

const INCARNATION: IncarnationId = IncarnationId([0x6F; 16]);

fn id16() -> impl Strategy<Value = [u8; 16]> {
    any::<[u8; 16]>()
}

fn id32() -> impl Strategy<Value = [u8; 32]> {
    any::<[u8; 32]>()
}

fn signature() -> impl Strategy<Value = SignatureBytes> {
    (id32(), id32()).prop_map(|(a, b)| SignatureBytes([a, b].concat().try_into().unwrap()))
}

fn some_bytes<const MAX: usize>(up_to: usize) -> impl Strategy<Value = Bytes<MAX>> {
    prop::collection::vec(any::<u8>(), 0..up_to).prop_map(|bytes| Bytes::new(bytes).unwrap())
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn seen() -> impl Strategy<Value = Seen> {
    (any::<u64>(), id32()).prop_map(|(seq, head)| Seen { seq: Seq(seq), head: Head(head) })
}

prop_compose! {
    fn header()(
        (space, author, device, id) in (id16(), id16(), id16(), id16()),
        (era, payload_hash) in (id32(), id32()),
        card_version: u64,
        seen in seen(),
        kind: u16,
    ) -> Header {
        Header {
            version: HEADER_VERSION,
            space: SpaceId(space),
            era: EraId(era),
            author: AccountId(author),
            card_version: Version(card_version),
            device: DeviceId(device),
            id: RecordId(id),
            seen,
            kind: Kind::from_code(kind),
            payload_hash: Hash(payload_hash),
        }
    }
}

fn record() -> impl Strategy<Value = Record> {
    (header(), signature(), prop::option::of(some_bytes(300))).prop_map(|(header, signature, payload)| {
        Record::from_parts(codec::encode(&header), signature, payload).unwrap()
    })
}

fn stored() -> impl Strategy<Value = Vec<Stored>> {
    let one = (any::<u64>(), any::<u64>(), record());
    let one = one.prop_map(|(seq, at, record)| Stored { seq: Seq(seq), at: Millis(at), record });
    prop::collection::vec(one, 0..4)
}

fn signed<T: sotto_protocol::sign::Signable>() -> impl Strategy<Value = Signed<T>> {
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    (bytes, signature()).prop_map(|(bytes, signature)| Signed::from_parts(bytes, signature).unwrap())
}

fn space_head() -> impl Strategy<Value = SpaceHead> {
    (id16(), seen(), id32()).prop_map(|(space, seen, era)| SpaceHead {
        space: SpaceId(space),
        seq: seen.seq,
        head: seen.head,
        era: EraId(era),
    })
}

fn ephemeral() -> impl Strategy<Value = Ephemeral> {
    (id16(), id32(), id16(), id16(), some_bytes(300), signature()).prop_map(
        |(space, era, author, device, body, signature)| Ephemeral {
            space: SpaceId(space),
            era: EraId(era),
            author: AccountId(author),
            device: DeviceId(device),
            body,
            signature,
        },
    )
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let space = || id16().prop_map(SpaceId);
    prop_oneof![
        (id16(), id16(), signature(), signed()).prop_map(|(account, device, signature, card)| {
            ClientFrame::Connect { account: AccountId(account), device: DeviceId(device), signature, card }
        }),
        (any::<u32>(), record()).prop_map(|(req, record)| ClientFrame::Append { req, record }),
        (any::<u32>(), space(), any::<u64>(), any::<u32>()).prop_map(|(req, space, after, limit)| {
            ClientFrame::Read { req, space, after: Seq(after), limit }
        }),
        (any::<u32>(), id16(), prop::option::of(any::<u64>())).prop_map(|(req, account, version)| {
            ClientFrame::CardGet { req, account: AccountId(account), version: version.map(Version) }
        }),
        (any::<u32>(), any::<u64>(), any::<u64>(), some_bytes(300)).prop_map(
            |(req, base, revision, sealed)| ClientFrame::VaultPut {
                req,
                base: Revision(base),
                revision: Revision(revision),
                sealed,
            }
        ),
        (any::<u32>(), id16(), role(), any::<u64>(), some_bytes(300)).prop_map(
            |(req, id, role, expires_at, body)| ClientFrame::InvitationPut {
                req,
                invitation: NewInvitation {
                    id: InvitationId(id),
                    role,
                    expires_at: Millis(expires_at),
                    body,
                },
            }
        ),
        (any::<u32>(), signed()).prop_map(|(req, roster)| ClientFrame::RosterPut { req, roster }),
        ephemeral().prop_map(|frame| ClientFrame::Ephemeral { frame }),
        (any::<u32>(), space(), stored()).prop_map(|(req, space, records)| ClientFrame::Restore {
            req,
            space,
            records
        }),
        prop::sample::select(samples::client_frames()).prop_map(|(_, frame)| frame),
    ]
}

fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let body = prop_oneof![
        (prop::option::of(any::<u32>()), any::<u16>(), prop::option::of(any::<u64>())).prop_map(
            |(req, code, retry_after_ms)| ServerBody::Error {
                req,
                code: ErrorCode::from_number(code),
                retry_after_ms,
            }
        ),
        (any::<u32>(), id16(), seen(), any::<u64>(), id32(), any::<bool>()).prop_map(
            |(req, id, seen, at, hash, repeat)| ServerBody::Appended {
                req,
                id: RecordId(id),
                seq: seen.seq,
                head: seen.head,
                at: Millis(at),
                payload_hash: Hash(hash),
                repeat,
            }
        ),
        (any::<u32>(), id16(), stored(), space_head()).prop_map(|(req, space, records, head)| {
            ServerBody::Page { req, space: SpaceId(space), records, head }
        }),
        (id16(), stored()).prop_map(|(space, records)| ServerBody::Push { space: SpaceId(space), records }),
        (any::<u32>(), prop::option::of(signed())).prop_map(|(req, card)| ServerBody::Cards { req, card }),
        (any::<u32>(), any::<u64>(), prop::option::of(some_bytes(300))).prop_map(
            |(req, revision, sealed)| ServerBody::Vault { req, revision: Revision(revision), sealed }
        ),
        ephemeral().prop_map(|frame| ServerBody::Ephemeral { frame }),
        prop::sample::select(samples::server_bodies()).prop_map(|(_, body)| body),
    ];
    (id16(), body)
        .prop_map(|(incarnation, body)| ServerFrame { incarnation: IncarnationId(incarnation), body })
}

/// Every reader of untrusted bytes, for what it does with them.
fn open_all(bytes: &[u8]) -> [bool; 19] {
    let text = String::from_utf8_lossy(bytes);
    [
        ClientFrame::from_bytes(bytes).is_ok(),
        ServerFrame::from_bytes(bytes).is_ok(),
        AccountRequest::from_bytes(bytes).is_ok(),
        AccountResponse::from_bytes(bytes).is_ok(),
        Record::from_bytes(bytes).is_ok(),
        codec::decode::<Header>(bytes, "header").is_ok(),
        EraBody::parse(bytes).is_ok(),
        Drop::parse(bytes).is_ok(),
        Join::parse(bytes).is_ok(),
        codec::decode::<Card>(bytes, "card").is_ok(),
        codec::decode::<CredentialSet>(bytes, "credential set").is_ok(),
        codec::decode::<Roster>(bytes, "roster").is_ok(),
        codec::decode::<Approval>(bytes, "approval").is_ok(),
        codec::decode::<Signed<Card>>(bytes, "card").is_ok_and(|card| VerifiedCard::verify(card).is_ok()),
        codec::decode::<LogState>(bytes, "state").is_ok(),
        InvitationLink::parse(&text).is_ok(),
        SetupLink::parse(&text).is_ok(),
        Origin::parse(&text).is_ok(),
        unpad(bytes.to_vec()).is_ok(),
    ]
}

/// Every whole form: name and bytes.
fn whole() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut push = |sort: &str, name: &str, bytes: Vec<u8>| all.push((format!("{sort} {name}"), bytes));
    for (name, frame) in samples::client_frames() {
        push("client", name, frame.to_bytes());
    }
    for (name, body) in samples::server_bodies() {
        push("server", name, ServerFrame { incarnation: INCARNATION, body }.to_bytes());
    }
    for (name, request) in samples::account_requests() {
        push("request", name, request.to_bytes());
    }
    for (name, body) in samples::account_answers() {
        push("answer", name, AccountResponse { incarnation: INCARNATION, body }.to_bytes());
    }
    for (name, record) in samples::records() {
        push("record", name, record.to_bytes());
    }
    for (name, era) in samples::eras() {
        push("era", name, codec::encode(&era));
    }
    all
}

/// The reader that is meant for a form of [`whole`].
fn opens(sort: &str, bytes: &[u8]) -> bool {
    match sort.split(' ').next().unwrap() {
        "client" => ClientFrame::from_bytes(bytes).is_ok(),
        "server" => ServerFrame::from_bytes(bytes).is_ok(),
        "request" => AccountRequest::from_bytes(bytes).is_ok(),
        "answer" => AccountResponse::from_bytes(bytes).is_ok(),
        "record" => Record::from_bytes(bytes).is_ok(),
        "era" => EraBody::parse(bytes).is_ok(),
        other => panic!("no reader for {other}"),
    }
}

#[test]
fn every_truncation_and_every_trailing_byte_is_refused() {
    for (name, bytes) in whole() {
        assert!(opens(&name, &bytes), "{name} whole");
        for end in 0..bytes.len() {
            assert!(!opens(&name, &bytes[..end]), "{name} cut at {end}");
        }
        for more in 0..=u8::MAX {
            let longer = [bytes.as_slice(), &[more]].concat();
            assert!(!opens(&name, &longer), "{name} with {more:#04x} behind it");
        }
    }
}

#[test]
fn what_is_too_long_for_its_field_is_refused() {
    let (_, frame) = samples::client_frames().swap_remove(1);
    let mut bytes = frame.to_bytes();
    bytes.resize(sotto_protocol::limits::FRAME_BYTES_MAX + 1, 0);
    assert!(ClientFrame::from_bytes(&bytes).is_err());
    assert!(Payload::new(vec![0; sotto_protocol::limits::PAYLOAD_BYTES_MAX + 1]).is_err());
    // A length of 2^63 in a few bytes allocates nothing.
    for head in [[0x5B], [0x9B], [0x7B], [0xBB]] {
        let bytes = [&head[..], &[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], &[0; 32]].concat();
        assert!(!open_all(&bytes).contains(&true));
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    // A field that this version skips may hold anything, also a hundred thousand arrays in each other.
    for byte in [0x81, 0x9F, 0xA1, 0xC1] {
        let nested = [&[0x82, 16, 0x82, 7][..], &vec![byte; 100_000]].concat();
        assert!(!open_all(&nested).contains(&true));
    }
}

proptest! {
    #[test]
    fn client_frames_round_trip(frame in client_frame()) {
        prop_assert_eq!(ClientFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }

    #[test]
    fn server_frames_round_trip(frame in server_frame()) {
        prop_assert_eq!(ServerFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }

    #[test]
    fn a_frame_cut_or_lengthened_anywhere_is_refused(
        frame in client_frame(),
        at in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let bytes = frame.to_bytes();
        prop_assert!(ClientFrame::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        prop_assert!(ClientFrame::from_bytes(&[bytes, more].concat()).is_err());
    }

    #[test]
    fn random_bytes_harm_nobody(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        open_all(&bytes);
    }

    #[test]
    fn damaged_forms_harm_nobody(
        (_, mut bytes) in prop::sample::select(whole()),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        for (at, value) in hits {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        open_all(&bytes);
    }

    #[test]
    fn what_opens_is_written_again_and_opens_as_the_same(
        (name, mut bytes) in prop::sample::select(whole()),
        at in any::<prop::sample::Index>(),
        value: u8,
    ) {
        let at = at.index(bytes.len());
        bytes[at] = value;
        if name.starts_with("client") && let Ok(frame) = ClientFrame::from_bytes(&bytes) {
            prop_assert_eq!(ClientFrame::from_bytes(&frame.to_bytes()), Ok(frame));
        }
        if name.starts_with("server") && let Ok(frame) = ServerFrame::from_bytes(&bytes) {
            prop_assert_eq!(ServerFrame::from_bytes(&frame.to_bytes()), Ok(frame));
        }
    }

    #[test]
    fn padding_comes_off_and_nothing_else_is_padding(plain in prop::collection::vec(any::<u8>(), 0..3000)) {
        let padded = pad(plain.clone());
        prop_assert_eq!(unpad(padded.clone()), Ok(plain));
        prop_assert!(unpad([padded.as_slice(), &[0]].concat()).is_err());
        prop_assert!(unpad(padded[..padded.len() - 1].to_vec()).is_err());
    }
}
