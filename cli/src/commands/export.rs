//! `export`: one file with one's record, or a client's.
//!
//! Owns where the file is put and what is said beside it; the client makes it. Invariants: a file that is there is not
//! overwritten unasked, a file that was not finished is not left behind, and nobody else may read it.

use super::session::Session;
use crate::args::export::{Export, FormArg, LanguageArg};
use crate::error::CliError;
use crate::print::harmless_line;
use crate::resolve;
use crate::words;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sotto_cli::ambient;
use sotto_client_core::export::{Contents, ExportId, Form, Language, Wanted, Zone};
use sotto_client_core::io::{Command, Event};
use sotto_client_core::view::SpaceView;
use sotto_protocol::ids::{AccountId, Millis, SpaceId};
use sotto_protocol::roster::Role;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// There was no Sotto before; earlier times, which only a wrong clock says, are told as if that day's rules had held.
const ZONE_FROM: &str = "2025-01-01T00:00:00Z";

/// `sotto export`
pub(super) async fn run(session: &mut Session, args: &Export) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    session.tell_standing_alarms();
    let zone = TimeZone::system();
    let wanted = Wanted {
        spaces: spaces(session, args)?,
        from: args.from.map(|day| day_begins(day, &zone)).transpose()?,
        until: args
            .until
            .map(|day| day.saturating_add(1.day()))
            .map(|day| day_begins(day, &zone))
            .transpose()?,
        form: match args.format {
            FormArg::Html => Form::Html,
            FormArg::Json => Form::Json,
        },
        language: match args.language {
            LanguageArg::En => Language::English,
            LanguageArg::Es => Language::Spanish,
        },
        zone: zone_of(&zone),
    };
    let incomplete = session.host.client().spaces().into_iter().filter(|space| !space.complete);
    for space in incomplete.filter(|space| wanted.spaces.as_ref().is_none_or(|all| all.contains(&space.id))) {
        session.out.note(&not_all_here(&space));
    }
    let mut sink = Sink::open(&args.file, args.force)?;
    let (export, contents) = session
        .ask(Command::Export(Box::new(wanted)), |event| match event {
            Event::ExportBegun { export, contents } => Some((*export, *contents)),
            _ => None,
        })
        .await?;
    let bytes = write(session, export, &mut sink).await?;
    sink.finish()?;
    tell(session, args, &contents, bytes)?;
    fresh
}

/// Writes piece after piece; how many bytes those were.
async fn write(session: &mut Session, export: ExportId, sink: &mut Sink) -> Result<u64, CliError> {
    let mut bytes = 0;
    loop {
        let (piece, last) = session
            .ask(Command::ExportMore(export), |event| match event {
                Event::ExportPiece { piece, last, .. } => Some((piece.clone(), *last)),
                _ => None,
            })
            .await?;
        sink.write(piece.as_bytes())?;
        bytes += u64::try_from(piece.len()).unwrap_or_default();
        if last {
            return Ok(bytes);
        }
    }
}

fn tell(session: &Session, args: &Export, contents: &Contents, bytes: u64) -> Result<(), CliError> {
    let messages = words::count(contents.messages, "message", "messages");
    let conversations = words::count(contents.conversations, "conversation", "conversations");
    let said = format!(
        "{messages} in {conversations}. This file is not locked: whoever has it can read it, without a password."
    );
    if args.file == "-" {
        session.out.note(&said);
        return Ok(());
    }
    let json = serde_json::json!({
        "file": args.file,
        "bytes": bytes,
        "conversations": contents.conversations,
        "messages": contents.messages,
        "taken_back": contents.taken_back,
        "settings": contents.settings,
        "records": contents.records,
        "waiting": contents.waiting,
        "incomplete": contents.incomplete,
    });
    session.out.result(&json, || format!("{}: {said}", harmless_line(&args.file)))?;
    Ok(())
}

fn not_all_here(space: &SpaceView) -> String {
    let with = words::names(&space.members);
    if space.told > space.verified {
        format!(
            "The conversation of {with} is not all here yet: {} of {} entries. The file says so.",
            space.verified, space.told
        )
    } else {
        format!("Whether the conversation of {with} is all here could not be asked. The file says so.")
    }
}

/// The conversations that are asked for; none when it is all of them.
fn spaces(session: &Session, args: &Export) -> Result<Option<BTreeSet<SpaceId>>, CliError> {
    let all = session.host.client().spaces();
    if let Some(given) = &args.conversation {
        return Ok(Some(BTreeSet::from([resolve::space(all, Some(given))?.id])));
    }
    let Some(given) = args.client.as_deref().map(str::trim) else { return Ok(None) };
    let is_meant = |account: AccountId, name: Option<&str>| {
        let named = name.is_some_and(|name| name.to_lowercase() == given.to_lowercase());
        named || (given.len() >= 4 && account.to_string().starts_with(&given.to_ascii_lowercase()))
    };
    let mut found = BTreeSet::new();
    let mut clients = BTreeSet::new();
    for space in &all {
        let others = space.members.iter().filter(|member| !member.me && member.role == Role::Client);
        for member in others.filter(|member| is_meant(member.account, member.name.as_deref())) {
            found.insert(space.id);
            clients.insert(member.account);
        }
    }
    match clients.len() {
        0 => Err(CliError::NotFound { what: "client", given: given.to_owned() }),
        1 => Ok(Some(found)),
        _ => Err(CliError::Ambiguous { what: "client", given: given.to_owned() }),
    }
}

fn day_begins(day: jiff::civil::Date, zone: &TimeZone) -> Result<Millis, CliError> {
    let begins = day.to_zoned(zone.clone()).ok().map(|day| day.timestamp().as_millisecond());
    let ms = begins.and_then(|ms| u64::try_from(ms).ok());
    ms.map(Millis).ok_or_else(|| CliError::Usage("This day is outside the calendar.".into()))
}

/// The zone's distances from UTC, as far as anything can have been written.
fn zone_of(zone: &TimeZone) -> Zone {
    let minutes = |offset: jiff::tz::Offset| i16::try_from(offset.seconds() / 60).unwrap_or_default();
    let from: Timestamp = ZONE_FROM.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let now = i64::try_from(ambient::now().0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    let now = now.unwrap_or(Timestamp::MAX);
    let mut offsets = vec![(Millis::ZERO, minutes(zone.to_offset(from)))];
    for change in zone.following(from).take_while(|change| change.timestamp() <= now).take(512) {
        let at = u64::try_from(change.timestamp().as_millisecond()).unwrap_or_default();
        offsets.push((Millis(at), minutes(change.offset())));
    }
    Zone { name: zone.iana_name().unwrap_or("UTC").to_owned(), offsets }
}

/// Where the bytes go.
enum Sink {
    Stdout,
    /// The file, what it is called while it is written, and what then.
    File {
        file: File,
        at: PathBuf,
        to: PathBuf,
        kept: bool,
    },
}

impl Sink {
    fn open(path: &str, force: bool) -> Result<Self, CliError> {
        if path == "-" {
            return Ok(Self::Stdout);
        }
        let to = PathBuf::from(path);
        let at = if force { beside(&to) } else { to.clone() };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&at).map_err(
            |error| match error.kind() {
                io::ErrorKind::AlreadyExists => CliError::Usage(format!(
                    "{} is there already. Take another name, or overwrite it with --force.",
                    harmless_line(&at.display().to_string())
                )),
                _ => CliError::Output(error),
            },
        )?;
        Ok(Self::File { file, at, to, kept: false })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().write_all(bytes),
            Self::File { file, .. } => file.write_all(bytes),
        }
    }

    fn finish(mut self) -> io::Result<()> {
        match &mut self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::File { file, at, to, kept } => {
                file.sync_all()?;
                if at != to {
                    fs::rename(&*at, &*to)?;
                }
                *kept = true;
                Ok(())
            }
        }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // There is nobody left to tell that a half-written file could not be removed.
        if let Self::File { at, kept: false, .. } = self {
            let _ = fs::remove_file(at);
        }
    }
}

/// What a file is called until it may take another's place.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_told_by_its_changes() {
        let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").unwrap();
        let Zone { offsets, .. } = zone_of(&zone);
        assert_eq!(offsets.first(), Some(&(Millis::ZERO, -300)));
        assert_eq!(offsets.get(1), Some(&(Millis(1_741_503_600_000), -240)));
        assert!(offsets.windows(2).all(|pair| pair[0].0 < pair[1].0), "{offsets:?}");
        assert_eq!(zone_of(&TimeZone::UTC), Zone { name: "UTC".into(), offsets: vec![(Millis::ZERO, 0)] });
    }

    #[test]
    fn a_file_that_was_not_finished_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.html");
        let path = path.to_str().unwrap();
        let mut sink = Sink::open(path, false).unwrap();
        sink.write(b"half").unwrap();
        drop(sink);
        assert!(!Path::new(path).exists());
        let mut sink = Sink::open(path, false).unwrap();
        sink.write(b"whole").unwrap();
        sink.finish().unwrap();
        assert!(matches!(Sink::open(path, false), Err(CliError::Usage(_))));
        drop(Sink::open(path, true).unwrap());
        assert_eq!(fs::read(path).unwrap(), b"whole");
        let mut sink = Sink::open(path, true).unwrap();
        sink.write(b"another").unwrap();
        sink.finish().unwrap();
        assert_eq!(fs::read(path).unwrap(), b"another");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
