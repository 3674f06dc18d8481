//! Registration: an account, and the space it is founded with, in one step.
//!
//! Owns what a registration must fulfil. Invariants: everything or nothing is stored; the same registration again
//! gets the same answer; an invitation is consumed once.

use super::account::{Entrance, Step, is_setup_token};
use super::append::PreparedAppend;
use super::cards::VERSION_MAX;
use super::invitations::usable;
use super::judge::{BatchJudge, Way};
use super::{Service, ServiceError};
use crate::store::{
    AccountView, InvitationRow, Needs, NewAccount, RegisterVerdict, RegisterView, TicketKey, VaultRow, Writes,
};
use sotto_protocol::account::{AccountAnswer, Registration, Ticket};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::credentials::CredentialSet;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, Hash, Millis, PracticeId, Revision, Version};
use sotto_protocol::log::{AuthenticRecord, CardPin};
use sotto_protocol::record::{EraBody, Join, Kind, Payload, Record};
use sotto_protocol::sign::OpenSignedError;
use std::sync::Arc;

/// A registration whose signatures were verified.
struct Prepared {
    account: NewAccount,
    setup: Option<Hash>,
    founding: Vec<PreparedAppend>,
    inviter: Option<AccountId>,
}

impl Service {
    pub(super) async fn register(
        &self,
        entrance: &Entrance,
        registration: Registration,
        now: Millis,
    ) -> Result<Step, ServiceError> {
        let prepared = self.prepare_registration(entrance, registration, now).await?;
        let mut needs = Needs::default();
        prepared.founding.iter().for_each(|record| record.add_needs(&mut needs));
        needs.accounts.extend(prepared.inviter);
        let mut published = Vec::new();
        let mut judge = |view: &RegisterView| {
            let verdict = self.judge_registration(&prepared, view, now);
            match verdict {
                Ok(verdict) => {
                    if let RegisterVerdict::Create { writes, .. } = &verdict {
                        published = self.publish(writes);
                    }
                    verdict
                }
                Err(error) => RegisterVerdict::Refuse(error.code),
            }
        };
        match self.store().register(&prepared.account, &needs, &mut judge).await? {
            RegisterVerdict::Refuse(code) => Err(code.into()),
            RegisterVerdict::Repeat(practice_id) => Ok(AccountAnswer::Registered { practice_id }.into()),
            RegisterVerdict::Create { practice, .. } => {
                let answer = AccountAnswer::Registered { practice_id: practice };
                Ok(Step { answer, card: None, published })
            }
        }
    }

    async fn prepare_registration(
        &self,
        entrance: &Entrance,
        registration: Registration,
        now: Millis,
    ) -> Result<Prepared, ServiceError> {
        let Registration { ticket, handle, opaque, card, credentials, vault, inner, founding } = registration;
        let card = Arc::new(VerifiedCard::verify(card)?);
        if card.card().version != Version(1) {
            return Err(ErrorCode::RuleForbids.into());
        }
        let set = CredentialSet::verify(&credentials, &card.card().identity).map_err(|e| match e {
            OpenSignedError::Malformed(_) => ErrorCode::Malformed,
            OpenSignedError::Forged(_) => ErrorCode::Forged,
        })?;
        let fits = set.account == card.card().account
            && set.version > Version::ZERO
            && set.version <= VERSION_MAX
            && set.opaque_hash == hash::payload(opaque.as_slice())
            && set.inner_hash == hash::payload(inner.as_slice());
        if !fits {
            return Err(ErrorCode::PayloadMismatch.into());
        }
        let opaque = entrance.record(&opaque)?;
        let (ticket, role, setup, inviter) = match ticket {
            Ticket::Setup { token, practice, role } if role.owns() => {
                (TicketKey::Setup { practice: practice_id(&token), name: practice }, role, Some(token), None)
            }
            Ticket::Setup { .. } => return Err(ErrorCode::RoleForbids.into()),
            Ticket::Invitation { id } => {
                let row = self.store().invitation(id).await?.ok_or(ErrorCode::InvitationUnknown)?;
                (TicketKey::Invitation(id), row.role, None, Some(row.inviter))
            }
        };
        let founding =
            founding.into_iter().map(|record| prepare_founding(record, &card)).collect::<Result<_, _>>()?;
        let vault = VaultRow { revision: Revision(1), sealed: vault, at: now };
        let account = NewAccount {
            ticket,
            role,
            handle,
            opaque,
            card,
            credentials,
            credentials_version: set.version,
            inner,
            vault,
        };
        Ok(Prepared { account, setup, founding, inviter })
    }

    fn judge_registration(
        &self,
        prepared: &Prepared,
        view: &RegisterView,
        now: Millis,
    ) -> Result<RegisterVerdict, ServiceError> {
        let new = &prepared.account;
        if let Some((practice, card)) = view.existing {
            let same = card == new.card.hash() && view.handle == Some(new.account());
            return if same {
                Ok(RegisterVerdict::Repeat(practice))
            } else {
                Err(ErrorCode::AccountExists.into())
            };
        }
        let practice = match (&new.ticket, &prepared.setup) {
            (TicketKey::Setup { practice, .. }, Some(token)) => {
                let stored = view.setup.ok_or(ErrorCode::SetupRefused)?;
                if !is_setup_token(stored.as_bytes(), token) {
                    return Err(ErrorCode::SetupRefused.into());
                }
                *practice
            }
            _ => self.judge_invitation(prepared, view, now)?.practice,
        };
        if view.handle.is_some() {
            return Err(ErrorCode::HandleTaken.into());
        }
        let writes = self.judge_founding(prepared, view, practice, now)?;
        Ok(RegisterVerdict::Create { practice, writes: Box::new(writes) })
    }

    fn judge_invitation<'a>(
        &self,
        prepared: &Prepared,
        view: &'a RegisterView,
        now: Millis,
    ) -> Result<&'a InvitationRow, ServiceError> {
        let row = view.invitation.as_ref().ok_or(ErrorCode::InvitationUnknown)?;
        usable(row.state(now), self.defects())?;
        let inviter = view.view.accounts.get(&row.inviter).ok_or(ErrorCode::InvitationUnknown)?;
        if Some(row.inviter) != prepared.inviter
            || row.role != prepared.account.role
            || !inviter.role.may_invite(row.role)
        {
            return Err(ErrorCode::RoleForbids.into());
        }
        Ok(row)
    }

    /// With an invitation: an era of exactly inviter and joiner, then the join that names it. Else nothing.
    fn judge_founding(
        &self,
        prepared: &Prepared,
        view: &RegisterView,
        practice: PracticeId,
        now: Millis,
    ) -> Result<Writes, ServiceError> {
        let new = &prepared.account;
        let (TicketKey::Invitation(invitation), Some(inviter)) = (&new.ticket, prepared.inviter) else {
            return if prepared.founding.is_empty() {
                Ok(Writes::default())
            } else {
                Err(ErrorCode::RuleForbids.into())
            };
        };
        let [era, join] = prepared.founding.as_slice() else {
            return Err(ErrorCode::RuleForbids.into());
        };
        let body = EraBody::parse(payload(era)?).map_err(|_| ErrorCode::Malformed)?;
        let (Some(host), Some(own), 2) =
            (body.member(inviter), body.member(new.account()), body.members.len())
        else {
            return Err(ErrorCode::RuleForbids.into());
        };
        let inviter_role = view.view.accounts.get(&inviter).map(|a| a.role);
        if Some(host.role) != inviter_role || own.role != new.role {
            return Err(ErrorCode::RoleForbids.into());
        }
        if join.record().header().kind != Kind::Join {
            return Err(ErrorCode::RuleForbids.into());
        }
        let named = Join::parse(payload(join)?).map_err(|_| ErrorCode::Malformed)?;
        if named.invitation != *invitation || named.inviter != inviter || named.card_hash != new.card.hash() {
            return Err(ErrorCode::RuleForbids.into());
        }
        let mut known = view.view.clone();
        let account = new.account();
        known.accounts.insert(account, AccountView { practice, role: new.role, card: new.card.clone() });
        let pin = CardPin { hash: new.card.hash(), identity: new.card.card().identity };
        known.cards.insert((account, new.card.card().version), pin);
        let mut judge = BatchJudge::new(&known, Way::Registration, now, self.defects());
        for record in &prepared.founding {
            judge.append(record, now)?;
        }
        let writes = judge.finish();
        let founded =
            writes.records.len() == 2 && matches!(writes.spaces.as_slice(), [space] if space.founded);
        if founded { Ok(writes) } else { Err(ErrorCode::RuleForbids.into()) }
    }
}

fn payload(record: &PreparedAppend) -> Result<&[u8], ErrorCode> {
    record.record().payload().map(Payload::as_slice).ok_or(ErrorCode::Malformed)
}

fn prepare_founding(record: Record, card: &VerifiedCard) -> Result<PreparedAppend, ServiceError> {
    PreparedAppend::new(AuthenticRecord::check(Arc::new(record), card)?)
}

/// A practice's id is made from its set-up token, so that a repeated registration names the same one.
fn practice_id(token: &Hash) -> PracticeId {
    let Hash(bytes) = super::account::setup_hash(&super::account::setup_hash(token));
    let mut id = [0; PracticeId::LEN];
    id.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    PracticeId(id)
}
