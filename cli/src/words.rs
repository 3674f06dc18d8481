//! What people read: messages, names, times and warnings in words.
//!
//! Owns the sentences of this binary that are no errors. Refuses to know commands. Invariants: the words of the
//! product, never its machinery's; whatever others wrote goes through [`harmless`].

use crate::json::DeviceJson;
use crate::print::{harmless, harmless_line};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sotto_client_core::io::Alarm;
use sotto_client_core::view::{BodyView, MemberView, MessageView, SpaceView};
use sotto_protocol::ids::{AccountId, Millis};
use sotto_protocol::roster::Role;
use std::fmt;

/// Characters of an id that people see; all of them are accepted, and fewer.
const SHORT: usize = 8;

/// The first characters of an id.
pub(crate) fn short(id: &impl fmt::Display) -> String {
    id.to_string().chars().take(SHORT).collect()
}

fn timestamp(at: Millis) -> Option<Timestamp> {
    i64::try_from(at.0).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok())
}

/// `2026-03-02T14:10:05.123Z`; `None` for a time outside the calendar, which only a hostile clock says.
pub(crate) fn iso(at: Millis) -> Option<String> {
    timestamp(at).map(|at| format!("{at:.3}"))
}

/// `Mon 2 Mar 2026, 15:10`, where this computer is.
pub(crate) fn local(at: Millis) -> String {
    in_zone(at, TimeZone::system())
}

fn in_zone(at: Millis, zone: TimeZone) -> String {
    timestamp(at).map_or_else(
        || "at no time".into(),
        |at| at.to_zoned(zone).strftime("%a %-d %b %Y, %H:%M").to_string(),
    )
}

/// What people call a role.
pub(crate) fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Therapist => "therapist",
        Role::Prescriber => "prescriber",
        Role::FrontDesk => "front desk",
        Role::Client => "client",
        Role::OwnerTherapist => "owner and therapist",
    }
}

/// The name of a reader, or the beginning of her account's id while she hasn't said it.
pub(crate) fn name_of(space: Option<&SpaceView>, account: AccountId) -> String {
    space
        .and_then(|space| space.members.iter().find(|member| member.account == account))
        .map_or_else(|| short(&account), member_name)
}

fn member_name(member: &MemberView) -> String {
    member.name.as_deref().map_or_else(|| short(&member.account), harmless_line)
}

/// `Therapist, Client (you)`
pub(crate) fn names(members: &[MemberView]) -> String {
    let name = |member: &MemberView| {
        let you = if member.me { " (you)" } else { "" };
        format!("{}{you}", member_name(member))
    };
    let names: Vec<String> = members.iter().map(name).collect();
    names.join(", ")
}

/// A line of `spaces`.
pub(crate) fn space(space: &SpaceView) -> String {
    let mut marks = Vec::new();
    if space.unread > 0 {
        marks.push(format!("{} unread", space.unread));
    }
    if space.waiting > 0 {
        marks.push(format!("{} waiting to send", space.waiting));
    }
    if space.needs_consent {
        marks.push("look who can read it now, then `sotto accept-readers`".into());
    }
    if !space.confirmed {
        marks.push("not confirmed yet".into());
    }
    if !space.member {
        marks.push("you are no longer part of it".into());
    }
    if space.alarm.is_some() {
        marks.push("something is not right".into());
    }
    let marks = if marks.is_empty() { String::new() } else { format!("  {}", marks.join(" · ")) };
    format!("{}  {}{marks}", short(&space.id), names(&space.members))
}

/// A line of `members`.
pub(crate) fn member(member: &MemberView) -> String {
    let you = if member.me { ", you" } else { "" };
    format!("{}  {} ({}{you})", short(&member.account), member_name(member), role(member.role))
}

/// A line of `devices`.
pub(crate) fn device(device: &DeviceJson) -> String {
    let this = if device.this { "  this device" } else { "" };
    let removed = if device.removed { "  removed" } else { "" };
    let used = match device.weeks_ago.filter(|_| !device.removed) {
        None => String::new(),
        Some(0) => "  used this week".to_owned(),
        Some(1) => "  used last week".to_owned(),
        Some(weeks) => format!("  used {weeks} weeks ago"),
    };
    let (id, name) = (short(&device.id), harmless_line(&device.name));
    format!("{id}  {name}  since {}{used}{this}{removed}", local(device.added_at_ms))
}

/// A message, over several lines.
pub(crate) fn message(space: &SpaceView, message: &MessageView) -> String {
    let author = match &message.author_name {
        _ if message.mine => "You".to_owned(),
        Some(name) => harmless_line(name),
        None => name_of(Some(space), message.id.author),
    };
    let body = match &message.body {
        BodyView::Text(text) => harmless(text),
        BodyView::TakenBack => "(taken back)".into(),
        BodyView::Resending => "(This is being sent again; it will appear by itself.)".into(),
        BodyView::Newer => {
            "(This was written with a newer version of Sotto. Please update to read it.)".into()
        }
        BodyView::Unreadable => {
            "(This could not be opened: it was locked wrongly. Please ask for it again.)".into()
        }
    };
    let mut lines = vec![format!("{author}, {}  [{}]", local(message.sent_at), short(&message.id.record))];
    lines.extend(body.lines().map(|line| format!("    {line}")));
    let marks = marks(space, message);
    if !marks.is_empty() {
        lines.push(format!("    ({marks})"));
    }
    lines.join("\n")
}

fn marks(space: &SpaceView, message: &MessageView) -> String {
    let mut marks = Vec::new();
    if message.edited {
        marks.push("edited".to_owned());
    }
    if message.bring {
        marks.push("bring to session".into());
    }
    if message.held {
        // The one who keeps it is the other side, and it is about the author's session.
        marks.push(if message.mine { "kept for your session".into() } else { "kept for the session".into() });
    }
    for reader in &message.read_by {
        let me = space.members.iter().any(|member| member.me && member.account == *reader);
        marks.push(if me {
            "you have read this".into()
        } else {
            format!("{} has read this", name_of(Some(space), *reader))
        });
    }
    if message.mine && message.body != BodyView::TakenBack {
        marks.push(
            match (message.refused, message.seq) {
                (true, _) => "not sent: the server refused it",
                (false, None) => "waiting to send",
                (false, Some(_)) => "delivered",
            }
            .into(),
        );
    }
    marks.join(" · ")
}

/// What is not as it must be, and what to do.
pub(crate) fn alarm(space: Option<&SpaceView>, alarm: &Alarm) -> String {
    let name = |account: &AccountId| name_of(space, *account);
    let what = match alarm {
        Alarm::Forked => {
            "Two different histories of this were shown. Nothing is sent until that is looked at. Please call the \
             other person and compare what each of you reads."
                .into()
        }
        Alarm::Forged => "Something arrived that nobody here signed. It was not accepted.".into(),
        Alarm::RuleBroken => "Something arrived that the rules of this do not allow. It was not accepted.".into(),
        Alarm::Withheld { expected, have } => format!(
            "The server does not show everything: there are at least {} entries, it shows {have}. Please ask the \
             practice.",
            expected.seq
        ),
        Alarm::PayloadWithheld => "The server does not hand out a text that nobody has taken back.".into(),
        Alarm::SetBack => {
            "The server's data were set back to an older copy. What is missing there is handed back from here.".into()
        }
        Alarm::OldVault => {
            "The server showed an older copy of your account than this device has had, or one that can't be opened. \
             It was not accepted."
                .into()
        }
        Alarm::OldCard => {
            "The server showed an older list of devices than this device has had. It was not accepted.".into()
        }
        Alarm::OldRoster => {
            "The server showed an older list of the practice's people than this device has had. It was not accepted."
                .into()
        }
        Alarm::IdentityChanged(account) => format!(
            "{} comes with another identity than the one known here. It was not accepted. Please call.",
            name(account)
        ),
        Alarm::Uninvited(account) => format!(
            "Somebody ({}) came in without holding your invitation, or as the second one. Nothing is sent there. \
             Please call the person you invited.",
            short(account)
        ),
        Alarm::BadEra(account) => format!(
            "{}'s device made a lock that does not open for everybody. It is replaced, and what was written under it \
             is sent again.",
            name(account)
        ),
        Alarm::BadContent(account) => {
            format!("Something by {} was locked wrongly and can't be opened. Please ask for it again.", name(account))
        }
        Alarm::UpdateNeeded => "Something here was written with a newer version of Sotto. Please update.".into(),
    };
    match space {
        Some(space) => format!("In {} ({}): {what}", short(&space.id), names(&space.members)),
        None => what,
    }
}

/// `1 message`, `2 messages`
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{message_view, space_view};
    use sotto_protocol::ids::{Head, Seq};
    use sotto_protocol::record::Seen;

    #[test]
    fn times_are_in_utc_for_scripts_and_in_words_for_people() {
        let at = Millis(1_772_460_605_123);
        assert_eq!(iso(at).unwrap(), "2026-03-02T14:10:05.123Z");
        assert_eq!(in_zone(at, TimeZone::UTC), "Mon 2 Mar 2026, 14:10");
        assert_eq!(iso(Millis(u64::MAX)), None);
        assert_eq!(in_zone(Millis(u64::MAX), TimeZone::UTC), "at no time");
    }

    #[test]
    fn a_message_shows_its_states_in_words() {
        let space = space_view();
        let mut view = message_view();
        view.body = BodyView::Text("one\ntwo\u{1b}[31m".into());
        view.bring = true;
        let shown = message(&space, &view);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[0].starts_with("You, ") && lines[0].ends_with("[09090909]"), "{shown}");
        assert_eq!(lines[1..3], ["    one", "    two\u{fffd}[31m"]);
        assert_eq!(lines[3], "    (edited · bring to session · Therapist has read this · delivered)");

        view.mine = false;
        view.seq = None;
        view.body = BodyView::TakenBack;
        assert!(message(&space, &view).contains("(taken back)"));
    }

    #[test]
    fn warnings_use_the_words_of_the_product() {
        let account = AccountId([2; 16]);
        let seen = Seen { seq: Seq(9), head: Head([0; 32]) };
        for kind in [
            Alarm::Forked,
            Alarm::Forged,
            Alarm::RuleBroken,
            Alarm::Withheld { expected: seen, have: Seq(3) },
            Alarm::PayloadWithheld,
            Alarm::SetBack,
            Alarm::OldVault,
            Alarm::OldCard,
            Alarm::OldRoster,
            Alarm::IdentityChanged(account),
            Alarm::Uninvited(account),
            Alarm::BadEra(account),
            Alarm::BadContent(account),
            Alarm::UpdateNeeded,
        ] {
            for space in [None, Some(&space_view())] {
                let text = alarm(space, &kind);
                assert!(text.ends_with('.'), "{text}");
                crate::print::assert_plain_words(&text);
            }
        }
    }
}
