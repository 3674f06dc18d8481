//! `doctor`: is this home in order?

use super::session::Place;
use crate::error::{CliError, Exit};
use crate::json::AlarmJson;
use crate::words;
use sotto_cli::home::Home;
use sotto_cli::host::Host;

/// `sotto doctor`
pub(super) async fn run(place: &Place) -> Result<Exit, CliError> {
    let out = place.out;
    let mut home = Home::open(&place.dir).await?;
    let mut findings: Vec<String> = home
        .too_open()
        .iter()
        .map(|path| {
            format!(
                "Others on this computer can look into {}. `chmod go= {0}` keeps it to you.",
                path.display()
            )
        })
        .collect();
    home.check().await?;

    let host = Host::open(home, None).await?;
    let client = host.client();
    let account = match client.account() {
        None => "Nobody is signed in here.".to_owned(),
        Some(account) if account.removed => {
            findings.push("This device was removed from the account. What was not sent is kept here.".into());
            format!("Was signed in as {} on {}.", account.handle, account.origin)
        }
        Some(account) => format!("Signed in as {} on {}.", account.handle, account.origin),
    };
    let mut alarms = Vec::new();
    for space in client.spaces() {
        if let Some(alarm) = &space.alarm {
            alarms.push(AlarmJson::new(Some(&space), alarm));
        }
        if space.needs_consent {
            findings.push(format!(
                "In {} something waits until you have looked who can read it now: `sotto members`, then \
                 `sotto accept-readers`.",
                words::short(&space.id)
            ));
        } else if space.waiting > 0 {
            findings.push(format!(
                "In {} {} to be sent; `sotto sync` does that.",
                words::short(&space.id),
                words::count(space.waiting, "entry waits", "entries wait")
            ));
        }
    }
    let spaces = client.spaces().len();
    host.close().await?;

    for alarm in &alarms {
        out.alarm(alarm);
    }
    let json = serde_json::json!({
        "ok": alarms.is_empty(), "home": place.dir, "spaces": spaces, "findings": findings, "alarms": alarms,
    });
    out.result(&json, || {
        let order = format!("{} is in order: its files are whole and open.", place.dir.display());
        [order, account].into_iter().chain(findings.iter().cloned()).collect::<Vec<_>>().join("\n")
    })?;
    Ok(if alarms.is_empty() { Exit::Done } else { Exit::Alarm })
}
