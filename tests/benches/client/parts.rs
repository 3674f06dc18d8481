//! Single steps: sealing, signing, verifying, keys of eras, OPAQUE.

use crate::{row, us};
use anyhow::{Context as _, Result, ensure};
use sotto_client_core::content::{Content, ContentFrame, Message};
use sotto_client_core::crypto::keys::EraKey;
use sotto_client_core::crypto::opaque::{self, Hardening};
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::crypto::seal::{self, ContentPlace};
use sotto_client_core::crypto::signing::{DeviceKey, IdentityKey};
use sotto_client_core::crypto::wrap::{self, EraWrap, SealingSecret};
use sotto_protocol::card::{Card, CardDevice, SUITE_1, VerifiedCard};
use sotto_protocol::codec::{self, Text};
use sotto_protocol::hash;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Handle, Head, Millis, RecordId, Seq, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::log::Authentic;
use sotto_protocol::record::{HEADER_VERSION, Header, Kind, Payload, Record, Seen};
use std::hint::black_box;
use std::time::Duration;

const TIMES: u32 = 5000;
const FEW: u32 = 200;

/// Mean processor time of one call: what else runs on the machine does not count.
fn mean(times: u32, mut call: impl FnMut() -> Result<()>) -> Result<Duration> {
    call()?;
    let begin = processor()?;
    for _ in 0..times {
        call()?;
    }
    Ok(processor()?.saturating_sub(begin) / times)
}

/// Processor time of this thread so far.
fn processor() -> Result<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = times.split_whitespace().next().context("schedstat")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

pub(crate) fn measure() -> Result<()> {
    let mut rng = Entropy::from_seed([9; 32]);
    messages(&mut rng)?;
    eras(&mut rng)?;
    password(&mut rng)
}

fn messages(rng: &mut Entropy) -> Result<()> {
    let (space, era, author) = (SpaceId([1; 16]), EraId([2; 32]), AccountId([3; 16]));
    let (device, record) = (DeviceId([4; 16]), RecordId([5; 16]));
    let key = EraKey::generate(rng).derive_record(space, era);
    let place = ContentPlace { space, era, author, record };
    let content =
        Content::Message(Message { text: Text::new("m".repeat(1024))?, bring: false, show_at: None });
    let frame = ContentFrame { sent_at: Millis(1), content };
    let plain = frame.to_bytes()?;
    let sealing = mean(TIMES, || {
        black_box(seal::seal_content(&key, &place, black_box(&plain), rng));
        Ok(())
    })?;
    row("seal a message of 1 KiB", us(sealing), "µs");
    let sealed = seal::seal_content(&key, &place, &plain, rng);
    let opening = mean(TIMES, || {
        black_box(seal::open_content(&key, &place, black_box(&sealed))?);
        Ok(())
    })?;
    row("open it", us(opening), "µs");
    let (identity, signer) = (IdentityKey::generate(rng), DeviceKey::generate(rng));
    let header = codec::encode(&Header {
        version: HEADER_VERSION,
        space,
        era,
        author,
        card_version: Version(1),
        device,
        id: record,
        seen: Seen { seq: Seq(70_000), head: Head([6; 32]) },
        kind: Kind::Content,
        payload_hash: hash::payload(&sealed),
    });
    let signing = mean(TIMES, || {
        black_box(signer.sign(Label::SignHeader, black_box(&header)));
        Ok(())
    })?;
    row("sign its header", us(signing), "µs");
    let card = card(&identity, &signer, author, device, rng)?;
    let signature = signer.sign(Label::SignHeader, &header);
    let record = Record::from_parts(header, signature, Some(Payload::new(sealed)?))?;
    let checking = mean(TIMES, || {
        black_box(Authentic::check(black_box(&record), &card)?);
        Ok(())
    })?;
    row("verify it: payload hash, device, signature", us(checking), "µs");
    Ok(())
}

fn card(
    identity: &IdentityKey,
    signer: &DeviceKey,
    account: AccountId,
    device: DeviceId,
    rng: &mut Entropy,
) -> Result<VerifiedCard> {
    let card = Card {
        account,
        version: Version(1),
        identity: identity.public(),
        devices: vec![CardDevice {
            id: device,
            key: signer.public(),
            added_in: Version(1),
            added_at: Millis(1),
            removed_in: None,
        }],
        sealing: SealingSecret::generate(rng).public(),
        sealing_since: Version(1),
        suites: vec![SUITE_1],
    };
    Ok(VerifiedCard::verify(identity.sign_object(&card)?)?)
}

fn eras(rng: &mut Entropy) -> Result<()> {
    let secret = SealingSecret::generate(rng);
    let (public, key) = (secret.public(), EraKey::generate(rng));
    let place = EraWrap {
        space: SpaceId([1; 16]),
        prev: EraId::ZERO,
        number: EraNumber::ZERO,
        author: AccountId([3; 16]),
        member: AccountId([4; 16]),
        card_version: Version(1),
    };
    let wrapping = mean(FEW, || {
        black_box(wrap::wrap_era(&public, &key, &place, rng)?);
        Ok(())
    })?;
    row("make an era: its key for one member", us(wrapping), "µs");
    let wrapped = wrap::wrap_era(&public, &key, &place, rng)?;
    let opening = mean(FEW, || {
        black_box(wrap::unwrap_era(&secret, &place, &wrapped)?);
        Ok(())
    })?;
    row("open an era: one's own key", us(opening), "µs");
    Ok(())
}

/// Both sides of OPAQUE as they are at a sign-in.
fn password(rng: &mut Entropy) -> Result<()> {
    let server = sotto_server::opaque::Opaque::new(sotto_server::secrets::Secrets::generate(rng).setup);
    let (password, handle) = (Password::new("correct horse battery staple"), Handle::parse("anna")?);
    let hardening = Hardening::STANDARD;
    let (state, message) = opaque::start_registration(&password, rng)?;
    let response = server.registration_start(&handle, &message)?;
    let done = opaque::finish_registration(&state, &password, &handle, hardening, &response, rng)?;
    let record = server.registration_finish(&done.upload)?;
    let (_, ke1) = opaque::start_login(&password, rng)?;
    let answering = mean(FEW, || {
        black_box(server.login_start(&handle, Some(&record), &ke1, rng)?);
        Ok(())
    })?;
    let (state, ke1) = opaque::start_login(&password, rng)?;
    let started = server.login_start(&handle, Some(&record), &ke1, rng)?;
    let stretching = mean(5, || {
        black_box(opaque::finish_login(&state, &password, &handle, hardening, &started.ke2, rng)?);
        Ok(())
    })?;
    let login = opaque::finish_login(&state, &password, &handle, hardening, &started.ke2, rng)?;
    let checking = mean(FEW, || {
        ensure!(server.login_finish(&handle, &started.state, &login.finalization).is_ok(), "sign-in failed");
        Ok(())
    })?;
    row("sign in with a password, Argon2id 64 MiB: client", us(stretching) / 1000.0, "ms");
    row("  server", us(answering + checking), "µs");
    Ok(())
}
