//! `send --lines`: many messages at once.
//!
//! Owns reading them and following what becomes of each. Refuses to know how one message is written. Invariants:
//! every line is looked at before the first one is written; all of them are in the outbox, on disk, before one is
//! waited for; what is said counts only what is known.

use super::session::Session;
use super::write::{fits, read_text};
use crate::error::CliError;
use crate::json::WrittenJson;
use crate::words;
use sotto_client_core::io::{Command, Draft, Event, MessageId};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::SpaceId;
use std::collections::HashMap;
use std::path::Path;

/// As many as can wait on a device.
const LINES_MAX: usize = 10_000;
/// What can be read at once.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// The messages in a file: its lines, without those in which nothing stands.
pub(super) fn read(path: &Path) -> Result<Vec<String>, CliError> {
    let text = read_text(path, BYTES_MAX)?;
    if text.len() > BYTES_MAX {
        return Err(CliError::Text(format!(
            "The file is too long: {BYTES_MAX} bytes are possible at once. Please send it in parts."
        )));
    }
    let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
    if lines.is_empty() {
        return Err(CliError::Text("There is no message in it.".into()));
    }
    if lines.len() > LINES_MAX {
        let got = lines.len();
        return Err(CliError::Text(format!(
            "There are {got} messages in it, and {LINES_MAX} are possible at once. Please send them in parts."
        )));
    }
    lines.iter().try_for_each(|line| fits(line.len()))?;
    Ok(lines)
}

/// Writes every line as a message.
pub(super) async fn write(
    session: &mut Session,
    space: SpaceId,
    lines: Vec<String>,
    bring: bool,
    offline: bool,
) -> Result<(), CliError> {
    let mut batch = Batch::new(space);
    let mut done = queue(session, &mut batch, lines, bring).await;
    if !offline && done.is_ok() {
        done = follow(session, &mut batch).await;
    }
    // Whoever runs this again would send what is saved a second time, so that is told first, whatever happened.
    batch.tell(session)?;
    done?;
    if let Some(code) = batch.refused {
        return Err(CliError::Refused(code));
    }
    if batch.delivered < batch.written.len()
        && let Some(trouble) = session.trouble()
    {
        session.out.note(&format!("Reason: {trouble}."));
    }
    Ok(())
}

async fn queue(
    session: &mut Session,
    batch: &mut Batch,
    lines: Vec<String>,
    bring: bool,
) -> Result<(), CliError> {
    let space = batch.space;
    for text in lines {
        let draft = Draft::Message { text, bring, show_at: None };
        let id = session
            .ask(Command::Write { space, id: None, draft }, |event| {
                batch.hear(event);
                match event {
                    Event::Queued { space: at, id } if *at == space => Some(*id),
                    _ => None,
                }
            })
            .await?;
        batch.queued(id);
    }
    Ok(())
}

/// Waits until everything is delivered or refused, or nothing more happens for as long as the patience lasts.
async fn follow(session: &mut Session, batch: &mut Batch) -> Result<(), CliError> {
    if session.account()?.removed {
        return Err(CliError::DeviceRemoved);
    }
    if batch.settled() {
        return Ok(());
    }
    session
        .wait(|event| {
            let stops = batch.hear(event);
            (stops || batch.settled()).then_some(())
        })
        .await?;
    batch.needs_consent = session.space(batch.space).is_some_and(|view| view.needs_consent);
    Ok(())
}

/// What was written, in order, and what is known of it.
struct Batch {
    space: SpaceId,
    written: Vec<WrittenJson>,
    places: HashMap<MessageId, usize>,
    delivered: usize,
    /// Why the first of those that the server will not take was refused.
    refused: Option<ErrorCode>,
    refusals: usize,
    needs_consent: bool,
}

impl Batch {
    fn new(space: SpaceId) -> Self {
        Self {
            space,
            written: Vec::new(),
            places: HashMap::new(),
            delivered: 0,
            refused: None,
            refusals: 0,
            needs_consent: false,
        }
    }

    fn queued(&mut self, id: MessageId) {
        self.places.insert(id, self.written.len());
        self.written.push(WrittenJson::queued(self.space, id));
    }

    fn settled(&self) -> bool {
        self.delivered.saturating_add(self.refusals) >= self.written.len()
    }

    /// True when nothing more will come of it by itself.
    fn hear(&mut self, event: &Event) -> bool {
        match event {
            Event::Delivered { space, id, seq } if *space == self.space => {
                let place = self.places.get(id).and_then(|place| self.written.get_mut(*place));
                if let Some(written) = place.filter(|written| !written.delivered) {
                    written.delivered = true;
                    written.seq = Some(*seq);
                    self.delivered = self.delivered.saturating_add(1);
                }
            }
            Event::Refused { space, id, code } if *space == self.space && self.places.contains_key(id) => {
                self.refusals = self.refusals.saturating_add(1);
                self.refused.get_or_insert(*code);
            }
            Event::ReadersChanged(space) if *space == self.space => return true,
            _ => {}
        }
        false
    }

    fn tell(&mut self, session: &Session) -> Result<(), CliError> {
        if session.out.json {
            for written in &mut self.written {
                written.needs_consent = self.needs_consent && !written.delivered;
                session.out.result(written, String::new)?;
            }
        } else if !self.written.is_empty() {
            crate::print::line(&self.said())?;
        }
        Ok(())
    }

    fn said(&self) -> String {
        let messages =
            |count: usize| words::count(u64::try_from(count).unwrap_or(u64::MAX), "message", "messages");
        let waiting = self.written.len().saturating_sub(self.delivered).saturating_sub(self.refusals);
        let delivered = format!("{} delivered.", messages(self.delivered));
        let rest = if self.needs_consent {
            "waiting here. Who can read this has changed: look with `sotto members`, then send with \
             `sotto accept-readers`."
        } else {
            "saved here, to go when you're connected."
        };
        match (self.delivered, waiting) {
            (_, 0) => delivered,
            (0, _) => format!("{} {rest}", messages(waiting)),
            _ => format!("{delivered} {} {rest}", messages(waiting)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> Result<Vec<String>, CliError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("messages.txt");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn every_line_with_something_in_it_is_a_message() {
        assert_eq!(file(b"one\n\n  \r\ntwo \r\nthree").unwrap(), ["one", "two ", "three"]);
        assert!(matches!(file(b"\n \n"), Err(CliError::Text(_))));
        assert!(matches!(file(b"one\n\xff"), Err(CliError::Text(_))));
    }

    #[test]
    fn too_much_at_once_is_refused_before_anything_is_written() {
        use sotto_protocol::limits::TEXT_BYTES_MAX;
        let long = [b"short\n".to_vec(), vec![b'a'; TEXT_BYTES_MAX + 1]].concat();
        assert!(matches!(file(&long), Err(CliError::TooLong { .. })));
        assert_eq!(file(&b"a\n".repeat(LINES_MAX)).unwrap().len(), LINES_MAX);
        assert!(matches!(file(&b"a\n".repeat(LINES_MAX + 1)), Err(CliError::Text(_))));
        assert!(matches!(file(&vec![b'\n'; BYTES_MAX + 1]), Err(CliError::Text(_))));
    }
}
