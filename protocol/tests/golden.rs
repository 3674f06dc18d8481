//! Every form on the wire and at rest, as this version writes it and every later version opens it.

mod support;

use sotto_protocol::account::{AccountAnswer, AccountResponse};
use sotto_protocol::codec;
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::frame::{ClientFrame, ServerBody, ServerFrame};
use sotto_protocol::ids::{Fingerprint, IncarnationId, Version};
use sotto_protocol::link::{InvitationLink, LinkSecret, Origin, SetupLink};
use support::golden::Golden;
use support::{log, samples};

const INCARNATION: IncarnationId = IncarnationId([0x6F; 16]);

#[test]
fn client_frames() {
    let mut golden = Golden::group("client-frames");
    for (name, frame) in samples::client_frames() {
        golden.check(name, &frame);
        assert_eq!(ClientFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }
    golden.finish();
}

#[test]
fn server_frames() {
    let mut golden = Golden::group("server-frames");
    for (name, body) in samples::server_bodies() {
        let frame = ServerFrame { incarnation: INCARNATION, body };
        match &frame.body {
            // It had no weeks and factors at first.
            ServerBody::Ready { spaces, card_version, vault_revision, practice, now, .. } => {
                let (spaces, practice) = (spaces.clone(), practice.clone());
                let (card_version, vault_revision, now, weeks) =
                    (*card_version, *vault_revision, *now, Vec::new());
                let (factors_since, factor_due, factors) = (None, None, Vec::new());
                let body = ServerBody::Ready {
                    spaces,
                    card_version,
                    vault_revision,
                    practice,
                    now,
                    weeks,
                    factors_since,
                    factor_due,
                    factors,
                };
                golden.opens(name, &ServerFrame { incarnation: INCARNATION, body });
                golden.check(&format!("{name} with weeks and factors"), &frame);
            }
            _ => golden.check(name, &frame),
        }
        assert_eq!(ServerFrame::from_bytes(&frame.to_bytes()), Ok(frame));
    }
    golden.finish();
}

#[test]
fn account_requests_and_answers() {
    let mut golden = Golden::group("account");
    for (name, request) in samples::account_requests() {
        golden.check(&format!("request {name}"), &request);
    }
    for (name, ticket) in samples::tickets() {
        golden.check(&format!("ticket {name}"), &ticket);
    }
    for (name, body) in samples::account_answers() {
        let name = format!("answer {name}");
        let answer = AccountResponse { incarnation: INCARNATION, body };
        let mut earlier = answer.clone();
        let AccountAnswer::LoggedIn { weeks, now, factors, .. } = &mut earlier.body else {
            golden.check(&name, &answer);
            continue;
        };
        // It had no weeks, no time and no factors at first.
        (*weeks, *now, *factors) = Default::default();
        golden.opens(&name, &earlier);
        golden.check(&format!("{name} with weeks and factors"), &answer);
    }
    golden.finish();
}

#[test]
fn records_and_their_bodies() {
    let mut golden = Golden::group("records");
    for (name, record) in samples::records() {
        golden.check(&format!("record {name}"), &record);
        golden.check(&format!("header {name}"), record.header());
        golden.check(&format!("record {name} without payload"), &record.without_payload());
    }
    for (name, era) in samples::eras() {
        golden.check(&format!("era {name}"), &era);
    }
    golden.check("drop", &samples::drop_body());
    golden.check("join", &samples::join());
    for (stored, name) in samples::stored().iter().zip(["stored", "stored without payload"]) {
        golden.check(name, stored);
    }
    golden.finish();
}

#[test]
fn signed_objects() {
    let (anna, thera) = (samples::anna(), samples::thera());
    let mut golden = Golden::group("signed");
    golden.check("card", &samples::card());
    golden.check("credential set", &samples::credentials());
    golden.check("roster", &samples::roster());
    golden.check("approval", &samples::approval());
    golden.check("card inside", &samples::card().open(&anna.identity()).unwrap());
    let every_kind = samples::credentials_of_every_kind();
    assert!(CredentialSet::verify(&every_kind, &anna.identity()).is_ok());
    golden.check("credential set of every kind", &every_kind);
    golden.check("credential set inside", &samples::credentials().open(&anna.identity()).unwrap());
    golden.check("roster inside", &samples::roster().open(&thera.identity()).unwrap());
    golden.check("approval inside", &samples::approval().open(&anna.identity()).unwrap());
    golden.finish();
}

/// The server keeps it beside every space, a client in its row of a space.
#[test]
fn states_of_a_log() {
    let mut golden = Golden::group("log-state");
    golden.check("empty", &log::Space::new().state);
    golden.check("founded", &log::Space::founded().state);
    golden.check("with a used approval", &log::Space::with_prescriber().state);
    golden.finish();
}

#[test]
fn links() {
    let origin = Origin { tls: true, host: "practice.example".into(), port: 8443 };
    let invitation = InvitationLink {
        origin: origin.clone(),
        id: samples::INVITATION,
        secret: LinkSecret([2; 32]),
        inviter: Fingerprint([3; 32]),
        card_version_min: Version(4),
    };
    let setup = SetupLink { origin, token: LinkSecret([9; 32]) };
    let mut golden = Golden::group("links");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    golden.check_bytes("invitation", invitation.to_text().as_bytes(), |bytes| {
        InvitationLink::parse(&text(bytes)).as_ref() == Ok(&invitation)
    });
    golden.check_bytes("setup", setup.to_text().as_bytes(), |bytes| {
        SetupLink::parse(&text(bytes)).as_ref() == Ok(&setup)
    });
    golden.finish();
}

#[test]
fn a_decoder_ignores_what_a_later_version_appends() {
    let (_, frame) = &samples::client_frames()[2];
    // [2, [req, space]] with one field more.
    let mut later = frame.to_bytes();
    assert_eq!(later.get(..3), Some(&[0x82, 2, 0x82][..]));
    later[2] = 0x83;
    later.push(0xF6);
    assert_eq!(codec::decode::<ClientFrame>(&later, "frame").as_ref(), Ok(frame));
}
