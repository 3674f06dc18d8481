//! The client's side of OPAQUE (RFC 9807): registration and login without the password leaving the device.
//!
//! Owns the four steps, what is kept between them, and the cost of Argon2id. Refuses to know requests and sessions.
//! Invariants: client identity = handle, server identity and context = the constants of
//! [`sotto_protocol::opaque`]; the cost is fixed by [`Hardening::STANDARD`] and only ever goes up, whatever a server
//! says.

use super::passphrase::Password;
use super::rng::Legacy;
use super::unlock::ExportKey;
use argon2::Argon2;
use core::fmt;
use opaque_ke::errors::{InternalError, ProtocolError};
use opaque_ke::{
    CipherSuite, ClientLogin, ClientLoginFinishParameters, ClientRegistration,
    ClientRegistrationFinishParameters, CredentialResponse, Identifiers, RegistrationResponse, Ristretto255,
    TripleDh,
};
use rand_core::CryptoRng;
use sha2_010::Sha512;
use sotto_protocol::credentials::OpaqueMessage;
use sotto_protocol::ids::Handle;
use sotto_protocol::opaque::{CONTEXT, SERVER_IDENTIFIER, Suite};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// The cost of stretching a password: Argon2id (RFC 9106), version 0x13.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardening {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

/// A cost below the minimum, or more than a phone can pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("password hardening outside the allowed range")]
pub struct BadHardening;

impl Hardening {
    /// The second recommended option of RFC 9106 section 4 (64 MiB, three passes), but one lane: a browser's worker
    /// computes lanes one after the other, so four would cost us the same and spare only a guesser with four cores.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, iterations: 3, lanes: 1 };

    /// Memory above which a phone's browser may fail, KiB.
    const MEMORY_KIB_MAX: u32 = 512 * 1024;
    /// Passes above which a login would seem to hang.
    const ITERATIONS_MAX: u32 = 16;

    /// A cost read from elsewhere. Anything below [`Hardening::STANDARD`] is refused.
    pub fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, BadHardening> {
        let Self { memory_kib: memory_min, iterations: iterations_min, .. } = Self::STANDARD;
        let allowed = (memory_min..=Self::MEMORY_KIB_MAX).contains(&memory_kib)
            && (iterations_min..=Self::ITERATIONS_MAX).contains(&iterations)
            && (1..=4).contains(&lanes);
        if allowed { Ok(Self { memory_kib, iterations, lanes }) } else { Err(BadHardening) }
    }

    /// Next to nothing, for simulations that log in by the thousand. Absent from every shipped build.
    #[cfg(any(test, feature = "simulation"))]
    pub const fn for_simulation() -> Self {
        Self { memory_kib: 8, iterations: 1, lanes: 1 }
    }

    /// Memory, KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    pub fn iterations(self) -> u32 {
        self.iterations
    }

    /// Lanes.
    pub fn lanes(self) -> u32 {
        self.lanes
    }

    pub(super) fn argon2(self) -> Result<Argon2<'static>, OpaqueError> {
        argon2::Params::new(self.memory_kib, self.iterations, self.lanes, None)
            .map(|params| Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
            .map_err(|_| OpaqueError::Internal)
    }
}

/// Why an OPAQUE step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueError {
    /// Wrong password or unknown handle: one cannot be told from the other.
    #[error("handle or password is wrong")]
    WrongPassword,
    /// The server's message, or the kept state, is no such message.
    #[error("malformed sign-in message")]
    Malformed,
    /// The library or the machine failed, for example for want of memory.
    #[error("sign-in failed inside")]
    Internal,
}

macro_rules! states {
    ($($(#[$meta:meta])* $name:ident),*) => {$(
        $(#[$meta])*
        pub struct $name(Zeroizing<Vec<u8>>);

        impl $name {
            /// The state from its bytes, checked when it is used.
            pub fn from_bytes(bytes: Vec<u8>) -> Self {
                Self(Zeroizing::new(bytes))
            }

            /// The secret bytes, to be put into something that is sealed.
            pub fn expose(&self) -> &[u8] {
                &self.0
            }
        }

        impl ZeroizeOnDrop for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}

states! {
    /// What the client keeps between the two steps of a registration. Wiped when dropped.
    RegistrationState,
    /// What the client keeps between the two steps of a login. Wiped when dropped.
    LoginState
}

/// A key shared with the server for one session (RFC 9807 section 6.1), 64 bytes. Wiped when dropped.
pub struct SessionKey(Zeroizing<Vec<u8>>);

impl SessionKey {
    /// The secret bytes.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl ZeroizeOnDrop for SessionKey {}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// A finished registration.
#[derive(Debug)]
pub struct Registered {
    /// The record for the server to keep.
    pub upload: OpaqueMessage,
    /// The key behind the password.
    pub export_key: ExportKey,
    /// The server's OPAQUE public key, for comparison with later logins.
    pub server_key: OpaqueMessage,
}

/// A finished login.
#[derive(Debug)]
pub struct LoggedIn {
    /// The message that proves the client to the server.
    pub finalization: OpaqueMessage,
    /// The key behind the password, the same as at registration.
    pub export_key: ExportKey,
    /// The key of this session.
    pub session_key: SessionKey,
    /// The server's OPAQUE public key, the same as at registration.
    pub server_key: OpaqueMessage,
}

/// First step of a registration, or of a new password: the request for the server.
pub fn start_registration(
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Result<(RegistrationState, OpaqueMessage), OpaqueError> {
    registration_start::<Suite>(password.expose().as_bytes(), rng)
}

/// Second step: the record for the server, and the export key. Takes as long as [`Hardening`] says.
pub fn finish_registration(
    state: &RegistrationState,
    password: &Password,
    handle: &Handle,
    hardening: Hardening,
    response: &OpaqueMessage,
    rng: &mut impl CryptoRng,
) -> Result<Registered, OpaqueError> {
    let input = Finish {
        state: state.expose(),
        password: password.expose().as_bytes(),
        response: response.as_slice(),
    };
    registration_finish::<Suite>(&input, identifiers(handle), &hardening.argon2()?, rng)
}

/// First step of a login: the request for the server.
pub fn start_login(
    password: &Password,
    rng: &mut impl CryptoRng,
) -> Result<(LoginState, OpaqueMessage), OpaqueError> {
    login_start::<Suite>(password.expose().as_bytes(), rng)
}

/// Second step: proof for the server, export key and session key. Takes as long as [`Hardening`] says.
pub fn finish_login(
    state: &LoginState,
    password: &Password,
    handle: &Handle,
    hardening: Hardening,
    response: &OpaqueMessage,
    rng: &mut impl CryptoRng,
) -> Result<LoggedIn, OpaqueError> {
    let input = Finish {
        state: state.expose(),
        password: password.expose().as_bytes(),
        response: response.as_slice(),
    };
    login_finish::<Suite>(&input, CONTEXT, identifiers(handle), &hardening.argon2()?, rng)
}

fn identifiers(handle: &Handle) -> Identifiers<'_> {
    Identifiers { client: Some(handle.as_str().as_bytes()), server: Some(SERVER_IDENTIFIER) }
}

/// The suites that differ from ours in nothing but key stretching: ours, and that of the RFC's vectors.
pub(super) trait Steps:
    CipherSuite<OprfCs = Ristretto255, KeyExchange = TripleDh<Ristretto255, Sha512>>
{
}
impl<CS: CipherSuite<OprfCs = Ristretto255, KeyExchange = TripleDh<Ristretto255, Sha512>>> Steps for CS {}

/// What both second steps take.
pub(super) struct Finish<'a> {
    pub(super) state: &'a [u8],
    pub(super) password: &'a [u8],
    pub(super) response: &'a [u8],
}

pub(super) fn registration_start<CS: Steps>(
    password: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(RegistrationState, OpaqueMessage), OpaqueError> {
    let start = ClientRegistration::<CS>::start(&mut Legacy(rng), password).map_err(ours)?;
    let state = RegistrationState::from_bytes(Zeroizing::new(start.state.serialize()).to_vec());
    Ok((state, message(&start.message.serialize())?))
}

pub(super) fn registration_finish<CS: Steps>(
    input: &Finish<'_>,
    identifiers: Identifiers<'_>,
    ksf: &CS::Ksf,
    rng: &mut impl CryptoRng,
) -> Result<Registered, OpaqueError> {
    let state = ClientRegistration::<CS>::deserialize(input.state).map_err(ours)?;
    let response = RegistrationResponse::deserialize(input.response).map_err(ours)?;
    let params = ClientRegistrationFinishParameters::new(identifiers, Some(ksf));
    let finish = state.finish(&mut Legacy(rng), input.password, response, params).map_err(ours)?;
    let export_key = Zeroizing::new(finish.export_key);
    Ok(Registered {
        upload: message(&finish.message.serialize())?,
        export_key: ExportKey::from_bytes((*export_key).into()),
        server_key: message(&finish.server_s_pk.serialize())?,
    })
}

pub(super) fn login_start<CS: Steps>(
    password: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(LoginState, OpaqueMessage), OpaqueError> {
    let start = ClientLogin::<CS>::start(&mut Legacy(rng), password).map_err(ours)?;
    let state = LoginState::from_bytes(Zeroizing::new(start.state.serialize()).to_vec());
    Ok((state, message(&start.message.serialize())?))
}

pub(super) fn login_finish<CS: Steps>(
    input: &Finish<'_>,
    context: &[u8],
    identifiers: Identifiers<'_>,
    ksf: &CS::Ksf,
    rng: &mut impl CryptoRng,
) -> Result<LoggedIn, OpaqueError> {
    let state = ClientLogin::<CS>::deserialize(input.state).map_err(ours)?;
    let response = CredentialResponse::deserialize(input.response).map_err(ours)?;
    let params = ClientLoginFinishParameters::new(Some(context), identifiers, Some(ksf));
    let finish = state.finish(&mut Legacy(rng), input.password, response, params).map_err(ours)?;
    let export_key = Zeroizing::new(finish.export_key);
    let session_key = Zeroizing::new(finish.session_key);
    Ok(LoggedIn {
        finalization: message(&finish.message.serialize())?,
        export_key: ExportKey::from_bytes((*export_key).into()),
        session_key: SessionKey(Zeroizing::new(session_key.to_vec())),
        server_key: message(&finish.server_s_pk.serialize())?,
    })
}

fn message(bytes: &[u8]) -> Result<OpaqueMessage, OpaqueError> {
    OpaqueMessage::new(bytes.to_vec()).map_err(|_| OpaqueError::Internal)
}

fn ours(error: ProtocolError) -> OpaqueError {
    match error {
        ProtocolError::InvalidLoginError => OpaqueError::WrongPassword,
        ProtocolError::LibraryError(InternalError::KsfError) => OpaqueError::Internal,
        _ => OpaqueError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Entropy;
    use super::*;
    use opaque_ke::{
        CredentialFinalization, CredentialRequest, RegistrationRequest, RegistrationUpload, ServerLogin,
        ServerLoginParameters, ServerRegistration, ServerSetup,
    };

    /// A server, as far as OPAQUE goes.
    struct Server {
        setup: ServerSetup<Suite>,
        record: Option<ServerRegistration<Suite>>,
        rng: Entropy,
    }

    impl Server {
        fn new() -> Self {
            let mut rng = Entropy::from_seed([2; 32]);
            Self { setup: ServerSetup::new(&mut Legacy(&mut rng)), record: None, rng }
        }

        fn register(&mut self, password: &str, hardening: Hardening) -> Registered {
            let (password, rng) = (Password::new(password), &mut Entropy::from_seed([1; 32]));
            let (state, request) = start_registration(&password, rng).unwrap();
            let request = RegistrationRequest::deserialize(request.as_slice()).unwrap();
            let response = ServerRegistration::<Suite>::start(&self.setup, request, b"anna").unwrap().message;
            let response = message(&response.serialize()).unwrap();
            let state = RegistrationState::from_bytes(state.expose().to_vec());
            let done = finish_registration(&state, &password, &anna(), hardening, &response, rng).unwrap();
            let upload = RegistrationUpload::deserialize(done.upload.as_slice()).unwrap();
            self.record = Some(ServerRegistration::finish(upload));
            done
        }

        fn login(
            &mut self,
            password: &str,
            handle: &Handle,
            hardening: Hardening,
        ) -> Result<LoggedIn, OpaqueError> {
            let (password, rng) = (Password::new(password), &mut Entropy::from_seed([3; 32]));
            let (state, request) = start_login(&password, rng)?;
            let params =
                || ServerLoginParameters { context: Some(CONTEXT), identifiers: super::identifiers(&ANNA) };
            let start = ServerLogin::start(
                &mut Legacy(&mut self.rng),
                &self.setup,
                self.record.clone(),
                CredentialRequest::deserialize(request.as_slice()).unwrap(),
                b"anna",
                params(),
            );
            let start = start.unwrap();
            let state = LoginState::from_bytes(state.expose().to_vec());
            let response = message(&start.message.serialize())?;
            let done = finish_login(&state, &password, handle, hardening, &response, rng)?;
            let finalization = CredentialFinalization::deserialize(done.finalization.as_slice()).unwrap();
            let server_side = start.state.finish(finalization, params()).unwrap();
            assert_eq!(server_side.session_key.as_slice(), done.session_key.expose());
            Ok(done)
        }
    }

    static ANNA: std::sync::LazyLock<Handle> = std::sync::LazyLock::new(|| Handle::parse("anna").unwrap());

    fn anna() -> Handle {
        ANNA.clone()
    }

    const WEAK: Hardening = Hardening::for_simulation();

    #[test]
    fn a_login_gives_the_export_key_of_the_registration() {
        let mut server = Server::new();
        let registered = server.register("correct horse", WEAK);
        let done = server.login("correct horse", &anna(), WEAK).unwrap();
        assert_eq!(done.export_key.expose(), registered.export_key.expose());
        assert_eq!(done.server_key, registered.server_key);
    }

    #[test]
    fn wrong_password_wrong_name_and_unknown_name_look_the_same() {
        let mut server = Server::new();
        assert_eq!(server.login("correct horse", &anna(), WEAK).unwrap_err(), OpaqueError::WrongPassword);
        server.register("correct horse", WEAK);
        let bea = Handle::parse("bea").unwrap();
        assert_eq!(server.login("correct house", &anna(), WEAK).unwrap_err(), OpaqueError::WrongPassword);
        assert_eq!(server.login("correct horse", &bea, WEAK).unwrap_err(), OpaqueError::WrongPassword);
        let other_cost = Hardening { iterations: 2, ..WEAK };
        assert_eq!(
            server.login("correct horse", &anna(), other_cost).unwrap_err(),
            OpaqueError::WrongPassword
        );
    }

    #[test]
    fn garbage_is_malformed() {
        let (password, rng) = (Password::new("correct horse"), &mut Entropy::from_seed([1; 32]));
        let garbage = OpaqueMessage::new(vec![0xFF; 320]).unwrap();
        for len in [0, 10, 96, 192, 500] {
            let state = RegistrationState::from_bytes(vec![0xFF; len]);
            let done = finish_registration(&state, &password, &anna(), WEAK, &garbage, rng);
            assert_eq!(done.unwrap_err(), OpaqueError::Malformed);
            let state = LoginState::from_bytes(vec![0xFF; len]);
            let done = finish_login(&state, &password, &anna(), WEAK, &garbage, rng);
            assert_eq!(done.unwrap_err(), OpaqueError::Malformed);
        }
    }

    #[test]
    fn the_standard_cost_keeps_old_passwords_working() {
        let registered = Server::new().register("correct horse", Hardening::STANDARD);
        let golden = include_str!("../../tests/vectors/export-key.txt").trim();
        assert_eq!(sotto_protocol::codec::hex(registered.export_key.expose()), golden);
    }

    #[test]
    fn hardening_never_goes_below_the_standard() {
        assert_eq!(Hardening::new(64 * 1024, 3, 1), Ok(Hardening::STANDARD));
        assert!(Hardening::new(128 * 1024, 4, 4).is_ok());
        for (memory, iterations, lanes) in [
            (65_535, 3, 1),
            (65_536, 2, 1),
            (65_536, 3, 0),
            (65_536, 3, 5),
            (u32::MAX, 3, 1),
            (65_536, 99, 1),
        ] {
            assert_eq!(Hardening::new(memory, iterations, lanes), Err(BadHardening));
        }
    }

    #[test]
    fn sign_in_secrets_print_their_type_only() {
        assert_eq!(format!("{:?}", RegistrationState::from_bytes(vec![0xAB; 64])), "RegistrationState(..)");
        assert_eq!(format!("{:?}", LoginState::from_bytes(vec![0xAB; 64])), "LoginState(..)");
        assert_eq!(format!("{:?}", SessionKey(Zeroizing::new(vec![0xAB; 64]))), "SessionKey(..)");
        let registered = Server::new().register("correct horse", WEAK);
        assert!(format!("{registered:?}").contains("export_key: ExportKey(..)"));
    }
}
