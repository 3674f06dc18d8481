//! The file of a backup: a tar archive in an age file.
//!
//! Owns its layout: `sotto-backup.json` first, which lists every other member with length and SHA-256, then those, in
//! that order. Refuses to know what the members mean. Invariants: there is a whole file under the name asked for or
//! none; nothing is unpacked that the list of [`MEMBERS`] does not allow, nor anything that differs from what the
//! manifest says of it.

use super::BackupError;
use age::{DecryptError, Decryptor, Encryptor, Identity, Recipient};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sotto_protocol::codec::hex;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use tar::{Archive, Builder, EntryType, Header};

/// What a backup may hold. A later version may add names; a number in the manifest says so.
pub(super) const MEMBERS: [&str; 3] = ["sotto.db", "secrets/server-setup", "secrets/vapid"];
const MANIFEST: &str = "sotto-backup.json";
/// The version of the layout.
const FORMAT: u32 = 1;
/// No honest manifest is longer.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;
const COPY_BYTES: usize = 64 * 1024;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// The `sotto-server` that made it.
    pub made_by: String,
    /// When, in milliseconds since 1970.
    pub made_at_ms: u64,
    /// Records in the database.
    pub records: u64,
    /// Everything else in the archive.
    pub members: Vec<Member>,
}

/// A file in the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Relative to the data directory.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// The layout's version alone, so that a newer one is called newer and not damaged.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Seals those members that lie in `folder` into a new file, which is on the disk when this returns.
pub(super) fn seal(
    folder: &Path,
    (made_at_ms, records): (u64, u64),
    recipients: &[age::x25519::Recipient],
    file: &Path,
) -> Result<Manifest, BackupError> {
    let io = |source| BackupError::io(file, source);
    let members = MEMBERS.iter().filter(|name| folder.join(name).exists());
    let members = members.map(|name| describe(folder, name)).collect::<Result<Vec<_>, _>>()?;
    let made_by = env!("CARGO_PKG_VERSION").to_owned();
    let manifest = Manifest { format: FORMAT, made_by, made_at_ms, records, members };
    let new = beside(file, ".part");
    remove_if_there(&new).map_err(|source| BackupError::io(&new, source))?;
    let written = private(&new).and_then(|part| write(part, folder, &manifest, recipients));
    if let Err(source) = written.and_then(|()| std::fs::rename(&new, file)) {
        // What is left of it would only be in the way.
        let _ = remove_if_there(&new);
        return Err(io(source));
    }
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(above).and_then(|above| above.sync_all()).map_err(io)?;
    Ok(manifest)
}

fn describe(folder: &Path, name: &str) -> Result<Member, BackupError> {
    let path = folder.join(name);
    let hashed = File::open(&path).and_then(|mut file| {
        let mut hashing = Hashing { inner: io::sink(), hasher: Sha256::new() };
        let bytes = io::copy(&mut file, &mut hashing)?;
        Ok((bytes, hex(&hashing.hasher.finalize())))
    });
    let (bytes, sha256) = hashed.map_err(|source| BackupError::io(&path, source))?;
    Ok(Member { name: name.to_owned(), bytes, sha256 })
}

fn write(
    part: File,
    folder: &Path,
    manifest: &Manifest,
    recipients: &[age::x25519::Recipient],
) -> io::Result<()> {
    let recipients = recipients.iter().map(|recipient| -> &dyn Recipient { recipient });
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let sealed = encryptor.wrap_output(BufWriter::with_capacity(COPY_BYTES, part))?;
    let mut archive = Builder::new(sealed);
    let text = serde_json::to_vec_pretty(manifest)?;
    archive.append_data(&mut header(text.len().try_into().unwrap_or(u64::MAX)), MANIFEST, &*text)?;
    for member in &manifest.members {
        let file = File::open(folder.join(&member.name))?;
        archive.append_data(&mut header(member.bytes), &member.name, file.take(member.bytes))?;
    }
    let part = archive.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    part.sync_all()
}

/// Readable by its owner, of no time and nobody in particular.
fn header(bytes: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o600);
    header.set_size(bytes);
    header
}

/// Opens a backup into a folder, all of it, and checks it against its manifest.
pub(super) fn unpack(
    file: &Path,
    identities: &[Box<dyn Identity>],
    folder: &Path,
) -> Result<Manifest, BackupError> {
    let opened = File::open(file).map_err(|source| BackupError::io(file, source))?;
    let damaged = |why: &str| BackupError::Damaged { file: file.to_owned(), why: why.to_owned() };
    let decryptor = Decryptor::new_buffered(BufReader::with_capacity(COPY_BYTES, opened))
        .map_err(|error| refused(file, error))?;
    let plain = decryptor.decrypt(identities.iter().map(|identity| &**identity));
    let mut archive = Archive::new(plain.map_err(|error| refused(file, error))?);
    let cut = |error: io::Error| damaged(&error.to_string());
    let mut entries = archive.entries().map_err(cut)?;
    let mut first = entries.next().ok_or_else(|| damaged("it is empty"))?.map_err(cut)?;
    if first.path_bytes() != MANIFEST.as_bytes() {
        return Err(damaged("it does not begin with its manifest"));
    }
    let mut text = Vec::new();
    first.by_ref().take(MANIFEST_BYTES_MAX).read_to_end(&mut text).map_err(cut)?;
    let manifest = parse(file, &text)?;
    for member in &manifest.members {
        let mut entry = entries.next().ok_or_else(|| damaged("a file is missing"))?.map_err(cut)?;
        let allowed = MEMBERS.iter().find(|name| **name == member.name);
        let name = allowed.ok_or_else(|| damaged("it holds a file that belongs to no server"))?;
        let plain = entry.header().entry_type() == EntryType::Regular;
        if entry.path_bytes() != name.as_bytes() || entry.size() != member.bytes || !plain {
            return Err(damaged("its files are not those of its manifest"));
        }
        let sha256 = take_out(&mut entry, &folder.join(name)).map_err(|error| match error.kind() {
            ErrorKind::StorageFull => BackupError::io(folder, error),
            _ => cut(error),
        })?;
        if sha256 != member.sha256 {
            return Err(damaged("a file differs from what its manifest says"));
        }
    }
    if entries.next().is_some() {
        return Err(damaged("it holds more than its manifest says"));
    }
    Ok(manifest)
}

fn parse(file: &Path, text: &[u8]) -> Result<Manifest, BackupError> {
    let damaged =
        |_| BackupError::Damaged { file: file.to_owned(), why: "its manifest is not readable".to_owned() };
    let Version { format } = serde_json::from_slice(text).map_err(damaged)?;
    if format != FORMAT {
        return Err(BackupError::Newer(file.to_owned()));
    }
    serde_json::from_slice(text).map_err(damaged)
}

fn take_out(entry: &mut impl Read, path: &Path) -> io::Result<String> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut hashing = Hashing { inner: private(path)?, hasher: Sha256::new() };
    io::copy(entry, &mut hashing)?;
    hashing.inner.sync_all()?;
    Ok(hex(&hashing.hasher.finalize()))
}

fn refused(file: &Path, error: DecryptError) -> BackupError {
    let file = file.to_owned();
    match error {
        DecryptError::NoMatchingKeys => BackupError::OtherKey(file),
        DecryptError::Io(source) if source.kind() != ErrorKind::UnexpectedEof => {
            BackupError::Io { path: file, source }
        }
        DecryptError::UnknownFormat | DecryptError::ExcessiveWork { .. } => {
            BackupError::Damaged { file, why: "it is no backup of a sotto-server".to_owned() }
        }
        DecryptError::DecryptionFailed
        | DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::Io(_)
        | DecryptError::KeyDecryptionFailed => {
            BackupError::Damaged { file, why: "it is cut off, changed or no backup".to_owned() }
        }
    }
}

/// Hashes what goes through.
struct Hashing<W> {
    inner: W,
    hasher: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A new file that only its owner reads.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
