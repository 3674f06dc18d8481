//! The server's two secrets, kept apart from the database.
//!
//! Owns `DIR/secrets/server-setup`: the OPAQUE set-up (RFC 9807: OPRF seed and key pair) and 32 random bytes under
//! which the server seals what it hands to clients. Invariants: with a stolen database alone no password can be
//! guessed; a lost file is an error, because a new one would shut every account out for good; the file is
//! there whole or not at all.

use crate::rng::Legacy;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opaque_ke::ServerSetup;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use sotto_protocol::codec::hex;
use sotto_protocol::ids::Hash;
use sotto_protocol::opaque::Suite;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::{ZeroizeOnDrop, Zeroizing};

const DIRECTORY: &str = "secrets";
const FILE: &str = "server-setup";
/// First line of the file: what it is and the version of its format.
const HEADER: &str = "sotto server-setup 1";
/// No honest file is longer.
const FILE_BYTES_MAX: u64 = 4096;

/// 32 random bytes that only the nodes of one server share.
#[derive(ZeroizeOnDrop)]
pub struct ServerSecret([u8; 32]);

impl ServerSecret {
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret")
    }
}

/// Both secrets.
pub struct Secrets {
    /// What OPAQUE needs.
    pub setup: ServerSetup<Suite>,
    /// What tokens need.
    pub server: ServerSecret,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// Why there are no secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file is not there.
    #[error(
        "{} is missing; nobody can sign in without it, so copy it from a backup or from another node of this server",
        .0.display()
    )]
    Absent(PathBuf),
    /// There is one already.
    #[error("{} exists already and is not replaced", .0.display())]
    Exists(PathBuf),
    /// The file is not whole.
    #[error("{} is damaged ({why}); copy it from a backup or from another node of this server", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A newer version wrote it.
    #[error("{} has a format of a newer version; please update sotto-server", .0.display())]
    Newer(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl Secrets {
    /// New secrets, not stored anywhere.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut server = [0; 32];
        rng.fill_bytes(&mut server);
        Self { setup: ServerSetup::new(&mut Legacy(rng)), server: ServerSecret(server) }
    }

    /// True if the file is there, whatever is in it.
    pub fn exist(data: &Path) -> Result<bool, SecretsError> {
        let path = file(data);
        path.try_exists().map_err(|source| SecretsError::Io { path, source })
    }

    /// Makes new secrets and stores them. Only at the first start of a server.
    pub fn create(data: &Path, rng: &mut impl CryptoRng) -> Result<Self, SecretsError> {
        let path = file(data);
        if Self::exist(data)? {
            return Err(SecretsError::Exists(path));
        }
        let secrets = Self::generate(rng);
        write(&data.join(DIRECTORY), &path, secrets.to_text().as_bytes())
            .map_err(|source| SecretsError::Io { path, source })?;
        Ok(secrets)
    }

    /// Reads the secrets. With them comes a warning if other users of the machine can read them too.
    pub fn load(data: &Path) -> Result<(Self, Option<String>), SecretsError> {
        let path = file(data);
        let io = |source| SecretsError::Io { path: path.clone(), source };
        let opened = match File::open(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Err(SecretsError::Absent(path)),
            other => other.map_err(io)?,
        };
        let warning = too_open(&opened, &path).map_err(io)?;
        let mut text = Zeroizing::new(String::with_capacity(1024));
        match opened.take(FILE_BYTES_MAX).read_to_string(&mut text) {
            Err(e) if e.kind() == ErrorKind::InvalidData => {
                return Err(SecretsError::Corrupt { path, why: "it is not text" });
            }
            other => other.map_err(io)?,
        };
        Ok((Self::from_text(&text, &path)?, warning))
    }

    /// Names these secrets without betraying them. Kept in the database, it shows a node with foreign secrets.
    pub fn id(&self) -> Hash {
        let mut hasher = Sha256::new_with_prefix(b"sotto/1/server/secrets-id");
        hasher.update(self.setup.keypair().public().serialize());
        hasher.update(
            Sha256::new_with_prefix(b"sotto/1/server/secret-id").chain_update(self.server.0).finalize(),
        );
        Hash(hasher.finalize().into())
    }

    fn to_text(&self) -> Zeroizing<String> {
        let setup = Zeroizing::new(self.setup.serialize().to_vec());
        let (setup, server) =
            (Zeroizing::new(STANDARD.encode(&*setup)), Zeroizing::new(STANDARD.encode(self.server.0)));
        let body = Zeroizing::new(format!("{HEADER}\n{}\n{}\n", *setup, *server));
        let sum = checksum(&body);
        Zeroizing::new(format!("{}{sum}\n", *body))
    }

    fn from_text(text: &str, path: &Path) -> Result<Self, SecretsError> {
        let corrupt = |why| SecretsError::Corrupt { path: path.to_owned(), why };
        let lines: Vec<_> = text.split('\n').collect();
        if lines.first().is_some_and(|l| l.starts_with("sotto server-setup ") && *l != HEADER) {
            return Err(SecretsError::Newer(path.to_owned()));
        }
        let [HEADER, setup, server, sum, ""] = lines.as_slice() else {
            return Err(corrupt("it is cut off or something else"));
        };
        if checksum(&format!("{HEADER}\n{setup}\n{server}\n")) != *sum {
            return Err(corrupt("its checksum is wrong"));
        }
        let decode =
            |text: &str| STANDARD.decode(text).map(Zeroizing::new).map_err(|_| corrupt("it is not base64"));
        let server = decode(server)?.as_slice().try_into().map_err(|_| corrupt("its length is wrong"))?;
        let setup = ServerSetup::deserialize(&decode(setup)?).map_err(|_| corrupt("its key is invalid"))?;
        Ok(Self { setup, server: ServerSecret(server) })
    }
}

fn file(data: &Path) -> PathBuf {
    data.join(DIRECTORY).join(FILE)
}

pub(crate) fn checksum(body: &str) -> String {
    hex(&Sha256::new_with_prefix(b"sotto/1/server/secrets-checksum").chain_update(body).finalize())
}

/// Writes another file first and renames it, so that a crash leaves all or nothing.
pub(crate) fn write(directory: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.create(directory)?;
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = options.open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    File::open(directory)?.sync_all()?;
    directory.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(unix)]
pub(crate) fn too_open(file: &File, path: &Path) -> std::io::Result<Option<String>> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
    let warning =
        || format!("{} can be read by other users of this machine; run: chmod 600 {0}", path.display());
    Ok((mode & 0o077 != 0).then(warning))
}

#[cfg(not(unix))]
pub(crate) fn too_open(_: &File, _: &Path) -> std::io::Result<Option<String>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([3; 32])
    }

    #[test]
    fn secrets_come_back_and_only_their_owner_reads_them() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Secrets::load(dir.path()), Err(SecretsError::Absent(_))));
        let made = Secrets::create(dir.path(), &mut rng()).unwrap();
        assert!(matches!(Secrets::create(dir.path(), &mut rng()), Err(SecretsError::Exists(_))));
        let (read, warning) = Secrets::load(dir.path()).unwrap();
        assert_eq!((read.id(), read.server.0, warning), (made.id(), made.server.0, None));
        assert_eq!(read.setup.serialize(), made.setup.serialize());
        let bits = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((bits(&dir.path().join(DIRECTORY)), bits(&file(dir.path()))), (0o700, 0o600));
        assert_eq!(fs::read_dir(dir.path().join(DIRECTORY)).unwrap().count(), 1);
        fs::set_permissions(file(dir.path()), PermissionsExt::from_mode(0o640)).unwrap();
        assert!(Secrets::load(dir.path()).unwrap().1.unwrap().contains("chmod 600"));
    }

    #[test]
    fn every_flipped_or_missing_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        Secrets::create(dir.path(), &mut rng()).unwrap();
        let whole = fs::read(file(dir.path())).unwrap();
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 1;
            fs::write(file(dir.path()), &bad).unwrap();
            assert!(Secrets::load(dir.path()).is_err(), "byte {at}");
            fs::write(file(dir.path()), &whole[..at]).unwrap();
            assert!(matches!(
                Secrets::load(dir.path()),
                Err(SecretsError::Corrupt { .. } | SecretsError::Newer(_))
            ));
        }
    }

    #[test]
    fn a_newer_format_asks_for_an_update() {
        let newer = Secrets::from_text("sotto server-setup 2\nx\n", Path::new("f"));
        assert!(matches!(newer, Err(SecretsError::Newer(_))));
        assert_eq!(format!("{:?}", Secrets::generate(&mut rng())), "Secrets");
    }
}
