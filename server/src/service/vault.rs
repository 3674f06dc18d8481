//! Vaults: compare-and-swap of something sealed.

use super::{Service, ServiceError};
use crate::defects::Defect;
use crate::store::{Swap, VaultRow};
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{AccountId, Millis, Revision};
use sotto_protocol::limits::VAULT_KEPT_MS;

/// How far a device's base may lie beyond the stored revision: no server is set back further.
const SET_BACK_MAX: u64 = 1 << 20;
/// Revisions have to fit a database's whole numbers.
const REVISION_MAX: Revision = Revision(1 << 53);

impl Service {
    /// The newest vault.
    pub async fn vault(&self, account: AccountId) -> Result<Option<VaultRow>, ServiceError> {
        Ok(self.store.vault(account).await?)
    }

    /// Replaces the vault when `base` is the stored revision, or lies beyond it because the server was set back.
    pub async fn put_vault(
        &self,
        account: AccountId,
        base: Revision,
        revision: Revision,
        sealed: SealedVault,
        now: Millis,
    ) -> Result<(), ServiceError> {
        if revision <= base || revision > REVISION_MAX {
            return Err(ErrorCode::Malformed.into());
        }
        let stored = self.store.vault(account).await?.map_or(Revision::ZERO, |v| v.revision);
        if base.0.saturating_sub(stored.0) > SET_BACK_MAX || revision.0.saturating_sub(base.0) > SET_BACK_MAX
        {
            return Err(ErrorCode::Malformed.into());
        }
        let fits = if self.defects.has(Defect::SkipVaultCompare) {
            |_, _| true
        } else {
            |stored, base| stored <= base
        };
        let vault = VaultRow { revision, sealed, at: now };
        let keep_since = Millis(now.0.saturating_sub(VAULT_KEPT_MS));
        match self.store.put_vault(account, vault, fits, base, keep_since).await? {
            Swap::Done => Ok(()),
            Swap::Lost => Err(ErrorCode::VaultConflict.into()),
        }
    }
}
