//! *Take my record with me*: one file that can be read without Sotto.
//!
//! Owns making it, piece after piece, as the host asks for them. Refuses to know where it is put. Invariants: there is one
//! at a time, and it is as the record was at its beginning, or fails; a piece has at most [`PIECE_BYTES_MAX`] bytes, so a
//! record of any length is never here as a whole a second time. `docs/EXPORT.md` says what the file consists of.

mod calendar;
mod escape;
mod html;
mod json;
mod outline;
#[cfg(test)]
mod tests;
mod words;

pub use words::Language;

use crate::client::Client;
use crate::io::{Event, Failure, Output, Rejected, Row};
use crate::rows;
use outline::Outline;
use sotto_protocol::ids::{Millis, Seq, SpaceId};
use sotto_protocol::record::{EraBody, Record};
use std::collections::{BTreeSet, VecDeque};

/// Number of an export, in the life of a client.
pub type ExportId = u64;

/// Bytes of a piece.
pub const PIECE_BYTES_MAX: usize = 256 * 1024;
/// A piece is handed out when there is so much of it.
const PIECE_BYTES: usize = 96 * 1024;
/// An export that nobody has asked on with for so long gives way to another.
const IDLE_MS_MAX: u64 = 60_000;
/// Records whose signatures are read from the store at once.
const CHUNK: u64 = 128;
/// Bytes of a zone's name.
const ZONE_BYTES_MAX: usize = 64;
/// Changes of a zone's distance from UTC: two a year for half a millennium.
const OFFSETS_MAX: usize = 1024;
/// Minutes that a zone can be away from UTC.
const OFFSET_MINUTES_MAX: u16 = 18 * 60;

/// A time zone, as far as the record reaches: the host knows the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, to be shown.
    pub name: String,
    /// From when on it is how many minutes ahead of UTC, in order of time.
    pub offsets: Vec<(Millis, i16)>,
}

/// Which form the file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A page for any browser, with the machine-readable form inside.
    Html,
    /// The machine-readable form alone.
    Json,
}

/// What is to be in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// These spaces; every one of the account when absent.
    pub spaces: Option<BTreeSet<SpaceId>>,
    /// What the server stored from then on.
    pub from: Option<Millis>,
    /// And before that.
    pub until: Option<Millis>,
    /// Form.
    pub form: Form,
    /// Language of the words around it.
    pub language: Language,
    /// Where the times are told.
    pub zone: Zone,
}

/// What the file contains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Contents {
    /// Conversations.
    pub conversations: u64,
    /// Messages that were not taken back.
    pub messages: u64,
    /// Messages of which it says that they were.
    #[serde(rename = "takenBack")]
    pub taken_back: u64,
    /// Things published: hours, details, agreements.
    pub settings: u64,
    /// Records whose signatures are in it.
    pub records: u64,
    /// Written on this device and not sent: not in it.
    pub waiting: u64,
    /// Conversations of which it is not certain that everything is here.
    pub incomplete: u64,
}

/// A file being made.
#[derive(Debug)]
pub(crate) struct Export {
    id: ExportId,
    outline: Outline,
    contents: Contents,
    step: Step,
    out: String,
    /// The host waits for a piece.
    asked: bool,
    /// Rows were asked for.
    loading: bool,
    asked_at: Millis,
    /// The day under whose heading entries are being written.
    day: Option<i64>,
    done: u64,
    of: u64,
}

/// What comes next. Numbers count parts, and in a part eras, places or records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Eras(usize, usize),
    Head,
    Page(usize, usize),
    Foot,
    Data,
    Entries(usize, usize),
    Log(usize, Seq),
    End,
    Done,
}

/// What a step came to.
enum Went {
    On,
    Load(Vec<u8>, Vec<u8>),
}

impl Client {
    pub(crate) fn export(&mut self, wanted: Wanted) -> Result<(), Rejected> {
        self.signed_in()?;
        wanted.check()?;
        let busy = |export: &Export| self.now.since(export.asked_at) <= IDLE_MS_MAX;
        if self.making.as_ref().is_some_and(busy) {
            return Err(Rejected::Busy);
        }
        let outline = Outline::of(self, wanted).ok_or(Rejected::SpaceUnknown)?;
        self.exports = self.exports.saturating_add(1);
        let (id, contents) = (self.exports, contents(self, &outline));
        let places: usize = outline.parts.iter().map(|part| part.places.len()).sum();
        let places = u64::try_from(places).unwrap_or(u64::MAX);
        let twice = if outline.wanted.form == Form::Html { 2 } else { 1 };
        self.making = Some(Export {
            id,
            outline,
            contents,
            step: Step::Eras(0, 0),
            out: String::new(),
            asked: false,
            loading: false,
            asked_at: self.now,
            day: None,
            done: 0,
            of: places.saturating_mul(twice).saturating_add(contents.records),
        });
        self.event(Event::ExportBegun { export: id, contents });
        Ok(())
    }

    pub(crate) fn export_more(&mut self, id: ExportId) -> Result<(), Rejected> {
        let now = self.now;
        let making = self.making.as_mut().filter(|export| export.id == id);
        let export = making.ok_or(Rejected::NotAllowed("this file is no longer being made"))?;
        if export.asked {
            return Err(Rejected::Busy);
        }
        export.asked = true;
        export.asked_at = now;
        self.export_on();
        Ok(())
    }

    pub(crate) fn export_stop(&mut self, id: ExportId) {
        self.making = self.making.take().filter(|export| export.id != id);
    }

    /// Goes on until there is a piece, or rows are needed.
    fn export_on(&mut self) {
        let Some(mut export) = self.making.take() else { return };
        while export.step != Step::Done && export.out.len() < PIECE_BYTES {
            match export.go(self) {
                Ok(Went::On) => {}
                Ok(Went::Load(from, to)) => {
                    export.loading = true;
                    self.loads.push_back(Load::Export(export.id));
                    self.output(Output::Load(from, to));
                    self.making = Some(export);
                    return;
                }
                Err(failure) => return self.event(Event::Failed(failure)),
            }
        }
        let (piece, last) = export.piece();
        export.asked = false;
        let Export { id, done, of, .. } = export;
        self.event(Event::ExportPiece { export: id, piece, done, of, last });
        if !last {
            self.making = Some(export);
        }
    }

    /// Rows came that were asked for.
    pub(crate) fn export_loaded(&mut self, id: ExportId, rows: &[Row]) {
        let Some(mut export) = self.making.take() else { return };
        if export.id != id || !export.loading {
            self.making = Some(export);
            return;
        }
        export.loading = false;
        match export.take_rows(self, rows) {
            Ok(()) => {
                self.making = Some(export);
                self.export_on();
            }
            Err(failure) => self.event(Event::Failed(failure)),
        }
    }
}

/// For whom rows were asked, in the order of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    HandBack,
    Export(ExportId),
}

/// Rows under way.
pub(crate) type Loads = VecDeque<Load>;

impl Wanted {
    fn check(&self) -> Result<(), Rejected> {
        let Zone { name, offsets } = &self.zone;
        if name.len() > ZONE_BYTES_MAX {
            return Err(Rejected::TooLong {
                what: "The time zone's name",
                got: name.len(),
                max: ZONE_BYTES_MAX,
            });
        }
        let ordered = offsets.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a < b));
        let near = offsets.iter().all(|(_, minutes)| minutes.unsigned_abs() <= OFFSET_MINUTES_MAX);
        if offsets.len() > OFFSETS_MAX || !ordered || !near {
            return Err(Rejected::Limit("changes of the time zone"));
        }
        Ok(())
    }
}

fn contents(client: &Client, outline: &Outline) -> Contents {
    let mut contents = Contents { incomplete: outline.absent, ..Contents::default() };
    for part in &outline.parts {
        let Some(space) = client.spaces.get(&part.space) else { continue };
        let (messages, taken_back) = part.messages(space);
        contents.conversations += u64::from(!part.own);
        contents.messages += messages;
        contents.taken_back += taken_back;
        contents.settings += part.settings();
        contents.records += part.last.seq.0.saturating_sub(part.before.seq.0);
        contents.waiting += u64::try_from(part.waiting).unwrap_or(u64::MAX);
        contents.incomplete += u64::from(!part.complete);
    }
    contents
}

/// The rows of the records from one position up to another.
fn load(space: SpaceId, from: Seq, to: Seq) -> Went {
    Went::Load(rows::log_header(space, from), rows::log_header(space, to))
}

impl Export {
    /// One step. Does not wait: what it needs from the store comes before it.
    fn go(&mut self, client: &Client) -> Result<Went, Failure> {
        let Self { outline, step, out, contents, .. } = self;
        let book = Book { client, outline, words: outline.wanted.language.words() };
        match *step {
            Step::Eras(number, era) => match outline.parts.get(number) {
                Some(part) => match part.eras.get(era) {
                    Some(seq) => return Ok(load(part.space, *seq, seq.next())),
                    None => *step = Step::Eras(number + 1, 0),
                },
                None if outline.wanted.form == Form::Html => *step = Step::Head,
                None => *step = Step::Data,
            },
            Step::Head => {
                html::head(&book, contents, out);
                *step = Step::Page(0, 0);
            }
            Step::Page(number, place) => return self.page(client, number, place),
            Step::Foot => {
                html::foot(&book, out);
                *step = Step::Data;
            }
            Step::Data => {
                json::head(&book, contents, out);
                *step = Step::Entries(0, 0);
            }
            Step::Entries(number, place) => return self.entries(client, number, place),
            Step::Log(number, seq) => {
                let part = outline.parts.get(number).ok_or(Failure::RecordChanged)?;
                if seq <= part.last.seq {
                    let to = Seq(seq.0.saturating_add(CHUNK)).min(part.last.seq.next());
                    return Ok(load(part.space, seq, to));
                }
                json::end(out);
                *step = Step::Entries(number + 1, 0);
            }
            Step::End => {
                json::foot(out);
                if outline.wanted.form == Form::Html {
                    html::close(out);
                }
                *step = Step::Done;
            }
            Step::Done => {}
        }
        Ok(Went::On)
    }

    /// Something on the page.
    fn page(&mut self, client: &Client, number: usize, place: usize) -> Result<Went, Failure> {
        let Self { outline, step, out, day, done, .. } = self;
        let book = Book { client, outline, words: outline.wanted.language.words() };
        let Some(part) = outline.parts.get(number) else {
            *step = Step::Foot;
            return Ok(Went::On);
        };
        let space = book.space(part)?;
        if place == 0 {
            *day = None;
            html::begin(&book, part, number, out);
        }
        *step = if let Some(found) = part.places.get(place) {
            html::entry(&book, part, space, found, day, out);
            *done += 1;
            Step::Page(number, place + 1)
        } else {
            html::end(&book, part, out);
            Step::Page(number + 1, 0)
        };
        Ok(Went::On)
    }

    /// The same in the form for programs.
    fn entries(&mut self, client: &Client, number: usize, place: usize) -> Result<Went, Failure> {
        let Self { outline, step, out, done, .. } = self;
        let book = Book { client, outline, words: outline.wanted.language.words() };
        let Some(part) = outline.parts.get(number) else {
            *step = Step::End;
            return Ok(Went::On);
        };
        let space = book.space(part)?;
        if place == 0 {
            json::begin(part, number == 0, out);
        }
        *step = if let Some(found) = part.places.get(place) {
            json::entry(part, space, found, place == 0, out);
            *done += 1;
            Step::Entries(number, place + 1)
        } else {
            json::log(out);
            Step::Log(number, part.before.seq.next())
        };
        Ok(Went::On)
    }

    fn take_rows(&mut self, client: &Client, rows: &[Row]) -> Result<(), Failure> {
        match self.step {
            Step::Eras(number, era) => {
                let part = self.outline.parts.get_mut(number).ok_or(Failure::RecordChanged)?;
                let seq = part.eras.get(era).copied().ok_or(Failure::RecordChanged)?;
                let payload = rows.iter().find(|row| row.key == rows::log_payload(part.space, seq));
                let body = payload.and_then(|row| client.open_payload(row));
                let body = body.and_then(|body| EraBody::parse(body.as_slice()).ok());
                part.take_era(seq, &body.ok_or(Failure::RecordUnreadable)?);
                self.step = Step::Eras(number, era + 1);
            }
            Step::Log(number, first) => {
                let part = self.outline.parts.get(number).ok_or(Failure::RecordChanged)?;
                let book =
                    Book { client, outline: &self.outline, words: self.outline.wanted.language.words() };
                let space = book.space(part)?;
                let mut seq = first;
                for row in rows {
                    if row.key != rows::log_header(part.space, seq) {
                        continue;
                    }
                    let (_, at, header) = client.open_header(row).ok_or(Failure::RecordUnreadable)?;
                    let record = Record::from_parts(header.header.into_vec(), header.signature, None)
                        .map_err(|_| Failure::RecordUnreadable)?;
                    // What is handed out is what was verified.
                    let before = seq.0.checked_sub(1).and_then(|before| space.head_at(Seq(before)));
                    let head = before.map(|before| record.head_after(before));
                    if head.is_none() || head != space.head_at(seq) {
                        return Err(Failure::RecordUnreadable);
                    }
                    json::record(seq, at, &record, seq == part.before.seq.next(), &mut self.out);
                    self.done += 1;
                    seq = seq.next();
                }
                if seq == first {
                    return Err(Failure::RecordUnreadable);
                }
                self.step = Step::Log(number, seq);
            }
            _ => {}
        }
        Ok(())
    }

    /// What is handed out now, and whether it is the last.
    fn piece(&mut self) -> (String, bool) {
        let mut end = self.out.len().min(PIECE_BYTES_MAX);
        while !self.out.is_char_boundary(end) {
            end -= 1;
        }
        let rest = self.out.split_off(end);
        let piece = core::mem::replace(&mut self.out, rest);
        (piece, self.step == Step::Done && self.out.is_empty())
    }
}

/// What the writers look into.
pub(crate) struct Book<'a> {
    client: &'a Client,
    outline: &'a Outline,
    words: &'static words::Words,
}

impl<'a> Book<'a> {
    /// The space of a part, which is as it was at the beginning.
    fn space(&self, part: &outline::Part) -> Result<&'a crate::space::Space, Failure> {
        let space = self.client.spaces.get(&part.space);
        space.filter(|space| part.holds(space)).ok_or(Failure::RecordChanged)
    }

    /// Somebody's name as she has said it in this conversation, or elsewhere.
    fn name(&self, part: Option<&outline::Part>, account: sotto_protocol::ids::AccountId) -> String {
        let said = |part: &outline::Part| {
            let timeline = self.client.spaces.get(&part.space).map(|space| &space.timeline);
            timeline.and_then(|timeline| timeline.name_by(account, part.last.seq)).cloned()
        };
        let here = part.and_then(said);
        let own = || {
            let keeping = self.client.keeping.as_ref().filter(|_| account == self.outline.me);
            keeping.map(|keeping| keeping.vault.name.as_str().to_owned())
        };
        let found = here.or_else(own).or_else(|| self.outline.parts.iter().find_map(said));
        found.filter(|name| !name.is_empty()).unwrap_or_else(|| account.short())
    }
}
