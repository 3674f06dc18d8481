//! The server's side of OPAQUE (RFC 9807).
//!
//! Owns registration and sign-in over bytes. Refuses to know accounts and where records are kept. Invariants: an
//! unknown handle and a wrong password get answers of one shape after the same work; the server never sees
//! anything from which it could read a password without guessing.
//!
//! A guess costs one `login_start`, whether or not `login_finish` ever comes: count attempts there.

use crate::rng::Legacy;
use opaque_ke::{
    CredentialFinalization, CredentialRequest, Identifiers, RegistrationRequest, RegistrationUpload,
    ServerLogin, ServerLoginParameters, ServerRegistration, ServerSetup,
};
use rand_core::CryptoRng;
use sotto_protocol::credentials::OpaqueMessage;
use sotto_protocol::ids::Handle;
use sotto_protocol::opaque::{CONTEXT, Suite};

/// The server's name in the key exchange.
const SERVER: &[u8] = b"sotto";
/// Envelope and masking key of a record, behind its public key.
const RECORD_SECRET_BYTES: usize = 160;

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpaqueError {
    /// The client's message is none.
    #[error("malformed sign-in message")]
    Malformed,
    /// Handle or password are wrong; which, nobody learns.
    #[error("handle or password are wrong")]
    Wrong,
    /// What was stored is no registration record.
    #[error("the stored registration record is damaged")]
    Record,
    /// Our mistake.
    #[error("internal error in sign-in")]
    Internal,
}

/// Answers OPAQUE messages.
pub struct Opaque {
    setup: ServerSetup<Suite>,
    /// Read in place of the record that an unknown handle lacks, so that it costs the same.
    decoy: Vec<u8>,
}

impl std::fmt::Debug for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opaque")
    }
}

/// KE2 and what is needed when KE3 comes; the latter is secret and goes into
/// [`LoginState`](crate::tokens::LoginState).
pub struct LoginStarted {
    /// For the client.
    pub ke2: OpaqueMessage,
    /// For the server.
    pub state: Vec<u8>,
}

impl std::fmt::Debug for LoginStarted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginStarted")
    }
}

impl Opaque {
    /// With the server's set-up.
    pub fn new(setup: ServerSetup<Suite>) -> Self {
        let mut decoy = setup.keypair().public().serialize().to_vec();
        decoy.resize(decoy.len() + RECORD_SECRET_BYTES, 0);
        Self { setup, decoy }
    }

    /// Answers a `RegistrationRequest` with a `RegistrationResponse`.
    pub fn registration_start(
        &self,
        handle: &Handle,
        request: &OpaqueMessage,
    ) -> Result<OpaqueMessage, OpaqueError> {
        let request =
            RegistrationRequest::deserialize(request.as_slice()).map_err(|_| OpaqueError::Malformed)?;
        let started = ServerRegistration::<Suite>::start(&self.setup, request, handle.as_str().as_bytes())
            .map_err(|_| OpaqueError::Internal)?;
        message(&started.message.serialize())
    }

    /// Checks a `RegistrationRecord` and gives the bytes to store.
    pub fn registration_finish(&self, upload: &OpaqueMessage) -> Result<OpaqueMessage, OpaqueError> {
        let upload = RegistrationUpload::<Suite>::deserialize(upload.as_slice())
            .map_err(|_| OpaqueError::Malformed)?;
        message(&ServerRegistration::finish(upload).serialize())
    }

    /// Answers KE1 with KE2. `record` is none for an unknown handle.
    pub fn login_start(
        &self,
        handle: &Handle,
        record: Option<&OpaqueMessage>,
        ke1: &OpaqueMessage,
        rng: &mut impl CryptoRng,
    ) -> Result<LoginStarted, OpaqueError> {
        let ke1 = CredentialRequest::deserialize(ke1.as_slice()).map_err(|_| OpaqueError::Malformed)?;
        let bytes = record.map_or(self.decoy.as_slice(), OpaqueMessage::as_slice);
        let read = ServerRegistration::<Suite>::deserialize(bytes).map_err(|_| OpaqueError::Record)?;
        let started = ServerLogin::start(
            &mut Legacy(rng),
            &self.setup,
            record.is_some().then_some(read),
            ke1,
            handle.as_str().as_bytes(),
            parameters(handle),
        )
        .map_err(|_| OpaqueError::Internal)?;
        Ok(LoginStarted {
            ke2: message(&started.message.serialize())?,
            state: started.state.serialize().to_vec(),
        })
    }

    /// Checks KE3 against the state of [`Opaque::login_start`]: the client knows the password of `handle`. That
    /// state and handle belong together is kept by sealing them into one
    /// [`LoginState`](crate::tokens::LoginState); the expected KE3 was fixed at the start.
    pub fn login_finish(
        &self,
        handle: &Handle,
        state: &[u8],
        ke3: &OpaqueMessage,
    ) -> Result<(), OpaqueError> {
        let ke3 = CredentialFinalization::deserialize(ke3.as_slice()).map_err(|_| OpaqueError::Malformed)?;
        let state = ServerLogin::<Suite>::deserialize(state).map_err(|_| OpaqueError::Internal)?;
        state.finish(ke3, parameters(handle)).map(|_| ()).map_err(|_| OpaqueError::Wrong)
    }
}

fn parameters(handle: &Handle) -> ServerLoginParameters<'static, '_> {
    let identifiers = Identifiers { client: Some(handle.as_str().as_bytes()), server: Some(SERVER) };
    ServerLoginParameters { context: Some(CONTEXT), identifiers }
}

fn message(bytes: &[u8]) -> Result<OpaqueMessage, OpaqueError> {
    OpaqueMessage::new(bytes.to_vec()).map_err(|_| OpaqueError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secrets;
    use opaque_ke::{
        ClientLogin, ClientLoginFinishParameters, ClientRegistration, ClientRegistrationFinishParameters,
        CredentialResponse, RegistrationResponse,
    };
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn identifiers(handle: &Handle) -> Identifiers<'_> {
        Identifiers { client: Some(handle.as_str().as_bytes()), server: Some(SERVER) }
    }

    fn register(server: &Opaque, handle: &Handle, password: &[u8], rng: &mut ChaCha20Rng) -> OpaqueMessage {
        let start = ClientRegistration::<Suite>::start(&mut Legacy(rng), password).unwrap();
        let answer =
            server.registration_start(handle, &message(&start.message.serialize()).unwrap()).unwrap();
        let answer = RegistrationResponse::deserialize(answer.as_slice()).unwrap();
        let parameters = ClientRegistrationFinishParameters::new(identifiers(handle), None);
        let done = start.state.finish(&mut Legacy(rng), password, answer, parameters).unwrap();
        server.registration_finish(&message(&done.message.serialize()).unwrap()).unwrap()
    }

    #[test]
    fn the_right_password_signs_in_and_nothing_else_does() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let server = Opaque::new(Secrets::generate(&mut rng).setup);
        let anna = Handle::parse("anna").unwrap();
        let record = register(&server, &anna, b"open sesame", &mut rng);
        let mut sizes = Vec::new();
        for (password, record, right) in [
            (b"open sesame".as_slice(), Some(&record), true),
            (b"open barley", Some(&record), false),
            (b"open sesame", None, false),
        ] {
            let client = ClientLogin::<Suite>::start(&mut Legacy(&mut rng), password).unwrap();
            let ke1 = message(&client.message.serialize()).unwrap();
            let started = server.login_start(&anna, record, &ke1, &mut rng).unwrap();
            sizes.push((started.ke2.len(), started.state.len()));
            let ke2 = CredentialResponse::deserialize(started.ke2.as_slice()).unwrap();
            let parameters = ClientLoginFinishParameters::new(Some(CONTEXT), identifiers(&anna), None);
            let finished = client.state.finish(&mut Legacy(&mut rng), password, ke2, parameters);
            assert_eq!(finished.is_ok(), right);
            let ke3 = finished.map_or(vec![0; 64], |f| f.message.serialize().to_vec());
            let ke3 = message(&ke3).unwrap();
            let wanted = if right { Ok(()) } else { Err(OpaqueError::Wrong) };
            assert_eq!(server.login_finish(&anna, &started.state, &ke3), wanted);
        }
        assert!(sizes.iter().all(|s| *s == sizes[0]), "known and unknown look alike: {sizes:?}");
    }

    #[test]
    fn malformed_messages_are_refused() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let server = Opaque::new(Secrets::generate(&mut rng).setup);
        let anna = Handle::parse("anna").unwrap();
        for bad in [vec![], vec![0; 31], vec![0xFF; 96], vec![0; 1024]] {
            let bad = OpaqueMessage::new(bad).unwrap();
            assert_eq!(server.registration_start(&anna, &bad), Err(OpaqueError::Malformed));
            assert_eq!(server.registration_finish(&bad), Err(OpaqueError::Malformed));
            assert_eq!(server.login_start(&anna, None, &bad, &mut rng).err(), Some(OpaqueError::Malformed));
            assert!(server.login_finish(&anna, &[], &bad).is_err());
        }
        let client = ClientLogin::<Suite>::start(&mut Legacy(&mut rng), b"x").unwrap();
        let ke1 = message(&client.message.serialize()).unwrap();
        let torn = OpaqueMessage::new(vec![1; 7]).unwrap();
        assert_eq!(server.login_start(&anna, Some(&torn), &ke1, &mut rng).err(), Some(OpaqueError::Record));
    }
}
