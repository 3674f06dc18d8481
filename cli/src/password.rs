//! Where a password comes from: a file, or the person at the terminal.
//!
//! Owns reading one. Refuses to judge it (the client does). Invariant: it is never shown, logged or kept, and every
//! copy made here is wiped.

use crate::args::PasswordFile;
use sotto_client_core::crypto::passphrase::{PASSWORD_BYTES_MAX, Password};
use sotto_protocol::factor::FactorCode;
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A code and what may stand around it.
const CODE_LINE_MAX: u64 = 64;

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordError {
    /// The file cannot be read.
    #[error("The password file {} can't be read: {source}.", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Its first line is empty.
    #[error("The first line of the password file {} is empty.", .0.display())]
    Empty(PathBuf),
    /// Its first line is longer than any password may be, or no text.
    #[error("The first line of the password file {} can't be a password: it is too long, or no plain text.", .0.display())]
    NoText(PathBuf),
    /// Nobody to ask.
    #[error(
        "A password is needed. Give a file with --password-file, or start this in a terminal to be asked."
    )]
    NobodyToAsk,
    /// No code was given.
    #[error("A code is needed: six digits, as --code or from standard input.")]
    NoCode,
    /// The two typed ones differ.
    #[error("The two passwords are not the same. Nothing was done; please try again.")]
    Differ,
    /// The terminal failed.
    #[error("The password could not be read: {0}.")]
    Terminal(io::Error),
}

/// A password, and what the person should hear about where it stood.
pub(crate) struct Given {
    pub(crate) password: Password,
    pub(crate) warning: Option<String>,
}

/// The password of an account that exists.
pub(crate) fn existing(from: &PasswordFile) -> Result<Given, PasswordError> {
    match &from.password_file {
        Some(path) => read(path),
        None => Ok(Given { password: Password::new(&ask("Password: ")?), warning: None }),
    }
}

/// A new password; typed ones are asked for twice.
pub(crate) fn new(from: &PasswordFile) -> Result<Given, PasswordError> {
    if let Some(path) = &from.password_file {
        return read(path);
    }
    let first = ask("New password (`sotto passphrase` makes a good one): ")?;
    let second = ask("The same once more: ")?;
    if *first != *second {
        return Err(PasswordError::Differ);
    }
    Ok(Given { password: Password::new(&first), warning: None })
}

/// The words of a recovery sheet: a file, standard input for `-`, or the person at the terminal.
pub(crate) fn sheet(from: Option<&Path>) -> Result<Zeroizing<String>, PasswordError> {
    let Some(path) = from else { return ask("The eight words of the recovery sheet: ") };
    let unreadable = |source| PasswordError::Unreadable { path: path.to_owned(), source };
    let mut text = Zeroizing::new(String::with_capacity(PASSWORD_BYTES_MAX));
    let limit = u64::try_from(PASSWORD_BYTES_MAX).unwrap_or(u64::MAX);
    if path == Path::new("-") {
        io::stdin().take(limit).read_to_string(&mut text).map_err(unreadable)?;
    } else {
        File::open(path).map_err(unreadable)?.take(limit).read_to_string(&mut text).map_err(unreadable)?;
    }
    Ok(text)
}

/// A code of an authenticator app: from the terminal, or a line of standard input.
pub(crate) fn code() -> Result<FactorCode, PasswordError> {
    let typed = if io::stdin().is_terminal() {
        ask("The code that the app shows: ")?
    } else {
        let mut line = Zeroizing::new(String::new());
        io::stdin().lock().take(CODE_LINE_MAX).read_line(&mut line).map_err(PasswordError::Terminal)?;
        line
    };
    code_of(&typed)
}

/// A code that was given.
pub(crate) fn code_of(text: &str) -> Result<FactorCode, PasswordError> {
    FactorCode::new(text.trim()).ok().filter(|code| !code.as_str().is_empty()).ok_or(PasswordError::NoCode)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, PasswordError> {
    if !io::stdin().is_terminal() && !io::stderr().is_terminal() {
        return Err(PasswordError::NobodyToAsk);
    }
    rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(PasswordError::Terminal)
}

fn read(path: &Path) -> Result<Given, PasswordError> {
    let unreadable = |source| PasswordError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    // What cannot be a password is not read; the capacity keeps the bytes from moving.
    let limit = PASSWORD_BYTES_MAX.saturating_add(2);
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes).map_err(unreadable)?;

    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = std::str::from_utf8(line).map_err(|_| PasswordError::NoText(path.to_owned()))?;
    if text.is_empty() {
        return Err(PasswordError::Empty(path.to_owned()));
    }
    if text.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::NoText(path.to_owned()));
    }
    let warning = (mode & 0o004 != 0).then(|| {
        format!("Everybody on this computer can read {}. `chmod 600` keeps it to you.", path.display())
    });
    Ok(Given { password: Password::new(text), warning })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read_bytes(bytes: &[u8]) -> Result<Given, PasswordError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        read(&path)
    }

    #[test]
    fn the_first_line_counts_without_its_end() {
        for bytes in
            ["four plain small words", "four plain small words\n", "four plain small words\r\nmore\n"]
        {
            assert_eq!(read_bytes(bytes.as_bytes()).unwrap().password.expose(), "four plain small words");
        }
        assert_eq!(read_bytes(b" spaces stay \n").unwrap().password.expose(), " spaces stay ");
    }

    #[test]
    fn what_is_no_password_is_refused() {
        assert!(matches!(read_bytes(b""), Err(PasswordError::Empty(_))));
        assert!(matches!(read_bytes(b"\nsecond"), Err(PasswordError::Empty(_))));
        assert!(matches!(read_bytes(b"\xff\xfe\n"), Err(PasswordError::NoText(_))));
        assert!(matches!(read_bytes(&[b'a'; 5000]), Err(PasswordError::NoText(_))));
        assert!(read_bytes(&[b'a'; PASSWORD_BYTES_MAX]).is_ok());
        assert!(matches!(read(Path::new("/nowhere/at/all")), Err(PasswordError::Unreadable { .. })));
    }

    #[test]
    fn a_file_for_everybody_is_warned_of() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("password");
        fs::write(&path, "four plain small words\n").unwrap();
        for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read(&path).unwrap().warning.is_some(), warned, "{mode:o}");
        }
    }
}
