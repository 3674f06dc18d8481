//! `members` and `accept-readers`: who can read a conversation.

use super::session::Session;
use crate::args::{self, Offline, PasswordFile};
use crate::error::CliError;
use crate::json::MemberJson;
use crate::password;
use crate::print;
use crate::resolve;
use crate::words;
use sotto_client_core::io::{Command, Event};
use sotto_protocol::codec;
use sotto_protocol::ids::AccountId;
use sotto_protocol::roster::Role;
use sotto_protocol::sign::PublicKey;

/// `sotto members`
pub(super) async fn list(session: &mut Session, given: Option<&str>, args: &Offline) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    let space = resolve::space(session.host.client().spaces(), given)?;
    let out = session.out;
    if out.json {
        print::json_line(&space.members.iter().map(MemberJson::from).collect::<Vec<_>>())?;
    } else {
        for member in &space.members {
            print::line(&words::member(member))?;
        }
    }
    fresh
}

/// `sotto members remove`
pub(super) async fn remove(session: &mut Session, words: Vec<String>) -> Result<(), CliError> {
    session.sync().await?;
    let (space, words) = args::split_space(words, 1);
    let space = resolve::space(session.host.client().spaces(), space.as_deref())?;
    let given = words.into_iter().next().unwrap_or_default();
    let account =
        resolve::by_prefix(space.members.iter(), |member| member.account, "reader", &given)?.account;
    session
        .ask(Command::RemoveMember { space: space.id, account }, |event| match event {
            Event::EraBegan { space: at, removed, .. } => {
                (*at == space.id && removed.contains(&account)).then_some(())
            }
            _ => None,
        })
        .await?;
    session.sync().await?;
    let json = serde_json::json!({ "space": space.id, "account": account, "removed": true });
    Ok(session.out.result(&json, || {
        format!(
            "{} is no longer part of it. What was read before stays with them.",
            words::name_of(Some(&space), account)
        )
    })?)
}

/// `sotto members add`
pub(super) async fn add(
    session: &mut Session,
    words: Vec<String>,
    role: Role,
    identity: &str,
    from: &PasswordFile,
) -> Result<(), CliError> {
    let (space, words) = args::split_space(words, 1);
    let account = words.into_iter().next().unwrap_or_default().trim().to_ascii_lowercase();
    let account: AccountId = account
        .parse()
        .map_err(|_| CliError::Usage("Please give the account in full: 32 hexadecimal digits.".into()))?;
    let identity = identity_of(identity)?;
    session.sync().await?;
    let space = resolve::space(session.host.client().spaces(), space.as_deref())?.id;
    let given = password::existing(from)?;
    if let Some(warning) = &given.warning {
        session.out.note(warning);
    }
    let command = Command::AddMember { space, account, role, identity, password: given.password };
    session
        .ask_with_password(command, |event| match event {
            Event::EraBegan { space: at, added, .. } => {
                (*at == space && added.contains(&account)).then_some(())
            }
            _ => None,
        })
        .await?;
    session.sync().await?;
    let json = serde_json::json!({ "space": space, "account": account, "added": true });
    Ok(session.out.result(&json, || {
        format!("{} can read this conversation now.", words::name_of(session.space(space).as_ref(), account))
    })?)
}

/// `sotto accept-readers`
pub(super) async fn accept(session: &mut Session, given: Option<&str>) -> Result<(), CliError> {
    let space = session.find(|client| resolve::space(client.spaces(), given)).await?.id;
    session.host.command(Command::AcceptReaders(space)).await?;
    session.sync().await?;
    let waiting = session.space(space).map_or(0, |space| space.waiting);
    let json = serde_json::json!({ "space": space, "waiting": waiting });
    Ok(session.out.result(&json, || {
        if waiting == 0 {
            "What waited is sent.".into()
        } else {
            "Saved; it will go when you're connected.".into()
        }
    })?)
}

/// `sotto sign-roster`
pub(super) async fn sign_roster(session: &mut Session, from: &PasswordFile) -> Result<(), CliError> {
    // Who joined a moment ago belongs on it.
    session.sync().await?;
    let given = password::existing(from)?;
    if let Some(warning) = &given.warning {
        session.out.note(warning);
    }
    let (version, people) = session
        .ask_with_password(Command::SignRoster { password: given.password }, |event| match event {
            Event::RosterSigned { version, people } => Some((*version, *people)),
            _ => None,
        })
        .await?;
    session.sync().await?;
    let json = serde_json::json!({ "version": version, "people": people });
    Ok(session.out.result(&json, || {
        format!(
            "The list of the practice's people is signed: {} on it.",
            words::count(people, "person", "people")
        )
    })?)
}

fn identity_of(given: &str) -> Result<PublicKey, CliError> {
    codec::unhex(given.trim().to_ascii_lowercase().as_str())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .map(PublicKey)
        .ok_or_else(|| {
            CliError::Usage("An identity has 64 hexadecimal digits; `sotto whoami` shows one's own.".into())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_64_digits() {
        assert_eq!(identity_of(&"Ab".repeat(32)).unwrap(), PublicKey([0xab; 32]));
        for bad in [String::new(), "ab".repeat(31), "zz".repeat(32)] {
            assert!(matches!(identity_of(&bad), Err(CliError::Usage(_))), "{bad}");
        }
    }
}
