//! `factors`: what is asked for after the password.

use super::PasswordFile;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};

/// `factors`
#[derive(Debug, ClapArgs)]
pub(crate) struct Factors {
    /// What to do; without it they are listed
    #[command(subcommand)]
    pub(crate) verb: Option<FactorsVerb>,
    #[command(flatten)]
    pub(crate) list: super::Offline,
}

/// What to do with them.
#[derive(Debug, Subcommand)]
pub(crate) enum FactorsVerb {
    /// Set up an authenticator app: prints what it has to be told, then asks for the code that it shows
    App {
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Remove one
    Remove {
        /// Which; see `sotto factors`
        #[arg(value_name = "FACTOR")]
        id: String,
        #[command(flatten)]
        password: PasswordFile,
    },
    /// Ask everybody on the staff for one, from a week on, or no more; for the owner
    Require {
        /// Whether it is asked for
        #[arg(value_enum)]
        whether: Whether,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Whether {
    /// It is asked for
    On,
    /// It isn't
    Off,
}
