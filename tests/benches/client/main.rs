//! `cargo xtask bench client`: what the client core costs, without network and disk.
//!
//! Runs real clients against the real session and service over the store in memory, and counts only the time spent in
//! the clients. Prints a table; never fails because of a time. Options: `--messages 10000 --spaces 100`.

#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "measurements are rounded when they are printed"
)]

mod home;
mod parts;

use anyhow::{Context as _, Result, bail, ensure};
use home::{Home, World, clock};
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::export::{Form, Language, Wanted, Zone};
use sotto_client_core::io::{Command, Draft, Event, Input};
use sotto_protocol::ids::{Handle, Millis, SpaceId};
use sotto_protocol::link::{InvitationLink, SetupLink};
use sotto_protocol::roster::Role;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery staple";
const INVITATION_MS: u64 = 3_600_000;

fn main() -> Result<()> {
    let (mut messages, mut spaces) = (10_000_u32, 100_u32);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--messages" => messages = words.next().context("how many?")?.parse()?,
            "--spaces" => spaces = words.next().context("how many?")?.parse()?,
            // Cargo says this to every benchmark.
            "--bench" => {}
            other => bail!("unknown option {other}; see tests/benches/client/main.rs"),
        }
    }
    parts::measure()?;
    whole(messages.max(1), spaces)
}

#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn row(what: &str, value: f64, unit: &str) {
    println!("| {what:<58} | {value:>12.3} {unit:<3} |");
}

pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A therapist invites a client, who writes while the therapist is away.
fn whole(messages: u32, spaces: u32) -> Result<()> {
    let mut world = World::new();
    let mut therapist = Home::new(1)?;
    let mut client = Home::new(2)?;
    let link = SetupLink { origin: World::origin()?, token: World::setup_token() };
    let setup = Command::Setup {
        link,
        handle: Handle::parse("thera")?,
        name: "Therapist".into(),
        practice: "The practice".into(),
        role: Role::OwnerTherapist,
        password: Password::new(PASSWORD),
        device_name: "desk".into(),
        sheet: false,
    };
    world.command(&mut therapist, setup)?;
    let join = invited(&mut world, &mut therapist, "client")?;
    world.hang_up(&mut therapist)?;
    world.command(&mut client, join)?;
    let space = client.client.spaces().first().context("no space")?.id;
    writing(&mut world, &mut client, space, messages)?;

    therapist.spent = Duration::ZERO;
    world.command(&mut therapist, Command::Sync)?;
    let each = us(therapist.spent) / f64::from(messages);
    row(&format!("verify, open and take in {messages} from pages, each"), each, "µs");
    row("  together", ms(therapist.spent), "ms");
    let view = therapist.client.messages(space);
    ensure!(view.len() == messages as usize, "{} messages instead of {messages}", view.len());
    stored(&mut therapist, space, messages)?;
    export(&mut world, &mut therapist, Form::Html)?;
    export(&mut world, &mut therapist, Form::Json)?;
    world.hang_up(&mut therapist)?;

    let mut second = Home::new(3)?;
    let login = Command::Login {
        origin: World::origin()?,
        handle: Handle::parse("thera")?,
        password: Password::new(PASSWORD),
        device_name: "laptop".into(),
    };
    world.command(&mut second, login)?;
    world.command(&mut second, Command::Sync)?;
    row("sign in on a new device and take all of it in", ms(second.spent), "ms");
    ensure!(second.client.messages(space).len() == messages as usize, "the new device lacks messages");
    many_spaces(&mut world, &mut therapist, spaces)
}

/// What somebody invited does with her link.
fn invited(world: &mut World, therapist: &mut Home, handle: &str) -> Result<Command> {
    let invite = Command::Invite { role: Role::Client, note: String::new(), ttl_ms: INVITATION_MS };
    world.command(therapist, invite)?;
    let invitation = therapist.events.iter().rev().find_map(|event| match event {
        Event::Invitation { link, .. } => Some(InvitationLink::parse(link)),
        _ => None,
    });
    Ok(Command::Join {
        link: invitation.context("no invitation")??,
        handle: Handle::parse(handle)?,
        name: "Client".into(),
        password: Password::new(PASSWORD),
        device_name: "phone".into(),
        sheet: false,
    })
}

fn writing(world: &mut World, client: &mut Home, space: SpaceId, messages: u32) -> Result<()> {
    client.spent = Duration::ZERO;
    for _ in 0..messages {
        let draft = Draft::Message { text: "m".repeat(1024), bring: false, show_at: None };
        world.command(client, Command::Write { space, id: None, draft })?;
    }
    row("write a message: queue, seal, sign, take in", us(client.spent) / f64::from(messages), "µs");
    Ok(())
}

/// A history that was stored is opened again.
fn stored(home: &mut Home, space: SpaceId, messages: u32) -> Result<()> {
    let before = resident_kib()?;
    let rows = home.eager_rows();
    let bytes: usize = rows.iter().map(|row| row.key.len() + row.value.len()).sum();
    let begin = clock();
    let mut opened = home.open(rows)?;
    row(&format!("Client::open with a history of {messages}"), ms(begin.elapsed()), "ms");
    let after = resident_kib()?;
    row("  rows read for that", bytes as f64 / 1024.0, "KiB");
    row("  memory for it", f64::from(after.saturating_sub(before)), "KiB");
    let begin = clock();
    let count = opened.messages(space).len();
    row(&format!("messages() of {count}"), ms(begin.elapsed()), "ms");
    let begin = clock();
    let page = opened.messages_page(space, u64::from(messages / 2), 50).messages.len();
    row(&format!("messages_page() of {page} from the middle"), us(begin.elapsed()), "µs");
    let begin = clock();
    ensure!(!opened.spaces().is_empty(), "no space");
    row("spaces() with that history", ms(begin.elapsed()), "ms");
    let now = home.now;
    let begin = clock();
    for _ in 0..100 {
        opened.handle(Input::Wake, now)?;
    }
    row("any input, nothing to do", us(begin.elapsed() / 100), "µs");
    Ok(())
}

/// The whole record as one file, piece by piece as a host writes it.
fn export(world: &mut World, home: &mut Home, form: Form) -> Result<()> {
    let wanted = Wanted {
        spaces: None,
        from: None,
        until: None,
        form,
        language: Language::English,
        zone: Zone { name: "Europe/Berlin".into(), offsets: vec![(Millis(0), 60)] },
    };
    home.spent = Duration::ZERO;
    let before = resident_kib()?;
    world.command(home, Command::Export(Box::new(wanted)))?;
    let begun = home.events.iter().find_map(|event| match event {
        Event::ExportBegun { export, .. } => Some(*export),
        _ => None,
    });
    let id = begun.context("no export")?;
    let (mut bytes, mut largest, mut memory, mut last) = (0, 0, before, false);
    while !last {
        world.command(home, Command::ExportMore(id))?;
        for event in home.events.drain(..) {
            if let Event::ExportPiece { piece, last: is_last, .. } = event {
                (bytes, largest, last) = (bytes + piece.len(), largest.max(piece.len()), is_last);
            }
        }
        memory = memory.max(resident_kib()?);
    }
    row(&format!("take the record along ({form:?})"), ms(home.spent), "ms");
    row("  size of the file", bytes as f64 / 1024.0, "KiB");
    row("  largest piece", largest as f64 / 1024.0, "KiB");
    row("  memory for it", f64::from(memory.saturating_sub(before)), "KiB");
    Ok(())
}

fn many_spaces(world: &mut World, home: &mut Home, spaces: u32) -> Result<()> {
    world.command(home, Command::Sync)?;
    home.spent = Duration::ZERO;
    for number in 0..spaces {
        let join = invited(world, home, &format!("client-{number}"))?;
        let mut client = Home::new(u8::try_from(100 + number).context("at most 155 spaces")?)?;
        world.command(&mut client, join)?;
        world.hang_up(&mut client)?;
    }
    // What was pushed to her while the clients were being served is lost here: she is told when she comes back.
    world.hang_up(home)?;
    world.command(home, Command::Sync)?;
    let count = home.client.spaces().len();
    ensure!(count > spaces as usize, "{count} spaces");
    row(
        &format!("invite and confirm one of {spaces} clients more"),
        ms(home.spent) / f64::from(spaces.max(1)),
        "ms",
    );
    let begin = clock();
    let _ = home.client.spaces();
    row(&format!("spaces() with {count} spaces"), ms(begin.elapsed()), "ms");
    let begin = clock();
    for _ in 0..100 {
        home.client.handle(Input::Wake, home.now)?;
    }
    row(&format!("any input, {count} spaces, nothing to do"), us(begin.elapsed() / 100), "µs");
    Ok(())
}

fn resident_kib() -> Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
