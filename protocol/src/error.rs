//! Error codes.
//!
//! Owns the numbers that cross the wire and the border to the web app, and a sentence for each. Refuses to know
//! where an error arose. Invariant: a number is never reused; matches on the enum have no wildcard arm.

use core::fmt;

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $number:literal, $sentence:literal;)*) => {
        /// What went wrong, as a number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorCode { $($(#[$meta])* $name,)*
            /// A code of a later version.
            Unknown(u16) }

        impl ErrorCode {
            /// Every code of this version.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            pub fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* Self::Unknown(number) => number }
            }

            /// The code of a number.
            pub fn from_number(number: u16) -> Self {
                match number { $($number => Self::$name,)* other => Self::Unknown(other) }
            }

            /// The name, for `--json` and logs.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* Self::Unknown(_) => "Unknown" }
            }

            /// What happened and what to do, in a sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)*
                    Self::Unknown(_) => "The server answered with something this version does not know. Please update." }
            }
        }
    };
}

codes! {
    /// Bytes that are not what they should be.
    Malformed = 1, "Something sent to the server was damaged or incomplete. Nothing was changed.";
    /// A protocol version the other side does not speak.
    VersionUnsupported = 2, "This version of Sotto and the server's do not fit together. Please update.";
    /// A named limit was crossed.
    LimitExceeded = 3, "This is larger, or more, than the server accepts.";
    /// Too many requests; try again after the given time.
    RateLimited = 4, "Too much at once. It will be tried again in a moment.";
    /// Not allowed before signing in on this connection.
    NotSignedIn = 5, "This device is not signed in.";
    /// Frame out of order, or a second sign-in.
    UnexpectedFrame = 6, "Something arrived that does not belong here. The connection starts again.";
    /// The server cannot do it now.
    Unavailable = 7, "The server can't do this right now. Nothing is lost; it will be tried again.";
    /// A fault of the server.
    Internal = 8, "The server made a mistake and has noted it. Nothing is lost; it will be tried again.";
    /// The server's disk is full.
    StorageFull = 9, "The server's disk is full. Please tell the practice. What you wrote is kept here.";
    /// The server is stopping.
    ShuttingDown = 10, "The server is restarting. It will be tried again in a moment.";

    /// The device's signature is wrong.
    Forged = 20, "A signature does not fit. Nothing was changed.";
    /// The device is unknown or removed.
    DeviceNotListed = 21, "This device is not, or no longer, one of the account's devices.";
    /// The account is unknown.
    AccountUnknown = 22, "There is no such account on this server.";
    /// Handle or password is wrong.
    SignInFailed = 23, "The name or the password is not right.";
    /// Too many attempts; try again after the given time.
    Throttled = 24, "Too many attempts from here. Please wait a little and try again.";
    /// The token or sign-in state is not valid, or too old.
    TokenInvalid = 25, "This sign-in took too long. Please sign in again.";
    /// Handle already taken.
    HandleTaken = 26, "Somebody here already uses this sign-in name. Please choose another.";
    /// The role may not do this.
    RoleForbids = 27, "Your role in the practice does not allow this.";
    /// Not connected for so long that this device has to sign in again.
    DeviceIdle = 32, "This device wasn't used for 60 days. Please sign in on it again. What you wrote is kept here.";
    /// The code or passkey asked for after the password does not fit.
    FactorRefused = 33, "This code or passkey is not right, or was used before. Please try again.";
    /// The practice asks its staff for a second factor, and this account has none.
    FactorRequired = 34, "Your practice asks for a second step at sign-in. Please set it up to go on. What you wrote is kept here.";

    /// No such space, or not a member: the server says the same for both.
    SpaceUnknown = 40, "There is no such conversation for this account.";
    /// Not a member of the space's current era.
    NotMember = 41, "This account is no longer part of the conversation.";
    /// Written for an era that is not current.
    StaleEra = 42, "Who can read this has changed meanwhile. It is locked anew and sent again.";
    /// A new era must begin first.
    EraRequired = 43, "A device was removed. The conversation gets a new lock first.";
    /// The card given or pinned is not the newest.
    StaleCard = 44, "The list of devices has changed meanwhile. It is read again.";
    /// A card needed to judge this is not known here.
    CardUnknown = 45, "A list of devices is missing. It is fetched.";
    /// A pinned identity does not match.
    IdentityChanged = 46, "Somebody's identity is not the one known here.";
    /// `seen` lies on another history.
    SeenElsewhere = 47, "This conversation has two histories. Nothing is sent until that is looked at.";
    /// `seen` lies beyond the server's head: the server has lost records.
    SeenAhead = 48, "The server is missing records that were here before. They are being handed back.";
    /// The payload's hash does not match.
    PayloadMismatch = 49, "What arrived is not what was signed.";
    /// A rule of the space forbids it.
    RuleForbids = 50, "The rules of this conversation do not allow this.";
    /// A visible kind this version does not know.
    KindUnknown = 51, "This needs a newer version of Sotto. Please update.";
    /// A drop names no record of this author.
    TargetUnknown = 52, "There is no such message of yours.";
    /// Too late to take back.
    TakeBackTooLate = 53, "It is too late to take this back from the server. It can still be hidden.";
    /// A restored record does not continue the server's chain.
    RestoreRefused = 54, "The records handed back do not continue what the server has.";
    /// The space exists already.
    SpaceExists = 55, "There already is such a conversation.";

    /// No such invitation.
    InvitationUnknown = 60, "This invitation is not known here. Please ask for a new one.";
    /// Used already.
    InvitationUsed = 61, "This invitation has already been used. If that wasn't you, please call the practice.";
    /// Too old.
    InvitationExpired = 62, "This invitation has expired. Please ask for a new one.";
    /// Withdrawn by the inviter.
    InvitationRevoked = 63, "This invitation was withdrawn. Please ask for a new one.";
    /// Set-up was done already, or the token is wrong.
    SetupRefused = 64, "This set-up link is not valid, or was used before.";
    /// The account id exists with other contents.
    AccountExists = 65, "This account already exists.";

    /// Compare-and-swap lost: another device wrote first.
    VaultConflict = 80, "Another of your devices was faster. Both are put together.";
    /// A version that is not newer than the one stored.
    VersionStale = 81, "A newer version of this is already stored.";

    /// Notices are switched off, or the server doesn't send to this push service.
    PushRefused = 90, "This server can't send notices to this browser. Messages arrive as before when you look.";
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl<C> minicbor::Encode<C> for ErrorCode {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u16(self.number())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for ErrorCode {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.u16().map(Self::from_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_round_trip() {
        let mut numbers: Vec<u16> = ErrorCode::ALL.iter().map(|c| c.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), ErrorCode::ALL.len());
        assert!(ErrorCode::ALL.iter().all(|c| ErrorCode::from_number(c.number()) == *c));
        assert_eq!(ErrorCode::from_number(9999), ErrorCode::Unknown(9999));
    }
}
