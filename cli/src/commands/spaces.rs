//! `spaces` and `sync`.

use super::session::Session;
use crate::args::Offline;
use crate::error::CliError;
use crate::json::SpaceJson;
use crate::print;
use crate::words;

/// `sotto spaces`
pub(super) async fn list(session: &mut Session, args: &Offline) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    session.tell_standing_alarms();
    let spaces = session.host.client().spaces();
    let out = session.out;
    if out.json {
        print::json_line(&spaces.iter().map(SpaceJson::from).collect::<Vec<_>>())?;
    } else if spaces.is_empty() {
        out.note("There is no conversation here yet.");
    } else {
        for space in &spaces {
            print::line(&words::space(space))?;
        }
    }
    fresh
}

/// `sotto sync`
pub(super) async fn sync(session: &mut Session) -> Result<(), CliError> {
    session.sync().await?;
    session.tell_standing_alarms();
    let spaces = session.host.client().spaces();
    let unread: u64 = spaces.iter().map(|space| space.unread).sum();
    let waiting: u64 = spaces.iter().map(|space| space.waiting).sum();
    let json = serde_json::json!({
        "synced": true,
        "spaces": spaces.len(),
        "unread": unread,
        "waiting": waiting,
        "alarms": session.alarms(),
    });
    session.out.result(&json, || {
        let unread = words::count(unread, "unread message", "unread messages");
        match waiting {
            0 => format!("Everything is sent, fetched and checked. {unread}."),
            _ => format!(
                "Fetched and checked; {} not sent. {unread}.",
                words::count(waiting, "entry is", "entries are")
            ),
        }
    })?;
    Ok(())
}
