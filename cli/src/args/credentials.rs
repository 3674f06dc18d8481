//! Arguments of what changes the ways into an account: `password`, `sheet`, `recover`, `reopen`, `devices lost`.

use super::PasswordFile;
use clap::Args as ClapArgs;
use std::path::PathBuf;

/// The present password, and a new one.
#[derive(Debug, ClapArgs)]
pub(crate) struct ChangePassword {
    #[command(flatten)]
    pub(crate) password: PasswordFile,
    #[command(flatten)]
    pub(crate) new: NewPasswordFile,
}

/// Where a new password stands.
#[derive(Debug, ClapArgs)]
pub(crate) struct NewPasswordFile {
    /// File whose first line is the new password; without it you are asked. `sotto passphrase` makes a good one
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: Option<PathBuf>,
}

/// `recover`
#[derive(Debug, ClapArgs)]
pub(crate) struct Recover {
    /// The server's address
    #[arg(value_name = "SERVER")]
    pub(crate) origin: String,
    /// Your sign-in name
    pub(crate) handle: String,
    /// File with the eight words of the recovery sheet, or `-`; without it you are asked
    #[arg(long, value_name = "FILE")]
    pub(crate) sheet_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) new: NewPasswordFile,
    /// What to call this device in your list of devices [default: terminal]
    #[arg(long, value_name = "NAME", default_value = "terminal", hide_default_value = true)]
    pub(crate) device_name: String,
}

/// `devices lost`
#[derive(Debug, ClapArgs)]
pub(crate) struct Lost {
    /// Which; see `sotto devices`
    #[arg(value_name = "DEVICE", required = true, num_args = 1..=16)]
    pub(crate) ids: Vec<String>,
    #[command(flatten)]
    pub(crate) passwords: ChangePassword,
}
