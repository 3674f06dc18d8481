//! Why a command failed: a sentence, a number and an exit code.
//!
//! Owns the table of this binary's own errors; those of the protocol keep their numbers. Refuses to know how errors
//! are printed. Invariant: a number is never reused; numbers from 1000 on are this binary's.

use crate::password::PasswordError;
use crate::words;
use sotto_cli::ambient::NoEntropy;
use sotto_cli::home::HomeError;
use sotto_cli::host::HostError;
use sotto_cli::net::CaError;
use sotto_client_core::OpenError;
use sotto_client_core::io::{Failure, Rejected};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::link::LinkError;
use std::io;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Failed,
    Usage,
    Alarm,
    Offline,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Alarm => 3,
            Exit::Offline => 4,
        })
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// Arguments that do not fit together.
    #[error("{0}")]
    Usage(String),
    /// The home, the host, or the client in it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The client began, and failed.
    #[error("{failure}{}{}", because(.trouble.as_deref()), later(.failure))]
    Failed { failure: Failure, trouble: Option<String> },
    /// The server refused what was written, for good.
    #[error("{0} The text is still here.")]
    Refused(ErrorCode),
    /// The server was needed.
    #[error("The server can't be reached. Nothing is lost; please try again when you're connected.{}", because(.0.as_deref()))]
    Offline(Option<String>),
    /// The server is there, but does not finish.
    #[error(
        "The server has not finished this in time. Nothing is lost; please try again, or wait longer (--timeout)."
    )]
    TooSlow,
    /// The account was removed from this device.
    #[error("This device was removed from the account. What was not sent is kept here.")]
    DeviceRemoved,
    /// Another device was removed as lost, with a new password.
    #[error(
        "Another device was removed as lost, with a new password. Give it here once with `sotto reopen`; what was written \
         is saved and goes then."
    )]
    PasswordNeeded,
    /// This device was not used for long.
    #[error(
        "This device wasn't used for 60 days. Nothing is lost, and what was not sent is kept here. To go on, sign in on it \
         again: sotto devices wake --password-file FILE"
    )]
    DeviceIdle,
    /// The practice asks its staff for a second step.
    #[error(
        "Your practice asks for a second step at sign-in, and you have none. Nothing is lost, and what was not sent is kept \
         here. To go on: `sotto factors app`"
    )]
    FactorRequired,
    /// A passkey is asked for, and only a browser can show it.
    #[error(
        "This account asks for a passkey, which only a browser can show. An authenticator app or the recovery sheet works here, too."
    )]
    PasskeyNeeded,
    /// A name that stands for nothing here.
    #[error("There is no {what} here that begins with {given}.")]
    NotFound { what: &'static str, given: String },
    /// A name that stands for several.
    #[error("More than one {what} begins with {given}. Please give more of it.")]
    Ambiguous { what: &'static str, given: String },
    /// There are several conversations.
    #[error("There are {0} conversations here. Please say which; `sotto spaces` lists them.")]
    WhichSpace(usize),
    /// There is none.
    #[error("There is no conversation here yet.")]
    NoSpace,
    #[error("{}.", capital(.0))]
    Link(#[from] LinkError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Ca(#[from] CaError),
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// A text that cannot be sent.
    #[error("{0}")]
    Text(String),
    /// A text longer than a message may be.
    #[error(
        "The text is too long: it has {got} bytes or more, and {max} are possible. Please send it in parts."
    )]
    TooLong { got: usize, max: usize },
    /// Output could not be written.
    #[error("The output could not be written: {0}.")]
    Output(#[from] io::Error),
}

impl From<HomeError> for CliError {
    fn from(error: HomeError) -> Self {
        Self::Host(error.into())
    }
}

impl From<Rejected> for CliError {
    fn from(error: Rejected) -> Self {
        Self::Host(error.into())
    }
}

impl CliError {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_)
            | Self::Link(_)
            | Self::WhichSpace(_)
            | Self::Password(PasswordError::NobodyToAsk) => Exit::Usage,
            Self::Offline(_) | Self::Failed { failure: Failure::Unreachable, .. } => Exit::Offline,
            Self::Failed { failure: Failure::Dishonest(_), .. }
            | Self::Host(HostError::Rejected(Rejected::Alarmed)) => Exit::Alarm,
            _ => Exit::Failed,
        }
    }

    /// Name and number, for `--json`.
    pub(crate) fn code(&self) -> (&'static str, u16) {
        match self {
            Self::Usage(_) => ("Usage", 1000),
            Self::Host(error) => host_code(error),
            Self::Failed { failure, .. } => match failure {
                Failure::Server { code, .. } => (code.name(), code.number()),
                Failure::Unreachable => ("Offline", 1010),
                Failure::Dishonest(_) => ("Dishonest", 1011),
                Failure::WrongPassword | Failure::WrongSheet => {
                    (ErrorCode::SignInFailed.name(), ErrorCode::SignInFailed.number())
                }
                Failure::Unanswered => ("Unanswered", 1015),
                Failure::Stopped => ("Stopped", 1019),
                Failure::RecordChanged => ("RecordChanged", 1017),
                Failure::RecordUnreadable => ("RecordUnreadable", 1018),
            },
            Self::Refused(code) => (code.name(), code.number()),
            Self::Offline(_) => ("Offline", 1010),
            Self::TooSlow => ("TooSlow", 1012),
            Self::DeviceRemoved => ("DeviceRemoved", 1013),
            Self::PasswordNeeded => ("PasswordNeeded", 1014),
            Self::DeviceIdle => ("DeviceIdle", 1016),
            Self::FactorRequired => ("FactorRequired", 1017),
            Self::PasskeyNeeded => ("PasskeyNeeded", 1018),
            Self::NotFound { .. } => ("NotFound", 1020),
            Self::Ambiguous { .. } => ("Ambiguous", 1021),
            Self::WhichSpace(_) => ("WhichSpace", 1022),
            Self::NoSpace => ("NoSpace", 1023),
            Self::Link(error) => match error {
                LinkError::NotALink => ("NotALink", 1030),
                LinkError::Damaged => ("LinkDamaged", 1031),
                LinkError::Newer => ("LinkNewer", 1032),
                LinkError::WrongSort => ("LinkWrongSort", 1033),
            },
            Self::Password(_) => ("PasswordInput", 1034),
            Self::Ca(_) => ("Certificates", 1035),
            Self::NoEntropy(_) => ("NoEntropy", 1036),
            Self::Text(_) => ("Text", 1037),
            Self::Output(_) => ("Output", 1038),
            Self::TooLong { .. } => ("TooLong", 1078),
        }
    }
}

fn host_code(error: &HostError) -> (&'static str, u16) {
    match error {
        HostError::Home(error) => match error {
            HomeError::Absent(_) => ("HomeAbsent", 1050),
            HomeError::InUse => ("HomeInUse", 1051),
            HomeError::KeyMissing => ("HomeKeyMissing", 1052),
            HomeError::KeyDamaged => ("HomeKeyDamaged", 1053),
            HomeError::DatabaseMissing => ("HomeDatabaseMissing", 1054),
            HomeError::DatabaseDamaged(_) => ("HomeDatabaseDamaged", 1055),
            HomeError::Newer => ("HomeNewer", 1056),
            HomeError::DiskFull => ("DiskFull", 1057),
            HomeError::Io { .. } => ("HomeIo", 1058),
            HomeError::NoEntropy(_) => ("NoEntropy", 1036),
        },
        HostError::Open(error) => match error {
            OpenError::Damaged(_) => ("HomeContentsDamaged", 1059),
            OpenError::Incomplete(_) => ("HomeContentsIncomplete", 1060),
            OpenError::Newer => ("HomeNewer", 1056),
        },
        HostError::Rejected(error) => match error {
            Rejected::NotSignedIn => ("NotSignedInHere", 1070),
            Rejected::SignedIn => ("SignedInAlready", 1071),
            Rejected::Busy => ("Busy", 1072),
            Rejected::SpaceUnknown => ("SpaceUnknownHere", 1073),
            Rejected::MessageUnknown => ("MessageUnknown", 1074),
            Rejected::Unconfirmed => ("Unconfirmed", 1075),
            Rejected::Alarmed => ("SpaceAlarmed", 1076),
            Rejected::NotMember => ("NotMemberHere", 1077),
            Rejected::TooLong { .. } => ("TooLong", 1078),
            Rejected::Empty => ("Empty", 1079),
            Rejected::WeakPassword => ("WeakPassword", 1080),
            Rejected::Limit(_) => ("LimitHere", 1081),
            Rejected::NotAllowed(_) => ("NotAllowed", 1082),
        },
        HostError::NoEntropy(_) => ("NoEntropy", 1036),
        HostError::Finished => ("Finished", 1090),
    }
}

fn later(failure: &Failure) -> String {
    match failure {
        Failure::Server { retry_after_ms: Some(ms), .. } => {
            format!(" It can be tried again in {}.", words::count(ms.div_ceil(1000), "second", "seconds"))
        }
        Failure::Server { retry_after_ms: None, .. }
        | Failure::Unreachable
        | Failure::Dishonest(_)
        | Failure::WrongPassword
        | Failure::WrongSheet
        | Failure::Unanswered
        | Failure::Stopped
        | Failure::RecordChanged
        | Failure::RecordUnreadable => String::new(),
    }
}

fn because(trouble: Option<&str>) -> String {
    trouble.map(|trouble| format!(" Reason: {trouble}.")).unwrap_or_default()
}

/// The sentence with a capital letter; the protocol's link errors are written to stand inside another sentence.
fn capital(sentence: &LinkError) -> String {
    let sentence = sentence.to_string();
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_kind_of_failure() {
        let failed = |failure| CliError::Failed { failure, trouble: None };
        assert_eq!(failed(Failure::Unreachable).exit(), Exit::Offline);
        assert_eq!(failed(Failure::WrongPassword).exit(), Exit::Failed);
        assert_eq!(failed(Failure::Dishonest("x")).exit(), Exit::Alarm);
        assert_eq!(CliError::from(Rejected::Alarmed).exit(), Exit::Alarm);
        assert_eq!(CliError::from(Rejected::Empty).exit(), Exit::Failed);
        assert_eq!(CliError::from(LinkError::Damaged).exit(), Exit::Usage);
        assert_eq!(CliError::from(HomeError::KeyMissing).exit(), Exit::Failed);
    }

    #[test]
    fn sentences_begin_and_end_as_sentences() {
        for error in [
            CliError::from(LinkError::Damaged),
            CliError::Offline(Some("https://a.example does not answer (refused)".into())),
            CliError::from(HomeError::KeyMissing),
            CliError::from(HostError::Open(OpenError::Damaged("account".into()))),
            CliError::from(HostError::Open(OpenError::Incomplete("account"))),
            CliError::from(HostError::Open(OpenError::Newer)),
            CliError::from(HomeError::DatabaseDamaged("it is empty".into())),
            CliError::NotFound { what: "message", given: "ab".into() },
            CliError::Failed { failure: Failure::Unreachable, trouble: Some("a took too long".into()) },
        ] {
            let text = error.to_string();
            assert!(text.starts_with(char::is_uppercase), "{text}");
            assert!(text.ends_with('.'), "{text}");
            crate::print::assert_plain_words(&text);
        }
    }
}
