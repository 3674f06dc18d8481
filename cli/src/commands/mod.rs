//! The commands.
//!
//! Owns which command is which, and the folder they work in. Refuses to know arguments' texts and outputs' forms.
//! Invariant: a command opens the home once, and closes it whatever happened.

mod account;
mod credentials;
mod devices;
mod doctor;
mod export;
mod factors;
mod invitations;
mod lines;
mod members;
mod read;
mod session;
mod spaces;
mod write;

use crate::args::{Args, DevicesVerb, MembersVerb, Verb};
use crate::error::{CliError, Exit};
use crate::print::Out;
use session::{Place, Session};
use sotto_client_core::io::Draft;
use std::path::PathBuf;

/// Carries a command out.
pub(crate) async fn run(args: Args, out: Out) -> Result<Exit, CliError> {
    let patience = args.patience();
    let ca_file = args.ca_file.or_else(|| std::env::var_os("SOTTO_CA_FILE").map(PathBuf::from));
    let place = || -> Result<Place, CliError> {
        Ok(Place {
            dir: home_dir(args.home.clone())?,
            ca_file: ca_file.clone(),
            patience,
            out,
            code: args.code.clone(),
        })
    };
    match args.verb {
        Verb::Passphrase => account::passphrase(out),
        Verb::Doctor => doctor::run(&place()?).await,
        Verb::Setup(setup) => account::setup(&place()?, setup).await,
        Verb::Join(join) => account::join(&place()?, join).await,
        Verb::Login(login) => account::login(&place()?, login).await,
        Verb::Recover(recover) => credentials::recover(&place()?, recover).await,
        verb => {
            let mut session = Session::open(&place()?, stays_offline(&verb)).await?;
            let done = with_account(&mut session, verb).await;
            session.finish(done).await
        }
    }
}

async fn with_account(session: &mut Session, verb: Verb) -> Result<(), CliError> {
    match verb {
        // These have no account yet, or need none.
        Verb::Passphrase
        | Verb::Doctor
        | Verb::Setup(_)
        | Verb::Join(_)
        | Verb::Login(_)
        | Verb::Recover(_) => Ok(()),
        Verb::Invite(invite) => invitations::invite(session, &invite).await,
        Verb::Invitations(list) => invitations::list(session, &list).await,
        Verb::Revoke { id } => invitations::revoke(session, &id).await,
        Verb::Spaces(list) => spaces::list(session, &list).await,
        Verb::Send(send) => write::send(session, send).await,
        Verb::Edit(edit) => write::edit(session, edit).await,
        Verb::TakeBack(target) => write::about(session, target, Draft::TakeBack).await,
        Verb::Acknowledge(target) => write::about(session, target, Draft::Acknowledge).await,
        Verb::Bring(target) => write::about(session, target, Draft::Bring).await,
        Verb::Hold(target) => write::about(session, target, Draft::Hold).await,
        Verb::Set(set) => write::set(session, set).await,
        Verb::Read(read) => read::run(session, &read).await,
        Verb::Export(args) => export::run(session, &args).await,
        Verb::Sync => spaces::sync(session).await,
        Verb::Devices(devices) => match devices.verb {
            None => devices::list(session, &devices.list).await,
            Some(DevicesVerb::Remove { id, password }) => devices::remove(session, &id, &password).await,
            Some(DevicesVerb::Lost(lost)) => credentials::lost(session, &lost).await,
            Some(DevicesVerb::Rename { id, name }) => devices::rename(session, &id, name).await,
            Some(DevicesVerb::Wake { password }) => devices::wake(session, &password).await,
        },
        Verb::Members(members) => match members.verb {
            None => members::list(session, members.space.as_deref(), &members.list).await,
            Some(MembersVerb::Remove { words }) => members::remove(session, words).await,
            Some(MembersVerb::Add { words, role, identity, password }) => {
                members::add(session, words, role.into(), &identity, &password).await
            }
        },
        Verb::AcceptReaders { space } => members::accept(session, space.as_deref()).await,
        Verb::SignRoster { password } => members::sign_roster(session, &password).await,
        Verb::Password(args) => credentials::change(session, &args).await,
        Verb::Sheet { password } => credentials::sheet(session, &password).await,
        Verb::Reopen { password } => credentials::reopen(session, &password).await,
        Verb::Factors(args) => factors::run(session, args).await,
        Verb::Whoami => account::whoami(session),
    }
}

/// Commands that were told not to connect, or have nothing to ask.
fn stays_offline(verb: &Verb) -> bool {
    match verb {
        Verb::Invitations(list) | Verb::Spaces(list) => list.offline,
        Verb::Send(send) => send.delivery.offline,
        Verb::Edit(edit) => edit.delivery.offline,
        Verb::Set(set) => set.delivery.offline,
        Verb::TakeBack(target) | Verb::Acknowledge(target) | Verb::Bring(target) | Verb::Hold(target) => {
            target.delivery.offline
        }
        Verb::Read(read) => read.offline,
        Verb::Export(args) => args.offline,
        Verb::Devices(devices) => devices.list.offline && devices.verb.is_none(),
        Verb::Factors(factors) => factors.list.offline && factors.verb.is_none(),
        Verb::Members(members) => members.list.offline && members.verb.is_none(),
        Verb::Whoami | Verb::Passphrase | Verb::Doctor => true,
        Verb::Setup(_)
        | Verb::Join(_)
        | Verb::Login(_)
        | Verb::Invite(_)
        | Verb::Revoke { .. }
        | Verb::Password(_)
        | Verb::Sheet { .. }
        | Verb::Recover(_)
        | Verb::Reopen { .. }
        | Verb::Sync
        | Verb::AcceptReaders { .. }
        | Verb::SignRoster { .. } => false,
    }
}

fn home_dir(given: Option<PathBuf>) -> Result<PathBuf, CliError> {
    let named = given.or_else(|| std::env::var_os("SOTTO_HOME").map(PathBuf::from));
    let usual = || std::env::home_dir().map(|dir| dir.join(".local/share/sotto"));
    named
        .or_else(usual)
        .filter(|dir| !dir.as_os_str().is_empty())
        .ok_or_else(|| CliError::Usage("Please say where this device's folder is, with --home.".into()))
}
