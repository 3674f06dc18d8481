//! Backups: made while the server runs, checked, and put back.
//!
//! Owns the four commands `backup-key`, `backup`, `verify` and `restore`. A backup holds one state of the database, as a
//! SQLite file whatever it came from, and the secrets; it is sealed to an age key (age-encryption.org/v1) that is not on
//! the server, so that whoever takes server or backup alone can guess no password with it. Invariants: a running
//! server is not disturbed; no file is ever replaced; what was restored is another life of the data, so clients hand back
//! what it lacks (P11).

mod archive;

pub use archive::{Manifest, Member};

use crate::config::{Backup, BackupKey, Restore, Verify};
use crate::data_dir::{DataDir, DataDirError};
use crate::db::{self, Db, Location, OpenError};
use crate::doctor;
use crate::push::{PushKey, PushKeyError};
use crate::secrets::{Secrets, SecretsError};
use crate::start::{StartError, write_high_water};
use crate::store::{MetaKey, SqlStore, Store, StoreError};
use age::secrecy::ExposeSecret as _;
use age::x25519;
use rand_core::CryptoRng;
use sotto_protocol::ids::{IncarnationId, Millis};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The database's name in a data directory and in a backup.
const DATABASE: &str = "sotto.db";

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Not a key to seal to.
    #[error("--to {0:?} is no age recipient; sotto-server backup-key makes a key and prints one, age1…")]
    Recipient(String),
    /// Not a key to open with.
    #[error("{} holds no age key (a line AGE-SECRET-KEY-1…)", .0.display())]
    Identity(PathBuf),
    /// Nothing is replaced.
    #[error("{} exists already and is not replaced", .0.display())]
    Exists(PathBuf),
    /// Not a fresh place.
    #[error("{} is not empty; restore into a directory that does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    /// Another key.
    #[error("{} was sealed to another key; give the key file that belongs to its --to", .0.display())]
    OtherKey(PathBuf),
    /// Not whole.
    #[error("{} is damaged: {why}", .file.display())]
    Damaged {
        /// The backup.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version made it.
    #[error("{} was made by a newer version; please update sotto-server", .0.display())]
    Newer(PathBuf),
    /// What is in it is not as it should be.
    #[error("{} opens, but what it holds is not as it should be; nothing was restored", .0.display())]
    Unsound(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// Directory, secrets or database.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Our mistake.
    #[error("internal error: {0}")]
    Internal(String),
}

impl BackupError {
    fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

macro_rules! starts {
    ($($from:ty),+) => {$(
        impl From<$from> for BackupError {
            fn from(error: $from) -> Self {
                Self::Start(error.into())
            }
        }
    )+};
}
starts!(DataDirError, SecretsError, PushKeyError, OpenError, StoreError);

/// Makes a key and prints what to seal to.
pub fn new_key(options: &BackupKey, out: &mut dyn Write) -> Result<(), BackupError> {
    let file = &options.file;
    let key = x25519::Identity::generate();
    let (public, secret) = (key.to_public(), key.to_string());
    let mut made = archive::private(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => BackupError::Exists(file.clone()),
        _ => BackupError::io(file, error),
    })?;
    let written = writeln!(made, "# public key: {public}\n{}", secret.expose_secret());
    written.and_then(|()| made.sync_all()).map_err(|source| BackupError::io(file, source))?;
    say(out, &format!("{public}"))?;
    say(out, "Seal backups to that: sotto-server backup FILE --data DIR --to …")?;
    let name = file.display();
    say(out, &format!("Keep {name} away from the server, twice: without it no backup can be opened."))
}

/// Writes a backup of a data directory, whether or not a server is running on it.
pub async fn write(options: &Backup, now: Millis, out: &mut dyn Write) -> Result<(), BackupError> {
    let recipients = options.to.iter().map(|text| recipient(text)).collect::<Result<Vec<_>, _>>()?;
    if options.file.exists() {
        return Err(BackupError::Exists(options.file.clone()));
    }
    let (secrets, _) = Secrets::load(&options.data)?;
    let push_key = PushKey::load(&options.data)?.is_some();
    let folder = temporary(&options.data, "backup-")?;
    let database = folder.path().join(DATABASE);
    let from = Db::open(&location(&options.data, options.database_url.as_deref())?).await?;
    let copied = copy(&from, &Location::Sqlite(database)).await;
    from.close().await;
    let store = SqlStore::new(copied?);
    let (records, belongs) = (store.records_total().await?, store.meta(MetaKey::Secrets).await?);
    store.db().close().await;
    if belongs.is_some_and(|id| id != secrets.id().0) {
        return Err(StartError::Foreign(options.data.clone()).into());
    }
    bring_secrets(&options.data, folder.path(), push_key)?;
    let file = options.file.clone();
    let sealed = blocking(move || archive::seal(folder.path(), (now.0, records), &recipients, &file)).await?;
    let bytes = std::fs::metadata(&options.file).map_or(0, |data| data.len());
    let name = options.file.display();
    say(out, &format!("{name}: {} records, {} files, {bytes} bytes.", sealed.records, sealed.members.len()))?;
    say(out, "Only the key that it was sealed to opens it. Try it now: sotto-server verify")
}

/// Opens a backup, checks everything in it and says what was found. True when all is well.
pub async fn verify(options: &Verify, out: &mut dyn Write) -> Result<bool, BackupError> {
    let folder = temporary(&std::env::temp_dir(), "sotto-verify-")?;
    let manifest = open(&options.file, &options.key, folder.path()).await?;
    say(
        out,
        &format!(
            "ok    The file is whole: {} records, made by version {}.",
            manifest.records, manifest.made_by
        ),
    )?;
    Ok(doctor::check_copy(folder.path(), out).await?)
}

/// Makes a data directory, or a PostgreSQL database, of a backup.
pub async fn restore(
    options: &Restore,
    rng: &mut impl CryptoRng,
    out: &mut dyn Write,
) -> Result<(), BackupError> {
    let data = &options.data;
    let there = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
    if there {
        return Err(BackupError::NotEmpty(data.clone()));
    }
    // Beside it, so that a backup that can't be used leaves nothing behind.
    let above = data.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(above).map_err(|source| BackupError::io(above, source))?;
    let folder = temporary(above, ".sotto-restore-")?;
    open(&options.file, &options.key, folder.path()).await?;
    if !doctor::check_copy(folder.path(), out).await? {
        return Err(BackupError::Unsound(options.file.clone()));
    }
    let copy_at = folder.path().join(DATABASE);
    let store = SqlStore::new(Db::open(&Location::Sqlite(copy_at.clone())).await?);
    let mut incarnation = [0; IncarnationId::LEN];
    rng.fill_bytes(&mut incarnation);
    store.set_meta(MetaKey::Incarnation, Some(incarnation.to_vec())).await?;
    let records = store.records_total().await?;
    let held = DataDir::open(data)?;
    match location(data, options.database_url.as_deref())? {
        Location::Sqlite(path) => {
            store.db().close().await;
            std::fs::rename(&copy_at, &path).map_err(|source| BackupError::io(&path, source))?;
            write_high_water(data, records)?;
        }
        postgres @ Location::Postgres(_) => {
            copy(store.db(), &postgres).await?.close().await;
            store.db().close().await;
        }
    }
    let secrets = data.join("secrets");
    let moved = std::fs::rename(folder.path().join("secrets"), &secrets);
    moved.map_err(|source| BackupError::io(&secrets, source))?;
    held.mark_initialised()?;
    say(out, &format!("{}: {records} records restored. Start it: sotto-server serve", data.display()))?;
    say(out, "People's devices hand back what was written after the backup, each when it next connects.")
}

fn recipient(text: &str) -> Result<x25519::Recipient, BackupError> {
    text.trim().parse().map_err(|_| BackupError::Recipient(text.to_owned()))
}

async fn open(file: &Path, key: &Path, folder: &Path) -> Result<Manifest, BackupError> {
    let text = std::fs::read_to_string(key).map_err(|source| BackupError::io(key, source))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<x25519::Identity>, _> = lines.map(str::parse).collect();
    let keys =
        keys.ok().filter(|keys| !keys.is_empty()).ok_or_else(|| BackupError::Identity(key.to_owned()))?;
    let (file, folder) = (file.to_owned(), folder.to_owned());
    blocking(move || {
        let keys: Vec<Box<dyn age::Identity>> =
            keys.into_iter().map(|key| -> Box<dyn age::Identity> { Box::new(key) }).collect();
        archive::unpack(&file, &keys, &folder)
    })
    .await
}

/// One state of a database, in a new one.
async fn copy(from: &Db, to: &Location) -> Result<Db, BackupError> {
    let target = Db::create(to).await?;
    let mut source = from.snapshot().await.map_err(StoreError::from)?;
    db::copy(&mut source, &target).await.map_err(StoreError::from)?;
    Ok(target)
}

fn bring_secrets(data: &Path, folder: &Path, push_key: bool) -> Result<(), BackupError> {
    for name in archive::MEMBERS.iter().filter(|name| name.starts_with("secrets/")) {
        if *name == "secrets/vapid" && !push_key {
            continue;
        }
        let (from, to) = (data.join(name), folder.join(name));
        let bytes = std::fs::read(&from).map(zeroize::Zeroizing::new);
        let written = bytes.and_then(|bytes| crate::secrets::write(&folder.join("secrets"), &to, &bytes));
        written.map_err(|source| BackupError::io(&from, source))?;
    }
    Ok(())
}

fn location(data: &Path, database_url: Option<&str>) -> Result<Location, OpenError> {
    database_url.map_or_else(|| Ok(Location::Sqlite(data.join(DATABASE))), Location::postgres)
}

/// A folder that only this user reads, and that goes at the end.
fn temporary(above: &Path, prefix: &str) -> Result<TempDir, BackupError> {
    tempfile::Builder::new().prefix(prefix).tempdir_in(above).map_err(|source| BackupError::io(above, source))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(BackupError::Internal(error.to_string())))
}

fn say(out: &mut dyn Write, sentence: &str) -> Result<(), BackupError> {
    writeln!(out, "{sentence}").map_err(|source| BackupError::io(Path::new("output"), source))
}
