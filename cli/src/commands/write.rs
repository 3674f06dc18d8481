//! `send`, `edit`, `set`, `take-back`, `acknowledge`, `bring` and `hold`.
//!
//! Invariant: what was written is in the outbox, on disk, before anything is said about it; that it is there is
//! success.

use super::lines;
use super::session::Session;
use crate::args::{self, Edit, Send, Set, Target};
use crate::error::CliError;
use crate::json::WrittenJson;
use crate::resolve;
use sotto_client_core::io::{Command, Draft, Event, MessageId};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::ids::{Seq, SpaceId};
use sotto_protocol::limits::TEXT_BYTES_MAX;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// `sotto send`
pub(super) async fn send(session: &mut Session, args: Send) -> Result<(), CliError> {
    if let Some(file) = args.lines {
        if args.words.len() > 1 {
            return Err(CliError::Usage("Please give either a text or --lines, not both.".into()));
        }
        let messages = lines::read(&file)?;
        let space = args.words.into_iter().next();
        let space = session.find(|client| resolve::space(client.spaces(), space.as_deref())).await?.id;
        return lines::write(session, space, messages, args.bring, args.delivery.offline).await;
    }
    let (space, text) = match (args.file, args.words.len()) {
        (Some(file), 0 | 1) => (args.words.into_iter().next(), from_file(&file)?),
        (Some(_), _) => return Err(CliError::Usage("Please give either a text or --file, not both.".into())),
        (None, 0) => return Err(CliError::Usage("Please give a text, or a file with --file.".into())),
        (None, _) => {
            let (space, words) = args::split_space(args.words, 1);
            (space, words.into_iter().next().unwrap_or_default())
        }
    };
    fits(text.len())?;
    let space = session.find(|client| resolve::space(client.spaces(), space.as_deref())).await?.id;
    write(
        session,
        space,
        Draft::Message { text, bring: args.bring, show_at: None },
        args.delivery.offline,
        "Delivered.",
    )
    .await
}

/// `sotto edit`
pub(super) async fn edit(session: &mut Session, args: Edit) -> Result<(), CliError> {
    let (space, words) = args::split_space(args.words, 2);
    let mut words = words.into_iter();
    let (message, text) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    fits(text.len())?;
    let (space, target) = session.find(|client| resolve::message(client, space.as_deref(), &message)).await?;
    write(session, space, Draft::Edit { target, text }, args.delivery.offline, "Changed.").await
}

/// `sotto set`
pub(super) async fn set(session: &mut Session, args: Set) -> Result<(), CliError> {
    if args.own && args.words.len() > 2 {
        return Err(CliError::Usage("Please give either a conversation or --own, not both.".into()));
    }
    let (space, words) = args::split_space(args.words, 2);
    let mut words = words.into_iter();
    let (name, value) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if serde_json::from_str::<serde_json::Value>(&value).is_err() {
        return Err(CliError::Usage("The value is no JSON.".into()));
    }
    let space = if args.own {
        // Another device may have founded it.
        session.sync().await?;
        session
            .ask(Command::FoundOwn, |event| match event {
                Event::SpaceAdded(id) => Some(*id),
                _ => None,
            })
            .await?
    } else {
        session.find(|client| resolve::space(client.spaces(), space.as_deref())).await?.id
    };
    write(session, space, Draft::Setting { name, value }, args.delivery.offline, "Published.").await
}

/// Everything that only names a message.
pub(super) async fn about(
    session: &mut Session,
    args: Target,
    draft: impl FnOnce(MessageId) -> Draft,
) -> Result<(), CliError> {
    let (space, words) = args::split_space(args.words, 1);
    let message = words.into_iter().next().unwrap_or_default();
    let (space, target) = session.find(|client| resolve::message(client, space.as_deref(), &message)).await?;
    let draft = draft(target);
    let done = match &draft {
        Draft::TakeBack(_) => "Taken back.",
        Draft::Acknowledge(_) => "The other side will see that you have read this.",
        Draft::Bring(_) => "It is on the list for the next session.",
        Draft::Hold(_) => "It is kept for the session.",
        Draft::Message { .. } | Draft::Edit { .. } | Draft::Setting { .. } => "Delivered.",
    };
    write(session, space, draft, args.delivery.offline, done).await
}

async fn write(
    session: &mut Session,
    space: SpaceId,
    draft: Draft,
    offline: bool,
    done: &str,
) -> Result<(), CliError> {
    let takes_back = matches!(draft, Draft::TakeBack(_));
    let mut done = done;
    let id = session
        .ask(Command::Write { space, id: None, draft }, |event| match event {
            Event::Queued { space: queued, id } if *queued == space => Some(*id),
            _ => None,
        })
        .await?;
    let mut written = WrittenJson::queued(space, id);
    if !offline {
        match delivery(session, space, id).await {
            Ok(Some(Outcome::Delivered(seq))) => {
                written.delivered = true;
                written.seq = Some(seq);
                // A second entry follows, by which the server erases the text. Until it is there, the text is.
                if takes_back && session.sync().await.is_err() {
                    done = "Taken back. The server erases the text when you're connected again.";
                }
            }
            Ok(Some(Outcome::Refused(code))) => return Err(CliError::Refused(code)),
            Ok(Some(Outcome::NeedsConsent) | None) => {}
            Err(error) => {
                // It is in the outbox all the same: whoever runs this again would send it twice.
                session.out.result(&written, || "It's saved here, but:".into())?;
                return Err(error);
            }
        }
        written.needs_consent =
            session.space(space).is_some_and(|view| view.needs_consent) && !written.delivered;
    }
    session.out.result(&written, || said(&written, done))?;
    if !written.delivered
        && let Some(trouble) = session.trouble()
    {
        session.out.note(&format!("Reason: {trouble}."));
    }
    Ok(())
}

fn said(written: &WrittenJson, done: &str) -> String {
    match written {
        WrittenJson { delivered: true, .. } => done.to_owned(),
        WrittenJson { needs_consent: true, .. } => {
            "Not sent yet. It's saved here. Who can read this has changed: look with `sotto members`, then send it with \
             `sotto accept-readers`."
                .into()
        }
        _ => "Not sent yet. It's saved here and will go when you're connected.".into(),
    }
}

/// What became of something that was written.
enum Outcome {
    Delivered(Seq),
    Refused(ErrorCode),
    NeedsConsent,
}

/// Waits for what becomes of it; `None` when nothing does for as long as the patience lasts.
async fn delivery(session: &mut Session, space: SpaceId, id: MessageId) -> Result<Option<Outcome>, CliError> {
    if session.account()?.removed {
        return Err(CliError::DeviceRemoved);
    }
    let outcome = session.wait(|event| match event {
        Event::Delivered { space: at, id: it, seq } if (*at, *it) == (space, id) => {
            Some(Outcome::Delivered(*seq))
        }
        Event::Refused { space: at, id: it, code } if (*at, *it) == (space, id) => {
            Some(Outcome::Refused(*code))
        }
        Event::ReadersChanged(at) if *at == space => Some(Outcome::NeedsConsent),
        _ => None,
    });
    outcome.await
}

pub(super) fn fits(bytes: usize) -> Result<(), CliError> {
    if bytes > TEXT_BYTES_MAX {
        return Err(too_long(bytes));
    }
    Ok(())
}

fn too_long(bytes: usize) -> CliError {
    CliError::TooLong { got: bytes, max: TEXT_BYTES_MAX }
}

fn from_file(path: &Path) -> Result<String, CliError> {
    // A text with its last line break.
    let mut text = read_text(path, TEXT_BYTES_MAX.saturating_add(2))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// What stands in a file (`-`: what comes on standard input): up to so many bytes, and one more to show that there was
/// more.
pub(super) fn read_text(path: &Path, bytes_max: usize) -> Result<String, CliError> {
    let read = if path == Path::new("-") {
        bounded(io::stdin().lock(), bytes_max)
    } else {
        File::open(path).and_then(|file| bounded(file, bytes_max))
    };
    let bytes = read.map_err(|e| CliError::Text(format!("{} can't be read: {e}.", path.display())))?;
    String::from_utf8(bytes).map_err(|_| {
        CliError::Text(format!("{} is no plain text (UTF-8), so it can't be a message.", path.display()))
    })
}

fn bounded(from: impl Read, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(u64::try_from(bytes_max.saturating_add(1)).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> Result<String, CliError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("message.txt");
        std::fs::write(&path, bytes).unwrap();
        from_file(&path)
    }

    #[test]
    fn a_file_gives_its_text_without_the_last_line_break() {
        assert_eq!(file(b"one\ntwo\n").unwrap(), "one\ntwo");
        assert_eq!(file(b"one\r\n").unwrap(), "one");
        assert_eq!(file(b"one\n\n").unwrap(), "one\n");
        assert_eq!(file(b"").unwrap(), "");
        assert!(matches!(file(b"\xff"), Err(CliError::Text(_))));
        assert!(matches!(from_file(Path::new("/nowhere/at/all")), Err(CliError::Text(_))));
    }

    #[test]
    fn a_text_over_the_limit_is_refused_in_a_sentence() {
        let full = vec![b'a'; TEXT_BYTES_MAX];
        assert_eq!(file(&[&full[..], b"\n"].concat()).unwrap().len(), TEXT_BYTES_MAX);
        assert!(fits(TEXT_BYTES_MAX).is_ok());
        let longer = file(&vec![b'a'; 10 * TEXT_BYTES_MAX]).unwrap();
        let refused = fits(longer.len()).unwrap_err();
        assert_eq!(refused.code(), ("TooLong", 1078));
        assert!(refused.to_string().ends_with('.'), "{refused}");
    }
}
