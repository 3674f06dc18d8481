//! `password`, `sheet`, `recover`, `reopen` and `devices lost`: the ways into an account.

use super::account::{handle, origin};
use super::session::{Mending, Place, Session};
use crate::args::PasswordFile;
use crate::args::credentials::{ChangePassword, Lost, NewPasswordFile, Recover};
use crate::error::{CliError, Exit};
use crate::password::{self, Given};
use crate::resolve;
use crate::words;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::recovery;
use sotto_client_core::io::{Command, Event};
use sotto_protocol::ids::DeviceId;
use std::collections::BTreeSet;

/// `sotto password`
pub(super) async fn change(session: &mut Session, args: &ChangePassword) -> Result<(), CliError> {
    let (password, new) = both(session, args)?;
    session.ask_with_password(Command::ChangePassword { password, new }, changed).await?;
    session.out.result(&serde_json::json!({ "changed": true }), || {
        "The new password holds, here and on your other devices. Nothing was signed out.".to_owned()
    })?;
    Ok(())
}

/// `sotto sheet`
pub(super) async fn sheet(session: &mut Session, from: &PasswordFile) -> Result<(), CliError> {
    let password = session.password(from)?;
    let (words, made_at) = session
        .ask_with_password(Command::MakeSheet { password }, |event| match event {
            Event::Sheet { words, made_at } => Some((words.clone(), *made_at)),
            _ => None,
        })
        .await?;
    let account = session.account()?;
    let json = serde_json::json!({ "words": words.as_str(), "made_at": made_at.0 });
    session.out.result(&json, || {
        let rows = words.split(' ').collect::<Vec<_>>();
        let rows: Vec<String> = rows.chunks(4).map(|row| format!("    {}", row.join("  "))).collect();
        format!(
            "Recovery sheet for {} on {}\n\n{}\n\nPut it on paper and keep it where you keep things that matter, not in \
             this computer and not beside it. Whoever has it can set a new password and read everything. An earlier \
             sheet no longer works.",
            account.handle,
            account.origin,
            rows.join("\n")
        )
    })?;
    session.host.command(Command::SheetKept).await?;
    session.sync().await
}

/// `sotto recover`
pub(super) async fn recover(place: &Place, args: Recover) -> Result<Exit, CliError> {
    let origin = origin(&args.origin)?;
    let handle = handle(&args.handle)?;
    let typed = password::sheet(args.sheet_file.as_deref())?;
    let code =
        recovery::from_words(&typed).map_err(|error| CliError::Usage(format!("{}.", sentence(&error))))?;
    let Given { password: new, warning } = fresh(&args.new)?;
    let command = Command::Recover { origin, handle, code, new, device_name: args.device_name };
    let mut session = Session::begin(place).await?;
    let done = super::account::logged_in(&mut session, command, warning).await;
    session.finish(done).await
}

/// `sotto reopen`
pub(super) async fn reopen(session: &mut Session, from: &PasswordFile) -> Result<(), CliError> {
    let password = session.password(from)?;
    session.mending = Some(Mending::OldPassword);
    session
        .ask_with_password(Command::Reopen { password }, |event| {
            matches!(event, Event::Reopened).then_some(())
        })
        .await?;
    session.sync().await?;
    session
        .out
        .result(&serde_json::json!({ "reopened": true }), || "This device is up to date again.".to_owned())?;
    Ok(())
}

/// `sotto devices lost`
pub(super) async fn lost(session: &mut Session, args: &Lost) -> Result<(), CliError> {
    // A device that signed in elsewhere a moment ago is to be found, too.
    session.sync().await?;
    let mut devices = BTreeSet::new();
    for given in &args.ids {
        let found = resolve::by_prefix(session.host.client().devices(), |device| device.id, "device", given)?;
        devices.insert(found.id);
    }
    let (password, new) = both(session, &args.passwords)?;
    let gone: Vec<DeviceId> = devices.iter().copied().collect();
    session.ask_with_password(Command::RemoveLost { devices, password, new }, changed).await?;
    session.sync().await?;
    session.out.result(&serde_json::json!({ "ids": gone, "removed": true }), || {
        format!(
            "{} removed. Everything has new locks: what was copied from there opens nothing that comes from now on, and \
             the old password opens nothing at all. Your other devices ask for the new one (`sotto reopen`). Invitations \
             that were open are withdrawn.",
            words::count(u64::try_from(gone.len()).unwrap_or(u64::MAX), "device", "devices")
        )
    })?;
    Ok(())
}

fn changed(event: &Event) -> Option<()> {
    matches!(event, Event::PasswordChanged).then_some(())
}

fn fresh(from: &NewPasswordFile) -> Result<Given, CliError> {
    Ok(password::new(&PasswordFile { password_file: from.new_password_file.clone() })?)
}

fn both(session: &Session, args: &ChangePassword) -> Result<(Password, Password), CliError> {
    let password = session.password(&args.password)?;
    let Given { password: new, warning } = fresh(&args.new)?;
    if let Some(warning) = &warning {
        session.out.note(warning);
    }
    Ok((password, new))
}

fn sentence(error: &recovery::BadWords) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
