//! The home of a client: the folder in which one device keeps what it knows.
//!
//! Owns the folder's layout, who may use it, and how it comes into being. Refuses to know what the rows mean.
//! Invariants: one process at a time; a home that cannot be opened is reported and never replaced by an empty one
//! ("cannot load" is not "absent"); a home is made whole or not at all.
//!
//! ```text
//! HOME/            0700
//!   lock           held while a process uses the home
//!   storage.key    0600: the key that seals every value        [`storage_key`]
//!   home.db        0600: SQLite, sealed rows                   [`store`]
//! ```

pub(crate) mod rows;
mod storage_key;
mod store;

use crate::ambient::{self, NoEntropy};
use rows::Rows;
use sotto_client_core::crypto::keys::StorageKey;
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::Store;

const LOCK: &str = "lock";
const KEY: &str = "storage.key";
/// A key on its way to becoming the home's: the home has no contents yet.
const KEY_UNFINISHED: &str = "storage.key.new";
const DATABASE: &str = "home.db";

/// How long to wait for another process that uses the home.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How often to look whether it is gone; the standard library's lock has no time limit of its own.
const LOCK_LOOK: Duration = Duration::from_millis(20);

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is none.
    #[error("There is nothing in {} yet. Use `sotto setup`, `sotto join` or `sotto login` first.", .0.display())]
    Absent(PathBuf),
    /// Another process uses it.
    #[error("Another `sotto` is using this home. Please wait until it has finished, or end it.")]
    InUse,
    /// The storage key is gone.
    #[error(
        "The file storage.key is missing. Without it, what this home holds can't be opened. Put it back from a \
         backup, or sign in with a new, empty home (`sotto login`): everything that was delivered is on the server."
    )]
    KeyMissing,
    /// The storage key is not what was written.
    #[error(
        "The file storage.key is damaged. Put it back from a backup, or sign in with a new, empty home \
         (`sotto login`): everything that was delivered is on the server."
    )]
    KeyDamaged,
    /// The database is gone.
    #[error(
        "The file home.db is missing, though this home has been used. Put it back from a backup, or sign in with a \
         new, empty home (`sotto login`): everything that was delivered is on the server."
    )]
    DatabaseMissing,
    /// The database is not what was written.
    #[error(
        "The file home.db is damaged ({0}). Nothing was changed. Put it back from a backup, or sign in with a new, \
         empty home (`sotto login`): everything that was delivered is on the server."
    )]
    DatabaseDamaged(String),
    /// Written by a later version.
    #[error("This home was written by a newer version of Sotto. Please update. Nothing was changed.")]
    Newer,
    /// The disk is full.
    #[error("This computer's disk is full. What was saved before is whole. Please make room and try again.")]
    DiskFull,
    /// The operating system refused.
    #[error("{what} did not work: {source}.")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// No entropy for a new key.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

impl HomeError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| match source.kind() {
            io::ErrorKind::StorageFull => Self::DiskFull,
            _ => Self::Io { what, source },
        }
    }
}

/// A home, open and held.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    /// Held until dropped. The system lets go of it when the process ends, however that happens.
    lock: Option<File>,
    rows: Rows,
    key: StorageKey,
}

/// What a folder holds of a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Unfinished,
    KeyOnly,
    DatabaseOnly,
    Both,
}

impl Home {
    /// Opens a home that exists.
    pub async fn open(dir: &Path) -> Result<Self, HomeError> {
        if look(dir)? == Found::Nothing {
            return Err(HomeError::Absent(dir.to_owned()));
        }
        let lock = lock(dir).await?;
        match look(dir)? {
            // A home whose making was cut short never held anything.
            Found::Nothing | Found::Unfinished => Err(HomeError::Absent(dir.to_owned())),
            Found::KeyOnly => Err(HomeError::DatabaseMissing),
            Found::DatabaseOnly => Err(HomeError::KeyMissing),
            Found::Both => Self::load(dir, lock).await,
        }
    }

    /// Opens a home, or makes one where there is nothing of a home at all.
    pub async fn open_or_create(dir: &Path) -> Result<Self, HomeError> {
        make_folder(dir)?;
        let lock = lock(dir).await?;
        match look(dir)? {
            Found::Nothing | Found::Unfinished => Self::make(dir, lock).await,
            Found::KeyOnly => Err(HomeError::DatabaseMissing),
            Found::DatabaseOnly => Err(HomeError::KeyMissing),
            Found::Both => Self::load(dir, lock).await,
        }
    }

    /// An empty home that is gone with the process. For benchmarks and tests.
    pub fn in_memory() -> Result<Self, HomeError> {
        let key = StorageKey::from_bytes(*ambient::seed()?);
        Ok(Self { dir: PathBuf::new(), lock: None, rows: Rows::Memory(BTreeMap::new()), key })
    }

    /// Where it is; empty for one in memory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Checks every page of the database. Reads all of it.
    pub async fn check(&mut self) -> Result<(), HomeError> {
        match &mut self.rows {
            Rows::Disk(store) => store.check().await,
            Rows::Memory(_) => Ok(()),
        }
    }

    /// Files and folders that others on this computer may read, though they should not.
    pub fn too_open(&self) -> Vec<PathBuf> {
        let mut paths = vec![self.dir.clone()];
        paths.extend([KEY, DATABASE].map(|name| self.dir.join(name)));
        paths.retain(|path| fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0));
        paths
    }

    /// The rows, their key, and the lock, which has to live as long as the rows are used.
    pub(crate) fn into_parts(self) -> (Rows, StorageKey, Option<File>) {
        (self.rows, self.key, self.lock)
    }

    async fn load(dir: &Path, lock: File) -> Result<Self, HomeError> {
        let key = storage_key::read(&dir.join(KEY))?;
        let store = Store::open(&dir.join(DATABASE)).await?;
        Ok(Self::on_disk(dir, lock, store, key))
    }

    /// Key and database appear under their names in an order that lets every interruption be told from a loss: the
    /// key takes its name last, and nothing is stored before that.
    async fn make(dir: &Path, lock: File) -> Result<Self, HomeError> {
        let unfinished = dir.join(KEY_UNFINISHED);
        let key = storage_key::create(&unfinished)?;
        let store = Store::create(&dir.join(DATABASE)).await?;
        fs::rename(&unfinished, dir.join(KEY)).map_err(HomeError::io("Making the home"))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(HomeError::io("Making the home"))?;
        Ok(Self::on_disk(dir, lock, store, key))
    }

    fn on_disk(dir: &Path, lock: File, store: Store, key: StorageKey) -> Self {
        Self { dir: dir.to_owned(), lock: Some(lock), rows: Rows::Disk(Box::new(store)), key }
    }
}

/// What is there, without opening anything.
fn look(dir: &Path) -> Result<Found, HomeError> {
    let has = |name: &str| {
        dir.join(name).try_exists().map_err(HomeError::io(format!("Looking into {}", dir.display())))
    };
    Ok(match (has(KEY)?, has(DATABASE)?, has(KEY_UNFINISHED)?) {
        (true, true, _) => Found::Both,
        (true, false, _) => Found::KeyOnly,
        (false, _, true) => Found::Unfinished,
        (false, true, false) => Found::DatabaseOnly,
        (false, false, false) => Found::Nothing,
    })
}

/// A folder that only its owner can enter. One with other things in it is left as it is; `doctor` says when it is
/// too open.
fn make_folder(dir: &Path) -> Result<(), HomeError> {
    let make = || {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let empty = fs::read_dir(dir)?.next().is_none();
        if empty { fs::set_permissions(dir, fs::Permissions::from_mode(0o700)) } else { Ok(()) }
    };
    make().map_err(HomeError::io(format!("Making the folder {}", dir.display())))
}

async fn lock(dir: &Path) -> Result<File, HomeError> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(dir.join(LOCK))
        .map_err(HomeError::io(format!("Using {}", dir.display())))?;
    let held = tokio::time::timeout(LOCK_WAIT, async {
        loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_LOOK).await,
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(source)) => return Err(source),
            }
        }
    });
    match held.await {
        Ok(Ok(())) => Ok(file),
        Ok(Err(source)) => Err(HomeError::Io { what: format!("Using {}", dir.display()), source }),
        Err(_) => Err(HomeError::InUse),
    }
}

#[cfg(test)]
mod tests;
