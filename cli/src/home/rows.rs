//! Where rows are: on disk, or in memory for as long as the process lasts.
//!
//! Owns the choice, and the rows in memory. Refuses to know SQL ([`super::store`]). Invariant: both answer alike;
//! only rows on disk outlive the process, so nobody's words are kept in memory alone: that is for benchmarks and
//! tests, whose disk is not what they measure.

use super::HomeError;
use super::store::Store;
use sotto_client_core::io::{Change, LAZY_PREFIX, Row};
use std::collections::BTreeMap;

/// The rows of one client.
#[derive(Debug)]
pub(crate) enum Rows {
    Disk(Box<Store>),
    Memory(BTreeMap<Vec<u8>, Vec<u8>>),
}

impl Rows {
    /// What a client is opened with: all rows but those it asks for later.
    pub(crate) async fn eager(&mut self) -> Result<Vec<Row>, HomeError> {
        match self {
            Self::Disk(store) => store.eager().await,
            Self::Memory(rows) => {
                Ok(rows.iter().filter(|(key, _)| !key.starts_with(LAZY_PREFIX)).map(row).collect())
            }
        }
    }

    /// The rows from the first name (included) to the second (excluded), in order.
    pub(crate) async fn range(&mut self, from: &[u8], to: &[u8]) -> Result<Vec<Row>, HomeError> {
        match self {
            Self::Disk(store) => store.range(from, to).await,
            Self::Memory(_) if from >= to => Ok(Vec::new()),
            Self::Memory(rows) => Ok(rows.range(from.to_vec()..to.to_vec()).map(row).collect()),
        }
    }

    /// Stores all of these changes, which name each row once.
    pub(crate) async fn put(&mut self, changes: Vec<Change>) -> Result<(), HomeError> {
        match self {
            Self::Disk(store) => store.put(&changes).await,
            Self::Memory(rows) => {
                for Change { key, value } in changes {
                    match value {
                        Some(value) => rows.insert(key, value),
                        None => rows.remove(&key),
                    };
                }
                Ok(())
            }
        }
    }

    /// Ends in good order.
    pub(crate) async fn close(self) -> Result<(), HomeError> {
        match self {
            Self::Disk(store) => store.close().await,
            Self::Memory(_) => Ok(()),
        }
    }
}

fn row((key, value): (&Vec<u8>, &Vec<u8>)) -> Row {
    Row { key: key.clone(), value: value.clone() }
}
