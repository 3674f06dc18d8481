//! What this version makes and every later version opens.
//!
//! `tests/vectors/golden.txt` holds one `name = hexadecimal` a line, made from fixed seeds. A line is never changed;
//! a new algorithm byte gets new lines beside the old ones.

use super::join::{JoinClaim, derive_proof, verify_proof};
use super::keys::{EraKey, InnerKey, InvitationSecret, Key, PasskeyKey, Purpose, StorageKey, VaultKey};
use super::lock::{open_storage_key, seal_storage_key};
use super::passphrase::Password;
use super::rng::Entropy;
use super::seal::{
    ContentPlace, EphemeralPlace, open_content, open_ephemeral, open_inner, open_invitation, open_store,
    open_vault, seal_content, seal_ephemeral, seal_inner, seal_invitation, seal_store, seal_vault,
};
use super::signing::{DeviceKey, IdentityKey};
use super::unlock::{ExportKey, RecoveryCode};
use super::wrap::{
    EraWrap, MethodWrap, SealingSecret, unwrap_era, unwrap_inner, unwrap_vault, wrap_era, wrap_inner,
    wrap_vault,
};
use sotto_protocol::codec::{hex, unhex};
use sotto_protocol::credentials::Wrap;
use sotto_protocol::ids::{
    AccountId, DeviceId, EraId, EraNumber, Hash, InvitationId, MethodId, RecordId, Revision, SpaceId, Version,
};
use sotto_protocol::label::Label;
use sotto_protocol::sign::SignatureBytes;
use std::collections::BTreeMap;

const SPACE: SpaceId = SpaceId([0x11; 16]);
const ERA: EraId = EraId([0x12; 32]);
const AUTHOR: AccountId = AccountId([0x13; 16]);
const INVITATION: InvitationId = InvitationId([0x16; 16]);
const CONTENT: ContentPlace =
    ContentPlace { space: SPACE, era: ERA, author: AUTHOR, record: RecordId([0x14; 16]) };
const FRAME: EphemeralPlace =
    EphemeralPlace { space: SPACE, era: ERA, author: AUTHOR, device: DeviceId([0x15; 16]) };
const METHOD: MethodWrap = MethodWrap { account: AUTHOR, method: MethodId([0x17; 16]) };
const ERA_WRAP: EraWrap = EraWrap {
    space: SPACE,
    prev: ERA,
    number: EraNumber(2),
    author: AUTHOR,
    member: AccountId([0x18; 16]),
    card_version: Version(3),
};

fn key<P: Purpose>() -> Key<P> {
    Key::from_bytes([0x21; 32])
}

fn unlock_seeds() -> [SealingSecret; 3] {
    [
        ExportKey::from_bytes([0x22; 64]).derive_unlock(),
        RecoveryCode::from_slice(&[0x22; 16]).unwrap().derive_unlock(),
        PasskeyKey::from_bytes([0x22; 32]).derive_unlock(),
    ]
}

fn claim() -> JoinClaim {
    JoinClaim {
        invitation: INVITATION,
        inviter: IdentityKey::from_seed([0x23; 32]).public(),
        joiner: IdentityKey::from_seed([0x24; 32]).public(),
        card: Hash([0x25; 32]),
        space: SPACE,
        founding: Hash([0x26; 32]),
    }
}

/// Everything, made anew.
fn made() -> BTreeMap<&'static str, Vec<u8>> {
    let rng = &mut Entropy::from_seed([0x31; 32]);
    let (era, invite): (EraKey, InvitationSecret) = (key(), key());
    let [password, recovery, passkey] = unlock_seeds();
    let public = SealingSecret::from_seed([0x27; 32]).public();
    BTreeMap::from([
        ("derive-record", era.derive_record(SPACE, ERA).expose().to_vec()),
        ("derive-ephemeral", era.derive_ephemeral(SPACE, ERA).expose().to_vec()),
        ("derive-commitment", era.derive_commitment(SPACE, ERA, EraNumber(2)).0.to_vec()),
        ("derive-invitation", invite.derive_invitation().expose().to_vec()),
        ("derive-join", invite.derive_join().expose().to_vec()),
        ("unlock-password", password.expose_seed().to_vec()),
        ("unlock-recovery", recovery.expose_seed().to_vec()),
        ("unlock-passkey", passkey.expose_seed().to_vec()),
        ("sign-header", DeviceKey::from_seed([0x28; 32]).sign(Label::SignHeader, b"header").0.to_vec()),
        ("mac-join", derive_proof(&key(), &claim()).0.to_vec()),
        ("seal-content", seal_content(&key(), &CONTENT, b"content", rng)),
        ("seal-ephemeral", seal_ephemeral(&key(), &FRAME, b"ephemeral", rng)),
        ("seal-vault", seal_vault(&key(), AUTHOR, Revision(4), b"vault", rng)),
        ("seal-inner", seal_inner(&key(), AUTHOR, b"inner", rng)),
        ("seal-invitation", seal_invitation(&key(), INVITATION, b"invitation", rng)),
        ("seal-store", seal_store(&key(), b"name", b"store", rng)),
        ("seal-lock", {
            let rng = &mut Entropy::from_seed([0x32; 32]);
            seal_storage_key(&key(), &Password::new("lusab-bifom-gutih"), rng).unwrap()
        }),
        ("wrap-era", wrap_era(&public, &key(), &ERA_WRAP, rng).unwrap().into_vec()),
        ("wrap-vault", wrap_vault(&public, &key(), &METHOD, rng).unwrap().into_vec()),
        ("wrap-inner", wrap_inner(&public, &key(), &METHOD, rng).unwrap().into_vec()),
    ])
}

fn stored() -> BTreeMap<&'static str, Vec<u8>> {
    let lines = include_str!("../../tests/vectors/golden.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(" = ")).map(|(name, hex)| (name, unhex(hex).unwrap())).collect()
}

#[test]
fn every_later_version_opens_what_this_one_sealed() {
    let stored = stored();
    let get = |name: &str| stored[name].as_slice();
    let wrap = |name: &str| Wrap::new(stored[name].clone()).unwrap();
    let secret = SealingSecret::from_seed([0x27; 32]);
    assert_eq!(*open_content(&key(), &CONTENT, get("seal-content")).unwrap(), b"content");
    assert_eq!(*open_ephemeral(&key(), &FRAME, get("seal-ephemeral")).unwrap(), b"ephemeral");
    assert_eq!(
        *open_vault(&VaultKey::from_bytes([0x21; 32]), AUTHOR, Revision(4), get("seal-vault")).unwrap(),
        b"vault"
    );
    assert_eq!(*open_inner(&InnerKey::from_bytes([0x21; 32]), AUTHOR, get("seal-inner")).unwrap(), b"inner");
    assert_eq!(*open_invitation(&key(), INVITATION, get("seal-invitation")).unwrap(), b"invitation");
    assert_eq!(
        *open_store(&StorageKey::from_bytes([0x21; 32]), b"name", get("seal-store")).unwrap(),
        b"store"
    );
    let locked = open_storage_key(get("seal-lock"), &Password::new("lusab-bifom-gutih")).unwrap();
    assert_eq!(locked.expose(), &[0x21; 32]);
    assert_eq!(unwrap_era(&secret, &ERA_WRAP, &wrap("wrap-era")).unwrap().expose(), &[0x21; 32]);
    assert_eq!(unwrap_vault(&secret, &METHOD, &wrap("wrap-vault")).unwrap().expose(), &[0x21; 32]);
    assert_eq!(unwrap_inner(&secret, &METHOD, &wrap("wrap-inner")).unwrap().expose(), &[0x21; 32]);
    verify_proof(&key(), &claim(), &Hash::from_slice(get("mac-join")).unwrap()).unwrap();
    let signature = SignatureBytes(get("sign-header").try_into().unwrap());
    DeviceKey::from_seed([0x28; 32]).public().verify(Label::SignHeader, b"header", &signature).unwrap();
}

#[test]
fn the_same_seeds_make_the_same_bytes() {
    let lines = |values: BTreeMap<&str, Vec<u8>>| -> Vec<String> {
        values.into_iter().map(|(name, bytes)| format!("{name} = {}", hex(&bytes))).collect()
    };
    assert_eq!(lines(made()).join("\n"), lines(stored()).join("\n"));
}
