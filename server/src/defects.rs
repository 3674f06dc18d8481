//! Deliberate defects, with which the simulation proves that its auditors bite.
//!
//! Owns the list and the switch. Invariant: without the cargo feature `defects` the switch is a constant `false`
//! and none of this is in the binary.

/// One thing to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// Store a record written for an era that is no longer current.
    AcceptStaleEra,
    /// Acknowledge before the flush: a crash loses what was acknowledged last.
    AckBeforeFlush,
    /// Don't look at the newest cards when appending: removed devices go on writing.
    SkipCardCheck,
    /// Look for a repeat only after era and card were judged.
    TrustIdempotencyAfterEra,
    /// Never find a repeat.
    SkipIdempotency,
    /// Let anybody read and subscribe.
    SkipMembership,
    /// Believe whatever position the author claims to have seen.
    SkipSeenCheck,
    /// Lose pushes for a slow reader without closing its connection.
    DropPushOnOverflow,
    /// Keep the payload that a drop erases.
    KeepPayloadOnDrop,
    /// Leave removed members subscribed.
    KeepSubscriptions,
    /// Replace a vault whatever revision it was made from.
    SkipVaultCompare,
    /// Let an invitation be used again.
    ReuseInvitation,
}

impl Defect {
    /// Every defect.
    pub const ALL: [Self; 12] = [
        Self::AcceptStaleEra,
        Self::AckBeforeFlush,
        Self::SkipCardCheck,
        Self::TrustIdempotencyAfterEra,
        Self::SkipIdempotency,
        Self::SkipMembership,
        Self::SkipSeenCheck,
        Self::DropPushOnOverflow,
        Self::KeepPayloadOnDrop,
        Self::KeepSubscriptions,
        Self::SkipVaultCompare,
        Self::ReuseInvitation,
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
    /// None: how the server is meant to be.
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
}
