//! `setup`, `join`, `login`, `whoami` and `passphrase`.

use super::session::{Place, Session};
use crate::args::{Join, Login, Setup};
use crate::error::{CliError, Exit};
use crate::json::AccountJson;
use crate::password::{self, Given};
use crate::print::{Out, harmless, harmless_line};
use crate::words;
use serde::Serialize;
use sotto_cli::ambient;
use sotto_client_core::crypto::passphrase::Password;
use sotto_client_core::crypto::rng::Entropy;
use sotto_client_core::io::{Command, Event};
use sotto_protocol::ids::Handle;
use sotto_protocol::link::{InvitationLink, Origin, SetupLink};
use sotto_protocol::roster::Role;
use std::io::{self, Read as _};
use zeroize::Zeroizing;

/// More than any link has.
const LINK_BYTES_MAX: u64 = 4096;

/// `sotto setup`
pub(super) async fn setup(place: &Place, args: Setup) -> Result<Exit, CliError> {
    let link = SetupLink::parse(&link_text(args.link)?)?;
    safe(&link.origin)?;
    let handle = handle(&args.sign_in.handle)?;
    let Given { password, warning } = password::new(&args.sign_in.device.password)?;
    let command = Command::Setup {
        link,
        handle,
        name: args.name,
        practice: args.practice,
        role: if args.owner_only { Role::Owner } else { Role::OwnerTherapist },
        password,
        device_name: args.sign_in.device.device_name,
        sheet: false,
    };
    register(place, command, warning).await
}

/// `sotto join`
pub(super) async fn join(place: &Place, args: Join) -> Result<Exit, CliError> {
    let link = InvitationLink::parse(&link_text(args.link)?)?;
    safe(&link.origin)?;
    let handle = handle(&args.sign_in.handle)?;
    let Given { password, warning } = password::new(&args.sign_in.device.password)?;
    let device_name = args.sign_in.device.device_name;
    let command = Command::Join { link, handle, name: args.name, password, device_name, sheet: false };
    register(place, command, warning).await
}

async fn register(place: &Place, command: Command, warning: Option<String>) -> Result<Exit, CliError> {
    let mut session = Session::begin(place).await?;
    let done = registered(&mut session, command, warning).await;
    session.finish(done).await
}

async fn registered(
    session: &mut Session,
    command: Command,
    warning: Option<String>,
) -> Result<(), CliError> {
    let out = session.out;
    if let Some(warning) = warning {
        out.note(&warning);
    }
    if session.is_registering() {
        out.note("A sign-in that was interrupted here is brought to its end first.");
        session.registered().await?;
    } else {
        session
            .ask_with_password(command, |event| {
                if let Event::Welcome { inviter, practice, note, .. } = event {
                    out.note(&welcome(inviter, practice, note));
                }
                matches!(event, Event::SignedIn { .. }).then_some(())
            })
            .await?;
    }
    // The account exists. What is left can also be done by the next command that connects.
    let synced = session.sync().await;
    let account = session.account()?;
    out.result(&AccountJson::from(&account), || {
        format!("Signed in as {} ({}) on {}.", account.handle, words::role(account.role), account.origin)
    })?;
    if synced.is_err() {
        out.note("The server has not taken everything yet. `sotto sync` does the rest.");
    }
    Ok(())
}

fn welcome(inviter: &str, practice: &str, note: &str) -> String {
    let inviter = harmless_line(inviter);
    let note = if note.is_empty() {
        String::new()
    } else {
        format!("\n    {}", harmless(note).replace('\n', "\n    "))
    };
    format!(
        "{inviter} ({}) invites you.{note}\nThis is a private space for you and {inviter}. Only the people listed in it \
         can read it. The computer that stores it can't.",
        harmless_line(practice)
    )
}

/// `sotto login`
pub(super) async fn login(place: &Place, args: Login) -> Result<Exit, CliError> {
    let origin = origin(&args.origin)?;
    let handle = handle(&args.handle)?;
    let Given { password, warning } = password::existing(&args.device.password)?;
    let command = Command::Login { origin, handle, password, device_name: args.device.device_name };
    let mut session = Session::begin(place).await?;
    let done = logged_in(&mut session, command, warning).await;
    session.finish(done).await
}

pub(super) async fn logged_in(
    session: &mut Session,
    command: Command,
    warning: Option<String>,
) -> Result<(), CliError> {
    #[derive(Serialize)]
    struct LoginJson {
        #[serde(flatten)]
        account: AccountJson,
        restored_messages: u64,
        restored_spaces: u64,
        checked: bool,
    }
    let out = session.out;
    if let Some(warning) = warning {
        out.note(&warning);
    }
    let (messages, spaces) = session
        .ask_with_password(command, |event| match event {
            Event::SignedIn { .. } => {
                out.note("Signed in. Fetching and checking what belongs to the account.");
                None
            }
            Event::Restored { messages, spaces } => Some((*messages, *spaces)),
            _ => None,
        })
        .await?;
    session.sync().await?;
    session.tell_standing_alarms();
    let account = session.account()?;
    let checked = session.alarms().is_empty();
    let json = LoginJson {
        account: AccountJson::from(&account),
        restored_messages: messages,
        restored_spaces: spaces,
        checked,
    };
    out.result(&json, || {
        let restored = format!(
            "{} in {} restored",
            words::count(messages, "message", "messages"),
            words::count(spaces, "conversation", "conversations")
        );
        let said = if checked {
            " and checked: none was changed, and none is missing up to where your devices last saved"
        } else {
            ", but not everything is as it must be"
        };
        format!("Signed in as {}. {restored}{said}.", account.handle)
    })?;
    Ok(())
}

/// `sotto whoami`
pub(super) fn whoami(session: &mut Session) -> Result<(), CliError> {
    let account = session.account()?;
    let json = AccountJson::from(&account);
    session.out.result(&json, || {
        let removed = if account.removed { "  (removed from the account)" } else { "" };
        [
            format!("name      {}", harmless_line(&account.name)),
            format!("sign-in   {} ({})", account.handle, words::role(account.role)),
            format!("practice  {}", harmless_line(&account.practice)),
            format!("server    {}", json.server),
            format!("account   {}", json.account),
            format!("identity  {}", json.identity),
            format!("device    {}{removed}", json.device),
        ]
        .join("\n")
    })?;
    Ok(())
}

/// `sotto passphrase`
pub(super) fn passphrase(out: Out) -> Result<Exit, CliError> {
    let mut entropy = Entropy::from_seed(*ambient::seed()?);
    let made = Password::generate(&mut entropy);
    out.result(&serde_json::json!({ "passphrase": made.expose() }), || made.expose().to_owned())?;
    out.note("Please write it down and keep it where you keep things that matter. Nobody can give it to you again.");
    Ok(Exit::Done)
}

fn link_text(given: String) -> Result<Zeroizing<String>, CliError> {
    if given != "-" {
        return Ok(Zeroizing::new(given));
    }
    let mut text = Zeroizing::new(String::new());
    io::stdin()
        .take(LINK_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|_| CliError::Usage("The link could not be read from standard input.".into()))?;
    Ok(text)
}

/// A server's address as it was typed.
pub(super) fn origin(given: &str) -> Result<Origin, CliError> {
    let origin = Origin::parse(given).map_err(|_| {
        CliError::Usage(
            "The server's address looks like https://practice.example, with :PORT if it has one.".into(),
        )
    })?;
    safe(&origin)?;
    Ok(origin)
}

/// The network layer refuses this too, but a person should hear of it before anything is made.
fn safe(origin: &Origin) -> Result<(), CliError> {
    if origin.tls || origin.is_loopback() {
        return Ok(());
    }
    Err(CliError::Usage(format!("{origin} is not this computer, so its address has to begin with https.")))
}

pub(super) fn handle(given: &str) -> Result<Handle, CliError> {
    Handle::parse(given).map_err(|_| {
        CliError::Usage(
            "A sign-in name has 3 to 64 characters of a-z, 0-9, dot, dash and underscore, and begins with a letter."
                .into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_welcome_cannot_steer_the_terminal() {
        let text = welcome("Anna\u{1b}[1m\nBob", "P", "one\ntwo\u{7}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'));
        assert!(
            text.starts_with("Anna\u{fffd}[1m\u{fffd}Bob (P) invites you.\n    one\n    two\u{fffd}\n"),
            "{text}"
        );
        crate::print::assert_plain_words(&text);
    }

    #[test]
    fn an_address_without_tls_is_wrong_use() {
        let safe = |text| safe(&Origin::parse(text).unwrap()).map_err(|error| error.exit());
        for good in
            ["https://practice.example", "http://127.0.0.1:8080", "http://[::1]:80", "http://localhost"]
        {
            assert_eq!(safe(good), Ok(()), "{good}");
        }
        assert_eq!(safe("http://practice.example"), Err(Exit::Usage));
    }

    #[test]
    fn a_bad_sign_in_name_is_wrong_use() {
        assert_eq!(handle("1x").unwrap_err().exit(), Exit::Usage);
        assert_eq!(handle(" Thera ").unwrap().as_str(), "thera");
    }
}
