//! Invitations: storing, withdrawing and looking at them.
//!
//! Owns who may invite whom, and for how long. Refuses to know what stands in them.

use super::{Service, ServiceError, Speaker};
use crate::defects::{Defect, Defects};
use crate::store::{InvitationPut, InvitationRow};
use sotto_protocol::account::AccountAnswer;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{InvitationState, InvitationStatus, NewInvitation};
use sotto_protocol::ids::{InvitationId, Millis};
use sotto_protocol::limits::{INVITATION_TTL_MS_MAX, INVITATIONS_OPEN_MAX};

/// Invitations that one list carries, newest first.
const LISTED_MAX: usize = 1000;

impl Service {
    /// Stores an invitation; the same again is no error.
    pub async fn put_invitation(
        &self,
        who: Speaker,
        new: NewInvitation,
        now: Millis,
    ) -> Result<(), ServiceError> {
        let account = self.store.account(who.account).await?.ok_or(ErrorCode::AccountUnknown)?;
        if !account.role.may_invite(new.role) {
            return Err(ErrorCode::RoleForbids.into());
        }
        if new.expires_at > now.plus(INVITATION_TTL_MS_MAX) {
            return Err(ErrorCode::LimitExceeded.into());
        }
        let row = InvitationRow {
            id: new.id,
            practice: account.practice,
            inviter: who.account,
            role: new.role,
            expires_at: new.expires_at,
            body: new.body,
            revoked: false,
            used_by: None,
            created_at: now,
        };
        match self.store.put_invitation(row, INVITATIONS_OPEN_MAX).await? {
            InvitationPut::Stored => Ok(()),
            InvitationPut::Taken => Err(ErrorCode::VersionStale.into()),
            InvitationPut::TooMany => Err(ErrorCode::LimitExceeded.into()),
        }
    }

    /// Withdraws an invitation. One that was used stays used.
    pub async fn revoke_invitation(&self, who: Speaker, id: InvitationId) -> Result<(), ServiceError> {
        if self.store.revoke_invitation(id, who.account).await? {
            Ok(())
        } else {
            Err(ErrorCode::InvitationUnknown.into())
        }
    }

    /// One's invitations.
    pub async fn list_invitations(
        &self,
        who: Speaker,
        now: Millis,
    ) -> Result<Vec<InvitationStatus>, ServiceError> {
        let rows = self.store.invitations(who.account).await?;
        Ok(rows.iter().take(LISTED_MAX).map(|row| row.status(now)).collect())
    }

    /// What an invitation is about, for somebody who holds the link.
    pub(super) async fn open_invitation(
        &self,
        id: InvitationId,
        now: Millis,
    ) -> Result<AccountAnswer, ServiceError> {
        let row = self.store.invitation(id).await?.ok_or(ErrorCode::InvitationUnknown)?;
        let inviter = self.store.account(row.inviter).await?.ok_or(ErrorCode::InvitationUnknown)?;
        let practice = self.store.practice(row.practice).await?.ok_or(ErrorCode::InvitationUnknown)?;
        Ok(AccountAnswer::Invitation {
            role: row.role,
            state: match row.state(now) {
                InvitationState::Used if self.defects.has(Defect::ReuseInvitation) => InvitationState::Open,
                state => state,
            },
            expires_at: row.expires_at,
            body: row.body,
            inviter: inviter.card.signed().clone(),
            inviter_role: inviter.role,
            practice,
            practice_id: row.practice,
        })
    }
}

/// The error that a state is when somebody wants to join.
pub(super) fn usable(state: InvitationState, defects: Defects) -> Result<(), ErrorCode> {
    match state {
        InvitationState::Open => Ok(()),
        InvitationState::Used if defects.has(Defect::ReuseInvitation) => Ok(()),
        InvitationState::Used => Err(ErrorCode::InvitationUsed),
        InvitationState::Revoked => Err(ErrorCode::InvitationRevoked),
        InvitationState::Expired => Err(ErrorCode::InvitationExpired),
    }
}
