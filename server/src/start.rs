//! Opening a data directory: everything that must be there before the first connection.
//!
//! Owns the order of a first start, the check that database and secrets belong together, the set-up token and the
//! high-water mark by which a database set back to an older copy is noticed. Invariant: what is missing or damaged
//! is reported and never replaced, except on a first start that was not completed.

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};
use crate::db::{Db, Location, OpenError};
use crate::push::{PushKey, PushKeyError};
use crate::secrets::{Secrets, SecretsError};
use crate::service::setup_hash;
use crate::store::{MetaKey, SqlStore, Store, StoreError};
use rand_core::CryptoRng;
use sotto_protocol::ids::{Hash, IncarnationId};
use sotto_protocol::link::LinkSecret;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const HIGH_WATER: &str = "high-water";

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory.
    #[error(transparent)]
    Data(#[from] DataDirError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The key for notices.
    #[error(transparent)]
    PushKey(#[from] PushKeyError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Secrets of another server.
    #[error(
        "the secrets in {} belong to another database; copy them from a backup or another node of this server",
        .0.display()
    )]
    Foreign(PathBuf),
    /// The mark cannot be read or written.
    #[error("{}: {source}", .path.display())]
    HighWater {
        /// File.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// An opened data directory.
pub struct Opened {
    /// Directory, locked.
    pub data: DataDir,
    /// Secrets.
    pub secrets: Secrets,
    /// The key for notices, unless they are switched off.
    pub push_key: Option<PushKey>,
    /// Store.
    pub store: Arc<SqlStore>,
    /// The set-up token, while there is no practice.
    pub setup: Option<LinkSecret>,
    /// Set when the database was found to be an older copy, or the operator said so.
    pub restored: bool,
}

/// Opens or, on the first start, creates everything.
pub async fn open(config: &Config, rng: &mut impl CryptoRng) -> Result<Opened, StartError> {
    let data = DataDir::open(&config.data)?;
    let (secrets, store) = open_parts(&data, &config.database, rng).await?;
    // A server of before there were notices has none yet.
    let push_key = config.push.as_ref().map(|_| PushKey::load_or_create(data.path(), rng)).transpose()?;
    let restored = incarnate(&data, &store, config.restored, rng).await?;
    let setup = if store.is_new().await? { Some(new_setup_token(&store, rng).await?) } else { None };
    data.mark_initialised()?;
    Ok(Opened { data, secrets, push_key, store: Arc::new(store), setup, restored })
}

async fn open_parts(
    data: &DataDir,
    location: &Location,
    rng: &mut impl CryptoRng,
) -> Result<(Secrets, SqlStore), StartError> {
    let first = !data.is_initialised()?;
    let db = match Db::open(location).await {
        Err(OpenError::Absent { .. }) if first => {
            // Before the database, so that there never is one without its secrets.
            if !Secrets::exist(data.path())? {
                Secrets::create(data.path(), rng)?;
            }
            Db::create(location).await?
        }
        opened => opened?,
    };
    let store = SqlStore::new(db);
    let known = store.meta(MetaKey::Secrets).await?;
    if known.is_none() && first && !Secrets::exist(data.path())? {
        Secrets::create(data.path(), rng)?;
    }
    let (secrets, warning) = Secrets::load(data.path())?;
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    let id = secrets.id().0.to_vec();
    match known {
        Some(known) if known != id => Err(StartError::Foreign(data.path().to_owned())),
        Some(_) => Ok((secrets, store)),
        None => {
            store.set_meta(MetaKey::Secrets, Some(id)).await?;
            Ok((secrets, store))
        }
    }
}

/// Gives the data an incarnation id; a new one when it was set back. True when it was.
async fn incarnate(
    data: &DataDir,
    store: &SqlStore,
    said: bool,
    rng: &mut impl CryptoRng,
) -> Result<bool, StartError> {
    let known = store.meta(MetaKey::Incarnation).await?.is_some();
    // On a shared database other nodes go on writing, so a node's mark says nothing.
    let lower = !store.db().is_shared() && store.records_total().await? < read_high_water(data.path())?;
    if known && !said && !lower {
        return Ok(false);
    }
    let mut id = [0; IncarnationId::LEN];
    rng.fill_bytes(&mut id);
    store.set_meta(MetaKey::Incarnation, Some(id.to_vec())).await?;
    Ok(known)
}

/// A fresh token at each start: the hash of an earlier one is all that was kept of it.
async fn new_setup_token(store: &SqlStore, rng: &mut impl CryptoRng) -> Result<LinkSecret, StartError> {
    let mut token = [0; 32];
    rng.fill_bytes(&mut token);
    store.set_meta(MetaKey::Setup, Some(setup_hash(&Hash(token)).0.to_vec())).await?;
    Ok(LinkSecret(token))
}

/// How many records the database held when the mark was last written; zero without a mark.
pub fn read_high_water(data: &Path) -> Result<u64, StartError> {
    let path = data.join(HIGH_WATER);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().parse().unwrap_or_default()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(source) => Err(StartError::HighWater { path, source }),
    }
}

/// Writes the mark. Only a hint, so it need not reach the disk at once; but it is never half a number.
pub fn write_high_water(data: &Path, records: u64) -> Result<(), StartError> {
    let path = data.join(HIGH_WATER);
    let new = data.join(format!("{HIGH_WATER}.new"));
    let write = std::fs::write(&new, format!("{records}\n")).and_then(|()| std::fs::rename(&new, &path));
    write.map_err(|source| StartError::HighWater { path, source })
}
