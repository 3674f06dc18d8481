//! `devices`: the account's devices, their names, and this one after a long time.

use super::session::{Mending, Session};
use crate::args::{Offline, PasswordFile};
use crate::error::CliError;
use crate::json::DeviceJson;
use crate::password;
use crate::print::{self, harmless_line};
use crate::resolve;
use crate::words;
use sotto_client_core::io::{Command, Event};

/// `sotto devices`
pub(super) async fn list(session: &mut Session, args: &Offline) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    let gone = session.account()?.removed;
    let devices: Vec<DeviceJson> =
        session.host.client().devices().iter().map(|device| DeviceJson::new(device, gone)).collect();
    let out = session.out;
    if out.json {
        print::json_line(&devices)?;
    } else {
        for device in &devices {
            print::line(&words::device(device))?;
        }
    }
    fresh
}

/// `sotto devices remove`
pub(super) async fn remove(session: &mut Session, given: &str, from: &PasswordFile) -> Result<(), CliError> {
    // A device that signed in elsewhere a moment ago is to be found, too.
    session.sync().await?;
    let devices = session.host.client().devices();
    let device = resolve::by_prefix(devices, |device| device.id, "device", given)?;
    let given = password::existing(from)?;
    if let Some(warning) = &given.warning {
        session.out.note(warning);
    }
    let command = Command::RemoveDevice { device: device.id, password: given.password };
    session
        .ask_with_password(command, |event| {
            matches!(event, Event::DeviceGone(gone) if *gone == device.id).then_some(())
        })
        .await?;
    session.sync().await?;
    let json = serde_json::json!({ "id": device.id, "removed": true });
    session.out.result(&json, || {
        format!(
            "{} is removed. It keeps what it has read, and can read nothing that is written from now on.",
            harmless_line(&device.name)
        )
    })?;
    Ok(())
}

/// `sotto devices rename`
pub(super) async fn rename(session: &mut Session, given: &str, name: String) -> Result<(), CliError> {
    session.sync().await?;
    let device = resolve::by_prefix(session.host.client().devices(), |device| device.id, "device", given)?;
    session.host.command(Command::RenameDevice { device: device.id, name: name.clone() }).await?;
    session.sync().await?;
    let json = serde_json::json!({ "id": device.id, "name": name });
    session.out.result(&json, || format!("It is called {} from now on.", harmless_line(&name)))?;
    Ok(())
}

/// `sotto devices wake`
pub(super) async fn wake(session: &mut Session, from: &PasswordFile) -> Result<(), CliError> {
    let command = Command::Wake { password: session.password(from)? };
    session.mending = Some(Mending::Idle);
    session.ask_with_password(command, |event| matches!(event, Event::Woken).then_some(())).await?;
    session.sync().await?;
    let json = serde_json::json!({ "id": session.account()?.device, "woken": true });
    session.out.result(&json, || "You are signed in on this device again.".to_owned())?;
    Ok(())
}
