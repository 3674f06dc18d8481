//! The data directory.
//!
//! Owns its creation, the lock that keeps a second process out, and the mark that says the first start was
//! completed. Invariant: once the mark is there, a missing database or secret is a loss to report, never a reason
//! to make a new one; until then a first start that was interrupted is simply taken up again.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const MARK: &str = "initialised";

/// An exclusively held data directory. The lock ends with the process, however it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another server uses it.
    #[error("{} is in use by another sotto-server", .0.display())]
    Locked(PathBuf),
    /// The file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

impl DataDir {
    /// Creates the directory if it is missing and locks it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let io = |source| DataDirError::Io { path: path.to_owned(), source };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(io)?;
        let lock = OpenOptions::new().create(true).append(true).open(path.join(LOCK)).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked(path.to_owned())),
            Err(TryLockError::Error(e)) => Err(io(e)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True if a first start was completed here.
    pub fn is_initialised(&self) -> Result<bool, DataDirError> {
        let path = self.path.join(MARK);
        path.try_exists().map_err(|source| DataDirError::Io { path, source })
    }

    /// Says that database and secrets are there. The last step of a first start.
    pub fn mark_initialised(&self) -> Result<(), DataDirError> {
        let path = self.path.join(MARK);
        let mark = || {
            File::create(&path)?.sync_all()?;
            File::open(&self.path)?.sync_all()
        };
        mark().map_err(|source| DataDirError::Io { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_the_mark_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b");
        let data = DataDir::open(&path).unwrap();
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Locked(_))));
        assert!(!data.is_initialised().unwrap());
        data.mark_initialised().unwrap();
        drop(data);
        assert!(DataDir::open(&path).unwrap().is_initialised().unwrap());
        assert!(DataDir::open(&path.join("lock")).is_err());
    }
}
