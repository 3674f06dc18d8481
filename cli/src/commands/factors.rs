//! `factors`: what is asked for after the password.

use super::session::{Mending, Session};
use crate::args::PasswordFile;
use crate::args::factors::{Factors, FactorsVerb, Whether};
use crate::error::CliError;
use crate::{password, resolve, words};
use sotto_client_core::io::{Command, Event};
use sotto_client_core::view::FactorView;
use sotto_protocol::factor::FactorSummary;

/// `sotto factors …`
pub(super) async fn run(session: &mut Session, args: Factors) -> Result<(), CliError> {
    match args.verb {
        None => list(session, args.list.offline).await,
        Some(FactorsVerb::App { password }) => app(session, &password).await,
        Some(FactorsVerb::Remove { id, password }) => remove(session, &id, &password).await,
        Some(FactorsVerb::Require { whether }) => require(session, whether == Whether::On).await,
    }
}

async fn list(session: &mut Session, offline: bool) -> Result<(), CliError> {
    let fresh = session.refresh(offline).await?;
    let account = session.account()?;
    let json = serde_json::json!({
        "factors": account.factors, "asked_since": account.factors_since, "due": account.factor_due,
    });
    session.out.result(&json, || {
        let mut lines: Vec<String> = account.factors.iter().map(line).collect();
        if lines.is_empty() {
            lines.push("The password is enough to sign in.".to_owned());
        }
        if let Some(due) = account.factor_due {
            let until = words::local(due);
            lines.push(format!(
                "Your practice asks for a second step. Set one up before {until}: `sotto factors app`"
            ));
        }
        lines.join("\n")
    })?;
    fresh
}

async fn app(session: &mut Session, from: &PasswordFile) -> Result<(), CliError> {
    let password = session.password(from)?;
    session.mending = Some(Mending::NoFactor);
    let offered = |event: &Event| match event {
        Event::TotpOffered { secret } => Some(secret.clone()),
        _ => None,
    };
    let secret = session.ask(Command::OfferTotp, offered).await?;
    let handle = session.account()?.handle;
    let uri = format!("otpauth://totp/Sotto:{handle}?secret={}&issuer=Sotto", secret.as_str());
    let json = serde_json::json!({ "secret": secret.as_str(), "uri": uri });
    session.out.result(&json, || {
        format!(
            "Add this key to your authenticator app, as a time-based code:\n\n    {}\n\n{uri}\n",
            secret.as_str()
        )
    })?;
    let code = password::code()?;
    let factors = change(session, Command::AddTotp { password, code }).await?;
    done(session, &factors, "From now on your password is followed by a code from the app.")
}

async fn remove(session: &mut Session, given: &str, from: &PasswordFile) -> Result<(), CliError> {
    session.sync().await?;
    let factor = resolve::by_prefix(session.account()?.factors, |factor| factor.id, "factor", given)?;
    let password = session.password(from)?;
    let factors = change(session, Command::RemoveFactor { password, id: factor.id }).await?;
    done(session, &factors, "It is no longer asked for.")
}

async fn require(session: &mut Session, required: bool) -> Result<(), CliError> {
    session.sync().await?;
    let set = |event: &Event| match event {
        Event::FactorsRequired(required) => Some(*required),
        _ => None,
    };
    session.ask(Command::RequireFactors(required), set).await?;
    session.out.result(&serde_json::json!({ "required": required }), || {
        if required {
            "Everybody on the staff is asked for a second step. Who has none in a week can't connect until it is set up."
        } else {
            "The staff is no longer asked for a second step."
        }
        .to_owned()
    })?;
    Ok(())
}

async fn change(session: &mut Session, command: Command) -> Result<Vec<FactorSummary>, CliError> {
    let changed = |event: &Event| match event {
        Event::Factors(factors) => Some(factors.clone()),
        _ => None,
    };
    session.ask_with_password(command, changed).await
}

fn done(session: &Session, factors: &[FactorSummary], words: &str) -> Result<(), CliError> {
    let factors: Vec<FactorView> = factors.iter().map(Into::into).collect();
    session.out.result(&serde_json::json!({ "factors": factors }), || words.to_owned())?;
    Ok(())
}

fn line(factor: &FactorView) -> String {
    let what = if factor.app { "Authenticator app" } else { "Passkey" };
    format!("{}  {what}, since {}", factor.id, words::local(factor.created_at))
}
