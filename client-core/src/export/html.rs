//! The page that people read.
//!
//! Owns its elements and their order. Refuses to know what is in it ([`super::outline`]) and its words ([`super::words`]).
//! Invariants: it needs no script and asks for nothing; its policy allows neither; whatever somebody wrote is escaped
//! and stands in an element of its own direction.

use super::calendar;
use super::escape;
use super::outline::{Part, Place, What};
use super::{Book, Contents};
use crate::content::Content;
use crate::space::Space;
use crate::timeline::history::{History, Mark};
use crate::view::BodyView;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use sotto_protocol::ids::{AccountId, Millis};

const STYLE: &str = include_str!("page.css");

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape::html(&mut out, text);
    out
}

/// A name, which must not turn what stands around it.
fn name(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// A sentence with its blanks filled; what is filled in is HTML.
fn fill(sentence: &str, parts: &[&str]) -> String {
    let (mut out, mut parts) = (String::new(), parts.iter());
    for (number, piece) in sentence.split("{}").enumerate() {
        if number > 0 {
            out.push_str(parts.next().copied().unwrap_or_default());
        }
        out.push_str(piece);
    }
    out
}

fn push(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
}

/// `<p class="…">…</p>`
fn line(out: &mut String, class: &str, html: &str) {
    push(out, &["<p class=\"", class, "\">", html, "</p>\n"]);
}

fn term(out: &mut String, term: &str, html: &str) {
    push(out, &["<dt>", term, "</dt><dd>", html, "</dd>\n"]);
}

fn list(out: &mut String, class: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    push(out, &["<ul class=\"", class, "\">"]);
    items.iter().for_each(|item| push(out, &["<li>", item, "</li>"]));
    out.push_str("</ul>\n");
}

/// A text as its author wrote it.
fn text(out: &mut String, text: &str) {
    out.push_str("<div class=\"text\" dir=\"auto\">");
    escape::html(out, text);
    out.push_str("</div>\n");
}

impl Book<'_> {
    fn html_name(&self, part: Option<&Part>, account: AccountId) -> String {
        name(&self.name(part, account))
    }

    fn html_names(&self, part: &Part, accounts: &[AccountId]) -> String {
        let role = |account: &AccountId| part.roles.get(account).map(|role| self.words.role(*role));
        let named = |account: &AccountId| {
            let mut said = self.html_name(Some(part), *account);
            let you = Some(self.words.you).filter(|_| *account == self.outline.me);
            let both: Vec<&str> = role(account).into_iter().chain(you).collect();
            if !both.is_empty() {
                push(&mut said, &[" (", &both.join(", "), ")"]);
            }
            said
        };
        accounts.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    fn element(&self, at: Millis, said: &str) -> String {
        match calendar::iso(at) {
            Some(iso) => format!("<time datetime=\"{iso}\">{said}</time>"),
            None => self.words.no_time.to_owned(),
        }
    }

    /// The time of day.
    fn html_time(&self, at: Millis) -> String {
        self.element(at, &self.outline.wanted.zone.time(at, self.words))
    }

    /// Date and time of day.
    fn html_moment(&self, at: Millis) -> String {
        let zone = &self.outline.wanted.zone;
        self.element(at, &format!("{}, {}", zone.date(at, self.words), zone.time(at, self.words)))
    }

    /// The time of day, with the date unless it is that of the heading.
    fn html_on(&self, at: Millis, day: Option<i64>) -> String {
        if self.outline.wanted.zone.day(at) == day { self.html_time(at) } else { self.html_moment(at) }
    }

    fn title(&self, part: &Part) -> String {
        let others = part.roles.keys().filter(|account| **account != self.outline.me && !part.own);
        let others: Vec<String> = others.map(|account| self.html_name(Some(part), *account)).collect();
        if others.is_empty() {
            return fill(self.words.alone, &[&self.html_name(Some(part), self.outline.me)]);
        }
        fill(self.words.with, &[&others.join(", ")])
    }
}

/// From the first byte to the last conversation's link.
pub(super) fn head(book: &Book, contents: &Contents, out: &mut String) {
    let (words, outline) = (book.words, book.outline);
    let subjects = outline.subjects();
    let said: Vec<String> = subjects.iter().map(|account| book.name(None, *account)).collect();
    let plain = fill(words.title, &[&escaped(&said.join(", "))]);
    let style = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    push(
        out,
        &[
            "<!doctype html>\n<html lang=\"",
            outline.wanted.language.code(),
            "\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'sha256-",
            &style,
            "'; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n<title>",
            &plain,
            "</title>\n<style>",
            STYLE,
            "</style>\n</head>\n<body>\n<header>\n<h1>",
            &fill(words.title, &[&said.iter().map(|said| name(said)).collect::<Vec<_>>().join(", ")]),
            "</h1>\n<div class=\"open\" role=\"note\"><p><strong>",
            words.open_title,
            "</strong></p><p>",
            words.open,
            "</p></div>\n<dl>\n",
        ],
    );
    term(out, words.practice, &name(&outline.practice));
    let devices = book.client.devices();
    let device =
        devices.iter().find(|device| device.this).map(|device| name(&device.name)).unwrap_or_default();
    let by = fill(words.made_by, &[&book.html_name(None, outline.me), &device]);
    term(out, words.made, &format!("{}<br>{by}", book.html_moment(outline.made_at)));
    let wanted = &outline.wanted;
    let from = wanted.from.map(|at| fill(words.period_from, &[&book.html_moment(at)]));
    let until = wanted.until.map(|at| fill(words.period_until, &[&book.html_moment(at)]));
    let period: Vec<String> = from.into_iter().chain(until).collect();
    let whole = || words.period_whole.to_owned();
    term(out, words.period, &if period.is_empty() { whole() } else { period.join(", ") });
    let count = |sentence: &str, number: u64| format!("<p>{}</p>", fill(sentence, &[&number.to_string()]));
    let mut counted = count(words.conversations, contents.conversations);
    counted.push_str(&count(words.messages, contents.messages));
    for (sentence, number) in
        [(words.taken_back_count, contents.taken_back), (words.settings, contents.settings)]
    {
        if number > 0 {
            counted.push_str(&count(sentence, number));
        }
    }
    term(out, words.contains, &counted);
    let mut lacks = String::new();
    missing(book, contents).iter().for_each(|said| push(&mut lacks, &["<p>", said, "</p>"]));
    term(out, words.missing, &lacks);
    if !outline.is_of_clients() {
        term(out, &fill(words.devices, &[&book.html_name(None, outline.me)]), &devices_of(book));
    }
    out.push_str("</dl>\n");
    line(out, "note", &fill(words.times, &[&name(&wanted.zone.name)]));
    let links = outline
        .parts
        .iter()
        .enumerate()
        .map(|(number, part)| format!("<a href=\"#c{number}\">{}</a>", book.title(part)));
    push(out, &["<nav aria-label=\"", words.contains, "\">"]);
    list(out, "contents", &links.collect::<Vec<_>>());
    out.push_str("</nav>\n</header>\n<main>\n");
}

/// What is not in it, and why.
fn missing(book: &Book, contents: &Contents) -> Vec<String> {
    let (words, outline) = (book.words, book.outline);
    let mut missing = Vec::new();
    if outline.is_of_clients() {
        missing.push(fill(words.missing_notes, &[&book.html_name(None, outline.me)]));
    }
    missing.push(words.missing_taken_back.to_owned());
    if contents.waiting > 0 {
        missing.push(fill(words.missing_waiting, &[&contents.waiting.to_string()]));
    }
    if outline.absent > 0 {
        missing.push(fill(words.missing_absent, &[&outline.absent.to_string()]));
    }
    for part in &outline.parts {
        let (title, upto) = (book.title(part), book.html_moment(part.last_at));
        let have = book.client.spaces.get(&part.space).map(|space| space.log.seq().0).unwrap_or_default();
        if part.told.0 > have {
            missing.push(fill(
                words.missing_part,
                &[&title, &have.to_string(), &part.told.0.to_string(), &upto],
            ));
        } else if !part.complete {
            missing.push(fill(words.missing_unsure, &[&title, &upto]));
        }
        if part.doubt {
            missing.push(fill(words.missing_doubt, &[&title]));
        }
    }
    missing
}

fn devices_of(book: &Book) -> String {
    let words = book.words;
    let zone = &book.outline.wanted.zone;
    let item = |device: &crate::view::DeviceView| {
        let since = book.element(device.added_at, &zone.date(device.added_at, words));
        let mut said = format!("{}, {}", name(&device.name), fill(words.device_since, &[&since]));
        let marks = [(device.removed_in.is_some(), words.device_removed), (device.this, words.device_this)];
        marks.iter().filter(|(so, _)| *so).for_each(|(_, mark)| push(&mut said, &["; ", mark]));
        said
    };
    let mut out = String::new();
    list(&mut out, "devices", &book.client.devices().iter().map(item).collect::<Vec<_>>());
    out
}

/// The heading of a conversation.
pub(super) fn begin(book: &Book, part: &Part, number: usize, out: &mut String) {
    let id = number.to_string();
    push(
        out,
        &["<section aria-labelledby=\"c", &id, "\">\n<h2 id=\"c", &id, "\">", &book.title(part), "</h2>\n"],
    );
    let members: Vec<AccountId> = part.members.iter().map(|(account, _)| *account).collect();
    line(out, "note", &fill(book.words.readers, &[&book.html_names(part, &members)]));
}

/// The end of a conversation.
pub(super) fn end(book: &Book, part: &Part, out: &mut String) {
    if part.places.is_empty() {
        line(out, "note", book.words.nothing);
    }
    out.push_str("</section>\n");
}

/// Something that stands in a conversation.
pub(super) fn entry(
    book: &Book,
    part: &Part,
    space: &Space,
    place: &Place,
    day: &mut Option<i64>,
    out: &mut String,
) {
    let Some(entry) = space.entry_at(place.seq) else { return };
    if place.what == What::Members && !part.changes.contains_key(&place.seq) {
        return;
    }
    let at = place.at(entry);
    let today = book.outline.wanted.zone.day(at);
    if *day != today || day.is_none() {
        *day = today;
        push(out, &["<h3>", &book.element(at, &book.outline.wanted.zone.date(at, book.words)), "</h3>\n"]);
    }
    let (words, author) = (book.words, book.html_name(Some(part), entry.id.author));
    let when = book.html_on(at, *day);
    match place.what {
        What::Members => members(book, part, place, &when, out),
        What::Message => {
            if let Some(history) = space.history_at(place.seq, part.last.seq) {
                message(book, part, &history, *day, out);
            }
        }
        What::Name | What::Setting => match space.frame_at(place.seq).map(|frame| frame.content) {
            Some(Content::Profile(said)) => {
                line(out, "note", &format!("{} {when}", fill(words.named, &[&author, &name(said.as_str())])));
            }
            Some(Content::Setting(setting)) => {
                line(
                    out,
                    "note",
                    &format!("{} {when}", fill(words.published, &[&author, setting.name.as_str()])),
                );
                text(out, setting.value.as_str());
            }
            _ => {}
        },
    }
}

fn members(book: &Book, part: &Part, place: &Place, when: &str, out: &mut String) {
    let (Some(change), words) = (part.changes.get(&place.seq), book.words) else { return };
    let founding = place.seq.0 == 1;
    let added = if founding { words.began } else { words.added };
    for (sentence, accounts) in [(added, &change.added), (words.removed, &change.removed)] {
        if !accounts.is_empty() {
            line(out, "note", &format!("{}. {when}", fill(sentence, &[&book.html_names(part, accounts)])));
        }
    }
}

fn message(book: &Book, part: &Part, history: &History, day: Option<i64>, out: &mut String) {
    let words = book.words;
    let mine = history.id.author == book.outline.me;
    let class = if mine { "mine" } else { "theirs" };
    let by = book.html_names(part, &[history.id.author]);
    let when = book.html_on(history.sent_at, day);
    push(
        out,
        &[
            "<article class=\"",
            class,
            "\" id=\"m-",
            &history.id.record.to_string(),
            "\">\n<p class=\"by\"><b>",
        ],
    );
    // The name is bold, what stands in brackets after it is not.
    match by.split_once("</bdi>") {
        Some((bold, rest)) => push(out, &[bold, "</bdi></b>", rest]),
        None => push(out, &[&by, "</b>"]),
    }
    push(out, &[" ", &when, "</p>\n"]);
    match &history.body {
        BodyView::Text(said) => text(out, said),
        BodyView::TakenBack => line(out, "gone", words.taken_back),
        BodyView::Resending => line(out, "gone", words.resending),
        BodyView::Newer => line(out, "gone", words.newer),
        BodyView::Unreadable => line(out, "gone", words.unreadable),
    }
    let moment = |at: Millis| book.html_on(at, day);
    let mut marks = Vec::new();
    marks.extend(history.show_at.map(|at| fill(words.shown_from, &[&moment(at)])));
    marks.extend(history.edited_at.map(|at| fill(words.edited, &[&moment(at)])));
    marks.extend(history.taken_back_at.map(|at| fill(words.taken_back_at, &[&moment(at)])));
    for (sentence, made) in
        [(words.read, &history.read), (words.brought, &history.brought), (words.held, &history.held)]
    {
        let said = |mark: &Mark| fill(sentence, &[&book.html_name(Some(part), mark.by), &moment(mark.at)]);
        marks.extend(made.iter().map(said));
    }
    list(out, "marks", &marks);
    for wording in &history.earlier {
        push(out, &["<div class=\"earlier\"><p>", words.earlier, ", ", &moment(wording.sent_at), "</p>\n"]);
        text(out, &wording.text);
        out.push_str("</div>\n");
    }
    out.push_str("</article>\n");
}

/// After the last conversation, up to where the machine-readable form begins.
pub(super) fn foot(book: &Book, out: &mut String) {
    push(
        out,
        &[
            "</main>\n<footer>\n<h2>",
            book.words.machine_title,
            "</h2>\n<p class=\"note\">",
            book.words.machine,
            "</p>\n</footer>\n<script type=\"application/json\" id=\"record\">\n",
        ],
    );
}

/// After the machine-readable form.
pub(super) fn close(out: &mut String) {
    out.push_str("</script>\n</body>\n</html>\n");
}
