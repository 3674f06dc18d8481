//! The form that programs read; `docs/EXPORT.md` says what each field means.
//!
//! Owns its shape. Refuses to know pages and words. Invariants: it is the same inside the page and as a file of its own;
//! fields are added, never renamed; ids are in full, times are ISO 8601 in UTC and beside it milliseconds since 1970.

use super::calendar::iso;
use super::escape;
use super::outline::{Part, Place, What};
use super::{Book, Contents};
use crate::content::Content;
use crate::rows::Entry;
use crate::space::Space;
use crate::timeline::history::{History, Mark, Wording};
use crate::view::BodyView;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt::{Display, Write as _};
use sotto_protocol::card::VerifiedCard;
use sotto_protocol::codec;
use sotto_protocol::ids::{Millis, Seq};
use sotto_protocol::record::{Cause, Record, Seen};
use sotto_protocol::roster::Role;

/// The form's number.
const VERSION: u64 = 1;

/// An object being written.
struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl<'a> Object<'a> {
    fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn end(self) {
        self.out.push('}');
    }

    fn field(&mut self, name: &str) -> &mut String {
        if !core::mem::replace(&mut self.first, false) {
            self.out.push(',');
        }
        let out = &mut *self.out;
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        out
    }

    fn text(&mut self, name: &str, text: &str) {
        escape::json(self.field(name), text);
    }

    /// Ids and other texts that are known to be harmless.
    fn id(&mut self, name: &str, id: &impl Display) {
        quoted(self.field(name), id);
    }

    fn number(&mut self, name: &str, number: u64) {
        // Writing into a string does not fail.
        let _ = write!(self.field(name), "{number}");
    }

    fn flag(&mut self, name: &str, so: bool) {
        self.field(name).push_str(if so { "true" } else { "false" });
    }

    fn null(&mut self, name: &str) {
        self.field(name).push_str("null");
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        base64(self.field(name), bytes);
    }

    /// `sent_at`, and `sent_at_ms` beside it.
    fn time(&mut self, name: &str, ms: &str, at: Option<Millis>) {
        match at.and_then(iso) {
            Some(iso) => self.id(name, &iso),
            None => self.null(name),
        }
        match at {
            Some(at) => self.number(ms, at.0),
            None => self.null(ms),
        }
    }

    fn position(&mut self, name: &str, seen: Seen) {
        let mut object = Object::begin(self.field(name));
        object.number("seq", seen.seq.0);
        object.id("head", &seen.head);
        object.end();
    }

    fn list<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut String, T),
    ) {
        let out = self.field(name);
        out.push('[');
        for (number, item) in items.into_iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            each(out, item);
        }
        out.push(']');
    }
}

fn quoted(out: &mut String, id: &impl Display) {
    let _ = write!(out, "\"{id}\"");
}

fn base64(out: &mut String, bytes: &[u8]) {
    out.push('"');
    STANDARD.encode_string(bytes, out);
    out.push('"');
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Therapist => "therapist",
        Role::Prescriber => "prescriber",
        Role::FrontDesk => "front_desk",
        Role::Client => "client",
        Role::OwnerTherapist => "owner_therapist",
    }
}

/// From the first brace to the list of conversations.
pub(super) fn head(book: &Book, contents: &Contents, out: &mut String) {
    let outline = book.outline;
    let wanted = &outline.wanted;
    let mut top = Object::begin(out);
    top.id("format", &"sotto-record");
    top.number("version", VERSION);
    top.time("made_at", "made_at_ms", Some(outline.made_at));
    let devices = book.client.devices();
    let mut by = Object::begin(top.field("made_by"));
    by.id("account", &outline.me);
    by.text("name", &book.name(None, outline.me));
    by.id("role", &role(outline.role));
    by.id("device", &outline.device);
    let device = devices.iter().find(|device| device.this);
    by.text("device_name", device.map(|device| device.name.as_str()).unwrap_or_default());
    by.end();
    top.text("practice", &outline.practice);
    top.list("subjects", outline.subjects(), |out, account| quoted(out, &account));
    top.id("language", &wanted.language.code());
    top.text("zone", &wanted.zone.name);
    top.time("from", "from_ms", wanted.from);
    top.time("until", "until_ms", wanted.until);
    let mut counts = Object::begin(top.field("contents"));
    for (name, number) in [
        ("conversations", contents.conversations),
        ("messages", contents.messages),
        ("taken_back", contents.taken_back),
        ("settings", contents.settings),
        ("records", contents.records),
        ("waiting", contents.waiting),
        ("incomplete", contents.incomplete),
        ("absent", outline.absent),
    ] {
        counts.number(name, number);
    }
    counts.end();
    top.out.push('\n');
    people(book, &mut top);
    top.field("conversations").push_str("[\n");
}

/// Whoever occurs, with the cards that say which devices speak for her.
fn people(book: &Book, top: &mut Object) {
    top.list("people", book.outline.people(book.client), |out, account| {
        let mut person = Object::begin(out);
        person.id("account", &account);
        person.text("name", &book.name(None, account));
        person.flag("me", account == book.outline.me);
        let card = book.client.cards.newest(account).map(VerifiedCard::card);
        match card.map(|card| codec::hex(card.identity.as_bytes())) {
            Some(identity) => person.id("identity", &identity),
            None => person.null("identity"),
        }
        let devices = card.map(|card| card.devices.as_slice()).unwrap_or_default();
        person.list("devices", devices, |out, device| {
            let mut object = Object::begin(out);
            object.id("id", &device.id);
            object.time("added_at", "added_at_ms", Some(device.added_at));
            object.flag("removed", device.removed_in.is_some());
            object.end();
        });
        person.list("cards", book.client.cards.all(account), |out, card| base64(out, &codec::encode(&card)));
        person.end();
        out.push('\n');
    });
}

/// The head of a conversation, up to its list of entries.
pub(super) fn begin(part: &Part, first: bool, out: &mut String) {
    if !first {
        out.push(',');
    }
    let mut object = Object::begin(out);
    object.id("space", &part.space);
    object.flag("own", part.own);
    object.id("founding", &part.founding);
    object.position("before", part.before);
    object.position("last", part.last);
    object.number("told", part.told.0);
    object.flag("complete", part.complete);
    object.flag("doubt", part.doubt);
    object.list("members", &part.members, |out, (account, member)| {
        let mut object = Object::begin(out);
        object.id("account", account);
        object.id("role", &role(*member));
        object.end();
    });
    object.field("entries").push_str("[\n");
}

/// Between a conversation's entries and its signatures.
pub(super) fn log(out: &mut String) {
    out.push_str("],\n\"log\":[\n");
}

/// The end of a conversation.
pub(super) fn end(out: &mut String) {
    out.push_str("]}\n");
}

/// The end.
pub(super) fn foot(out: &mut String) {
    out.push_str("]}\n");
}

/// What was signed for one record.
pub(super) fn record(seq: Seq, at: Millis, record: &Record, first: bool, out: &mut String) {
    if !first {
        out.push(',');
    }
    let mut object = Object::begin(out);
    object.number("seq", seq.0);
    object.number("stored_at_ms", at.0);
    object.bytes("header", record.header_bytes());
    object.bytes("signature", &record.signature().0);
    object.end();
    out.push('\n');
}

/// Something that stands in a conversation.
pub(super) fn entry(part: &Part, space: &Space, place: &Place, first: bool, out: &mut String) {
    let Some(entry) = space.entry_at(place.seq) else { return };
    if !first {
        out.push(',');
    }
    let mut object = Object::begin(out);
    match place.what {
        What::Members => members(part, place, entry, &mut object),
        What::Message => {
            stands(&mut object, "message", place, entry);
            if let Some(history) = space.history_at(place.seq, part.last.seq) {
                message(&history, &mut object);
            }
        }
        What::Name | What::Setting => {
            if let Some(frame) = space.frame_at(place.seq) {
                let kind = if place.what == What::Name { "name" } else { "setting" };
                stands(&mut object, kind, place, entry);
                object.time("sent_at", "sent_at_ms", Some(frame.sent_at));
                match &frame.content {
                    Content::Profile(name) => object.text("text", name.as_str()),
                    Content::Setting(setting) => {
                        object.text("name", setting.name.as_str());
                        object.text("value", setting.value.as_str());
                    }
                    _ => {}
                }
            }
        }
    }
    object.end();
    out.push('\n');
}

/// What every entry has.
fn stands(object: &mut Object, kind: &str, place: &Place, entry: &Entry) {
    object.id("kind", &kind);
    object.number("seq", place.seq.0);
    object.id("id", &entry.id.record);
    object.id("author", &entry.id.author);
    object.id("device", &entry.device);
    object.time("stored_at", "stored_at_ms", Some(entry.at));
}

fn members(part: &Part, place: &Place, entry: &Entry, object: &mut Object) {
    stands(object, "members", place, entry);
    let change = part.changes.get(&place.seq);
    let cause = match change.map(|change| &change.cause) {
        Some(Cause::Founding) => "founding",
        Some(Cause::Membership) => "membership",
        Some(Cause::Card | Cause::Age | Cause::Void) | None => "renewal",
    };
    object.id("cause", &cause);
    let added = change.map(|change| change.added.as_slice()).unwrap_or_default();
    let removed = change.map(|change| change.removed.as_slice()).unwrap_or_default();
    object.list("added", added, |out, account| {
        let mut object = Object::begin(out);
        object.id("account", account);
        match part.roles.get(account) {
            Some(known) => object.id("role", &role(*known)),
            None => object.null("role"),
        }
        object.end();
    });
    object.list("removed", removed, quoted);
}

fn message(history: &History, object: &mut Object) {
    object.time("sent_at", "sent_at_ms", Some(history.sent_at));
    object.time("shown_at", "shown_at_ms", history.show_at);
    let state = match &history.body {
        BodyView::Text(_) => "text",
        BodyView::TakenBack => "taken_back",
        BodyView::Resending => "resending",
        BodyView::Newer => "newer",
        BodyView::Unreadable => "unreadable",
    };
    object.id("state", &state);
    match &history.body {
        BodyView::Text(text) => object.text("text", text),
        _ => object.null("text"),
    }
    object.time("edited_at", "edited_at_ms", history.edited_at);
    object.list("earlier", &history.earlier, |out, Wording { sent_at, text }| {
        let mut object = Object::begin(out);
        object.time("sent_at", "sent_at_ms", Some(*sent_at));
        object.text("text", text);
        object.end();
    });
    object.time("taken_back_at", "taken_back_at_ms", history.taken_back_at);
    for (name, made) in [("read", &history.read), ("brought", &history.brought), ("held", &history.held)] {
        object.list(name, made, |out, Mark { by, at }| {
            let mut object = Object::begin(out);
            object.id("by", by);
            object.time("at", "at_ms", Some(*at));
            object.end();
        });
    }
}
