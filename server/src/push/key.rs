//! The key by which push services know this server (RFC 8292).
//!
//! Owns `DIR/secrets/vapid`: one P-256 key, and the tokens signed with it. Browsers bind an address to this key, so
//! with another one nobody is told anything until each browser has asked anew. Invariants: a damaged file is
//! reported and never replaced; the key is only made where there is none; a token is good for one push service and
//! for hours.

use crate::secrets::{checksum, too_open, write};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use sotto_protocol::frame::PushPublic;
use sotto_protocol::ids::Millis;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const FILE: &str = "secrets/vapid";
/// First line of the file: what it is and the version of its format.
const HEADER: &str = "sotto vapid 1";
/// No honest file is longer.
const FILE_BYTES_MAX: u64 = 1024;
/// How long a token is good; RFC 8292 allows a day.
const TOKEN_SECONDS: u64 = 12 * 3600;

/// The key.
pub struct PushKey {
    signing: SigningKey,
}

impl fmt::Debug for PushKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushKey")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum PushKeyError {
    /// The file is not whole.
    #[error(
        "{} is damaged; copy it from a backup, or remove it: then a new one is made, and people have to switch \
         notices on again",
        .0.display()
    )]
    Corrupt(PathBuf),
    /// A newer version wrote it.
    #[error("{} has a format of a newer version; please update sotto-server", .0.display())]
    Newer(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl PushKey {
    /// A new key, not stored anywhere.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut scalar = Zeroizing::new([0; 32]);
        loop {
            rng.fill_bytes(&mut *scalar);
            // One in four billion is no scalar of the group.
            if let Ok(signing) = SigningKey::from_slice(&*scalar) {
                return Self { signing };
            }
        }
    }

    /// Reads the key; without a file makes one and stores it.
    pub fn load_or_create(data: &Path, rng: &mut impl CryptoRng) -> Result<Self, PushKeyError> {
        if let Some((key, warning)) = Self::load(data)? {
            if let Some(warning) = warning {
                tracing::warn!("{warning}");
            }
            return Ok(key);
        }
        let key = Self::generate(rng);
        let path = data.join(FILE);
        let directory = path.parent().unwrap_or(data);
        write(directory, &path, key.to_text().as_bytes())
            .map_err(|source| PushKeyError::Io { path: path.clone(), source })?;
        Ok(key)
    }

    /// Reads the key if there is one. With it comes a warning if other users of the machine can read it too.
    pub fn load(data: &Path) -> Result<Option<(Self, Option<String>)>, PushKeyError> {
        let path = data.join(FILE);
        let io = |source| PushKeyError::Io { path: path.clone(), source };
        let opened = match File::open(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io)?,
        };
        let warning = too_open(&opened, &path).map_err(io)?;
        let mut text = Zeroizing::new(String::with_capacity(256));
        match opened.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Err(e) if e.kind() == ErrorKind::InvalidData => return Err(PushKeyError::Corrupt(path)),
            other => other.map_err(io)?,
        };
        Ok(Some((Self::from_text(&text, &path)?, warning)))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let scalar = Zeroizing::new(self.signing.to_bytes());
        let body = Zeroizing::new(format!("{HEADER}\n{}\n", *Zeroizing::new(STANDARD.encode(&scalar[..]))));
        Zeroizing::new(format!("{}{}\n", *body, checksum(&body)))
    }

    fn from_text(text: &str, path: &Path) -> Result<Self, PushKeyError> {
        let corrupt = || PushKeyError::Corrupt(path.to_owned());
        let lines: Vec<_> = text.split('\n').collect();
        if lines.first().is_some_and(|l| l.starts_with("sotto vapid ") && *l != HEADER) {
            return Err(PushKeyError::Newer(path.to_owned()));
        }
        let [HEADER, scalar, sum, ""] = lines.as_slice() else { return Err(corrupt()) };
        if checksum(&format!("{HEADER}\n{scalar}\n")) != *sum {
            return Err(corrupt());
        }
        let scalar = STANDARD.decode(scalar).map(Zeroizing::new).map_err(|_| corrupt())?;
        Ok(Self { signing: SigningKey::from_slice(&scalar).map_err(|_| corrupt())? })
    }

    /// The public key, as browsers want it.
    pub fn public(&self) -> PushPublic {
        let point = VerifyingKey::from(&self.signing).to_sec1_point(false);
        PushPublic::new(point.as_bytes().to_vec()).unwrap_or_default()
    }

    /// The `Authorization` of a request to one push service: a token made out to its origin (`aud`), good until
    /// `exp`, and whom to ask when something is wrong (`sub`).
    pub(super) fn authorization(&self, audience: &str, contact: Option<&str>, now: Millis) -> String {
        let mut claims = serde_json::Map::new();
        claims.insert("aud".to_owned(), audience.into());
        claims.insert("exp".to_owned(), (now.0 / 1000 + TOKEN_SECONDS).into());
        if let Some(contact) = contact {
            claims.insert("sub".to_owned(), contact.into());
        }
        let claims = serde_json::Value::Object(claims).to_string();
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
        let signature: Signature = self.signing.sign(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.to_bytes());
        let public = URL_SAFE_NO_PAD.encode(self.public().as_slice());
        format!("vapid t={signed}.{signature}, k={public}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([8; 32])
    }

    #[test]
    fn a_key_is_made_once_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        assert!(PushKey::load(dir.path()).unwrap().is_none());
        let made = PushKey::load_or_create(dir.path(), &mut rng()).unwrap();
        assert_eq!((made.public().len(), made.public().as_slice()[0]), (65, 4));
        let path = dir.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = PushKey::load_or_create(dir.path(), &mut ChaCha20Rng::from_seed([9; 32])).unwrap();
        assert_eq!(again.public(), made.public());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(PushKey::load(dir.path()).unwrap().unwrap().1.unwrap().contains("chmod 600"));
        assert_eq!(format!("{made:?}"), "PushKey");
    }

    #[test]
    fn a_damaged_key_is_reported_and_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        PushKey::load_or_create(dir.path(), &mut rng()).unwrap();
        let path = dir.path().join(FILE);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(PushKey::load_or_create(dir.path(), &mut rng()).is_err(), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(PushKey::load_or_create(dir.path(), &mut rng()).is_err(), "cut at {at}");
        }
        let newer = PushKey::from_text("sotto vapid 2\nx\n", Path::new("f"));
        assert!(matches!(newer, Err(PushKeyError::Newer(_))));
    }
}
