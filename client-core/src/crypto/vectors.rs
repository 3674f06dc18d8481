//! Known answers, run through the functions that the client uses.
//!
//! The vectors lie in `tests/vectors/`, one `name = hexadecimal` a line, sets apart by an empty line. Where a public
//! function fixes a label, the function under it takes the vector.

use super::keys::hkdf_sha256;
use super::opaque::{
    Finish, OpaqueError, login_finish, login_start, registration_finish, registration_start,
};
use super::seal::{OpenError, xchacha_open, xchacha_seal};
use super::signing::DeviceKey;
use super::wrap::{SealingSecret, hpke_open, hpke_seal};
use core::convert::Infallible;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable, Kem};
use opaque_ke::ksf::Identity;
use opaque_ke::{Identifiers, Ristretto255, TripleDh};
use rand_core::{TryCryptoRng, TryRng};
use sotto_protocol::codec::unhex;
use std::collections::BTreeMap;

/// One set of a vector file.
struct Vector(BTreeMap<&'static str, Vec<u8>>);

impl Vector {
    fn all(file: &'static str) -> Vec<Self> {
        let set = |text: &'static str| {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let fields = lines.filter_map(|line| line.split_once('='));
            Self(fields.map(|(name, hex)| (name.trim(), unhex(hex.trim()).unwrap())).collect())
        };
        let sets: Vec<Self> = file.split("\n\n").map(set).filter(|v| !v.0.is_empty()).collect();
        assert!(!sets.is_empty());
        sets
    }

    fn find(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    fn get(&self, name: &str) -> &[u8] {
        self.find(name).unwrap_or_else(|| panic!("no {name}"))
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.get(name).try_into().unwrap()
    }
}

/// Gives out what a vector says was random, and nothing else.
struct Script(Vec<u8>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unimplemented!("the vectors hold bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unimplemented!("the vectors hold bytes")
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        dst.copy_from_slice(&self.0.drain(..dst.len()).collect::<Vec<u8>>());
        Ok(())
    }
}

impl TryCryptoRng for Script {}

#[test]
fn hkdf_gives_what_rfc_5869_says() {
    for v in Vector::all(include_str!("../../tests/vectors/rfc5869.txt")) {
        let salt = Some(v.get("salt")).filter(|salt| !salt.is_empty());
        let okm = v.get("okm");
        let given = if okm.len() == 82 {
            hkdf_sha256::<82>(salt, v.get("ikm"), v.get("info")).to_vec()
        } else {
            hkdf_sha256::<42>(salt, v.get("ikm"), v.get("info")).to_vec()
        };
        assert_eq!(given, okm);
    }
}

#[test]
fn ed25519_signs_as_rfc_8032_says() {
    for v in Vector::all(include_str!("../../tests/vectors/rfc8032.txt")) {
        let key = DeviceKey::from_seed(v.array("seed"));
        assert_eq!(key.public().0, v.array("public"));
        assert_eq!(key.sign_raw(v.get("message")).0, v.array("signature"));
    }
}

#[test]
fn xchacha_seals_as_the_draft_says() {
    for v in Vector::all(include_str!("../../tests/vectors/xchacha.txt")) {
        let sealed = [v.get("ct"), v.get("tag")].concat();
        let (key, nonce, aad) = (v.array("key"), v.array("nonce"), v.get("aad"));
        assert_eq!(xchacha_seal(&key, &nonce, aad, v.get("pt").to_vec()), sealed);
        assert_eq!(*xchacha_open(&key, &nonce, aad, &sealed).unwrap(), v.get("pt"));
        assert_eq!(xchacha_open(&key, &nonce, b"", &sealed).unwrap_err(), OpenError::Forged);
    }
}

#[test]
fn hpke_seals_as_rfc_9180_says() {
    type Dh = X25519HkdfSha256;
    for v in Vector::all(include_str!("../../tests/vectors/rfc9180.txt")) {
        let sealed = [v.get("enc"), v.get("ct")].concat();
        let (info, aad) = (v.get("info"), v.get("aad"));
        let mut rng = Script(v.get("ikmE").to_vec());
        assert_eq!(hpke_seal::<Dh>(v.get("pkRm"), info, aad, v.get("pt"), &mut rng).unwrap(), sealed);
        assert_eq!(*hpke_open::<Dh>(v.get("skRm"), info, aad, &sealed).unwrap(), v.get("pt"));
        assert_eq!(hpke_open::<Dh>(v.get("skRm"), b"", aad, &sealed).unwrap_err(), OpenError::Forged);
    }
}

#[test]
fn xwing_encapsulates_as_the_draft_says() {
    for v in Vector::all(include_str!("../../tests/vectors/xwing.txt")) {
        let secret = SealingSecret::from_seed(v.array("seed"));
        assert_eq!(secret.public().as_slice(), v.get("pk"));
        let mut rng = Script(v.get("eseed").to_vec());
        let sealed = hpke_seal::<XWing>(v.get("pk"), b"info", b"", b"plain", &mut rng).unwrap();
        let (encapsulation, _) = sealed.split_at(1120);
        assert_eq!(encapsulation, v.get("ct"));
        assert_eq!(*hpke_open::<XWing>(secret.expose_seed(), b"info", b"", &sealed).unwrap(), b"plain");
        // The shared secret itself does not leave HPKE; the library tells it to those who ask.
        let key = <XWing as Kem>::PrivateKey::from_bytes(secret.expose_seed()).unwrap();
        let encapsulation = <XWing as Kem>::EncappedKey::from_bytes(encapsulation).unwrap();
        assert_eq!(XWing::decap(&key, None, &encapsulation).unwrap().0.as_slice(), v.get("ss"));
    }
}

/// Sotto's suite with the key stretching of the RFC's vectors.
struct Unstretched;

impl opaque_ke::CipherSuite for Unstretched {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2_010::Sha512>;
    type Ksf = Identity;
}

/// A blind is drawn as 64 bytes and reduced; a reduced one, little-endian, stays what it is.
fn blind(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0; 32]].concat()
}

fn identifiers(v: &Vector) -> Identifiers<'_> {
    Identifiers { client: v.find("client_identity"), server: v.find("server_identity") }
}

#[test]
fn opaque_registers_as_rfc_9807_says() {
    for v in Vector::all(include_str!("../../tests/vectors/rfc9807.txt")) {
        let password = v.get("password");
        let mut rng = Script(blind(v.get("blind_registration")));
        let (state, request) = registration_start::<Unstretched>(password, &mut rng).unwrap();
        assert_eq!(request.as_slice(), v.get("registration_request"));

        let input = Finish { state: state.expose(), password, response: v.get("registration_response") };
        let mut rng = Script(v.get("envelope_nonce").to_vec());
        let done = registration_finish::<Unstretched>(&input, identifiers(&v), &Identity, &mut rng).unwrap();
        assert_eq!(done.upload.as_slice(), v.get("registration_upload"));
        assert_eq!(done.export_key.expose(), &v.array("export_key"));
        assert_eq!(done.server_key.as_slice(), v.get("server_public_key"));
    }
}

#[test]
fn opaque_logs_in_as_rfc_9807_says() {
    for v in Vector::all(include_str!("../../tests/vectors/rfc9807.txt")) {
        let password = v.get("password");
        let random =
            [blind(v.get("blind_login")), v.get("client_keyshare_seed").into(), v.get("client_nonce").into()];
        let (state, request) = login_start::<Unstretched>(password, &mut Script(random.concat())).unwrap();
        assert_eq!(request.as_slice(), v.get("KE1"));

        let input = Finish { state: state.expose(), password, response: v.get("KE2") };
        let finish = |input: &Finish<'_>, context: &[u8]| {
            login_finish::<Unstretched>(input, context, identifiers(&v), &Identity, &mut Script(Vec::new()))
        };
        let done = finish(&input, v.get("context")).unwrap();
        assert_eq!(done.finalization.as_slice(), v.get("KE3"));
        assert_eq!(done.session_key.expose(), v.get("session_key"));
        assert_eq!(done.export_key.expose(), &v.array("export_key"));
        assert_eq!(done.server_key.as_slice(), v.get("server_public_key"));

        let wrong = Finish { password: b"wrong", ..input };
        assert_eq!(finish(&wrong, v.get("context")).unwrap_err(), OpaqueError::WrongPassword);
        assert_eq!(finish(&input, b"other").unwrap_err(), OpaqueError::WrongPassword);
    }
}
