//! The practice: its name and the roster of its staff.

use super::cards::VERSION_MAX;
use super::{Service, ServiceError, Speaker};
use crate::store::Swap;
use sotto_protocol::codec::Text;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::PracticeId;
use sotto_protocol::limits::NAME_BYTES_MAX;
use sotto_protocol::roster::Roster;
use sotto_protocol::sign::Signed;

impl Service {
    /// A practice's name.
    pub async fn practice_name(&self, id: PracticeId) -> Result<Text<NAME_BYTES_MAX>, ServiceError> {
        Ok(self.store.practice(id).await?.unwrap_or_default())
    }

    /// The roster of somebody's practice.
    pub async fn roster(&self, who: Speaker) -> Result<Option<Signed<Roster>>, ServiceError> {
        let account = self.store.account(who.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        Ok(self.store.roster(account.practice).await?)
    }

    /// Stores a newer roster. It is signed by the owner, so any member of the practice may hand it in.
    pub async fn put_roster(&self, who: Speaker, signed: Signed<Roster>) -> Result<(), ServiceError> {
        let account = self.store.account(who.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        let claimed = signed.peek().map_err(|_| ErrorCode::Malformed)?;
        let owner = self.store.account(claimed.owner).await?.ok_or(ErrorCode::AccountUnknown)?;
        if !owner.role.owns() || owner.practice != account.practice || claimed.practice != account.practice {
            return Err(ErrorCode::RoleForbids.into());
        }
        let roster = Roster::verify(&signed, &owner.card.card().identity).map_err(|e| match e {
            sotto_protocol::sign::OpenSignedError::Malformed(_) => ErrorCode::Malformed,
            sotto_protocol::sign::OpenSignedError::Forged(_) => ErrorCode::Forged,
        })?;
        if roster.version > VERSION_MAX {
            return Err(ErrorCode::Malformed.into());
        }
        match self.store.put_roster(account.practice, roster.version, signed.clone()).await? {
            Swap::Done => Ok(()),
            Swap::Lost if self.store.roster(account.practice).await? == Some(signed) => Ok(()),
            Swap::Lost => Err(ErrorCode::VersionStale.into()),
        }
    }
}
