//! Deliberate defects, with which the simulation proves that its auditors bite.
//!
//! Owns the list and the switch. Invariant: without the cargo feature `defects` the switch is a constant `false`
//! and none of this is in a shipped client.

use crate::space::Space;
use sotto_protocol::frame::Stored;
use sotto_protocol::log::{Admission, Refusal};

/// One thing to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// Send and tell before the batch is on disk.
    SendBeforeStored,
    /// Delete what waits when it is sent, not when it stands in the log.
    ForgetOutbox,
    /// Send again under a new id.
    FreshIds,
    /// Seal for whoever reads now, whatever the author saw.
    SealForAnybody,
    /// Use an era's key without comparing it with the commitment.
    SkipCommitment,
    /// Believe any membership that the server shows.
    TrustMembers,
    /// Believe records whose author saw another history.
    IgnoreSeen,
    /// Believe records of devices that were removed.
    IgnoreRemovedDevices,
    /// Believe whoever joins.
    SkipJoinProof,
    /// Don't compare with what other devices have verified.
    IgnorePins,
    /// Take any revision of the vault.
    TrustVault,
    /// Don't ask where a payload went.
    IgnoreMissingPayloads,
    /// Don't renew an era after a device was removed or when the server requires it.
    KeepEras,
    /// Keep the vault key when a device was lost.
    KeepVaultKey,
    /// Show the newest records without asking whether anybody vouches for them.
    TrustNewest,
    /// Misbehaves towards others: seals rubbish to one member of an era.
    SealRubbish,
    /// Misbehaves towards others: seals another key to one member of an era.
    SealAnotherKey,
    /// Misbehaves towards others: joins with a wrong proof.
    ForgeJoinProof,
    /// Misbehaves towards others: claims to have seen another history.
    ForgeSeen,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 19] = [
        Self::SendBeforeStored,
        Self::ForgetOutbox,
        Self::FreshIds,
        Self::SealForAnybody,
        Self::SkipCommitment,
        Self::TrustMembers,
        Self::IgnoreSeen,
        Self::IgnoreRemovedDevices,
        Self::SkipJoinProof,
        Self::IgnorePins,
        Self::TrustVault,
        Self::IgnoreMissingPayloads,
        Self::KeepEras,
        Self::KeepVaultKey,
        Self::TrustNewest,
        Self::SealRubbish,
        Self::SealAnotherKey,
        Self::ForgeJoinProof,
        Self::ForgeSeen,
    ];

    #[cfg(feature = "defects")]
    fn bit(self) -> u32 {
        Self::ALL.iter().zip(0_u32..).find(|(d, _)| **d == self).map_or(0, |(_, n)| 1 << n)
    }
}

/// The defects that are switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defects {
    #[cfg(feature = "defects")]
    bits: u32,
}

impl Defects {
    /// None: how the client is meant to be.
    pub fn none() -> Self {
        Self::default()
    }

    /// With one more.
    #[cfg(feature = "defects")]
    #[must_use]
    pub fn with(self, defect: Defect) -> Self {
        Self { bits: self.bits | defect.bit() }
    }

    /// True when the defect is switched on.
    #[inline]
    pub fn has(self, defect: Defect) -> bool {
        #[cfg(feature = "defects")]
        return self.bits & defect.bit() != 0;
        #[cfg(not(feature = "defects"))]
        {
            let _ = (self, defect);
            false
        }
    }

    /// The judgement on a served record, or what a client with these defects makes of it.
    #[cfg(not(feature = "defects"))]
    #[inline]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    pub(crate) fn overlook(
        self,
        judged: Result<Admission, Refusal>,
        _: &Space,
        _: &Stored,
    ) -> Result<Admission, Refusal> {
        judged
    }

    /// The judgement on a served record, or what a client with these defects makes of it.
    #[cfg(feature = "defects")]
    pub(crate) fn overlook(
        self,
        judged: Result<Admission, Refusal>,
        space: &Space,
        stored: &Stored,
    ) -> Result<Admission, Refusal> {
        use sotto_protocol::log::{Effect, Era};
        use sotto_protocol::record::{EraBody, Kind};
        let header = stored.record.header();
        let (seq, head) = (space.log.seq().next(), stored.record.head_after(space.log.head()));
        let admit = |effect| Ok(Admission { seq, head, effect });
        let content = header.kind == Kind::Content;
        match judged {
            Err(Refusal::SeenElsewhere | Refusal::SeenAhead) if content && self.has(Defect::IgnoreSeen) => {
                admit(Effect::Content)
            }
            Err(Refusal::DeviceNotListed) if content && self.has(Defect::IgnoreRemovedDevices) => {
                admit(Effect::Content)
            }
            Err(Refusal::Rule(why)) if header.kind == Kind::Era && self.has(Defect::TrustMembers) => {
                let body =
                    stored.record.payload().and_then(|p| Some((p, EraBody::parse(p.as_slice()).ok()?)));
                let Some((payload, body)) = body else { return Err(Refusal::Rule(why)) };
                let era = Era {
                    id: sotto_protocol::hash::era(header.space, payload.as_slice()),
                    number: body.number,
                    prev: body.prev,
                    made_by: header.author,
                    made_on: header.device,
                    made_at: body.made_at,
                    members: body.members,
                    commitment: body.commitment,
                };
                admit(Effect::Era(Box::new(era), std::collections::BTreeSet::new()))
            }
            judged => judged,
        }
    }
}
