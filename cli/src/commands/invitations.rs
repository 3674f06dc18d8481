//! `invite`, `invitations` and `revoke`.

use super::session::Session;
use crate::args::{Invite, Offline};
use crate::error::CliError;
use crate::json::InvitationJson;
use crate::print;
use crate::resolve;
use crate::words;
use sotto_cli::ambient;
use sotto_client_core::io::{Command, Event};

/// `sotto invite`
pub(super) async fn invite(session: &mut Session, args: &Invite) -> Result<(), CliError> {
    let command = Command::Invite { role: args.role.into(), note: args.note.clone(), ttl_ms: args.ttl_ms() };
    let (id, link) = session
        .ask(command, |event| match event {
            Event::Invitation { id, link } => Some((*id, link.clone())),
            _ => None,
        })
        .await?;
    let expires_at = session
        .host
        .client()
        .invitations()
        .into_iter()
        .find(|invitation| invitation.id == id)
        .map(|invitation| invitation.expires_at);
    let out = session.out;
    if out.json {
        print::json_line(&serde_json::json!({
            "id": id,
            "link": link.as_str(),
            "expires_at": expires_at.and_then(words::iso),
            "expires_at_ms": expires_at,
        }))?;
    } else {
        print::line(&link)?;
        let until = expires_at.map(|at| format!(", until {}", words::local(at))).unwrap_or_default();
        out.note(&format!(
            "Give this link to the person you invite, and to nobody else. It works once{until}. It is shown only now; \
             `sotto revoke {}` withdraws it.",
            words::short(&id)
        ));
    }
    Ok(())
}

/// `sotto invitations`
pub(super) async fn list(session: &mut Session, args: &Offline) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    let now = ambient::now();
    let invitations: Vec<InvitationJson> =
        session.host.client().invitations().iter().map(|view| InvitationJson::new(view, now)).collect();
    let out = session.out;
    if out.json {
        print::json_line(&invitations)?;
    } else if invitations.is_empty() {
        out.note("There are no invitations.");
    } else {
        for invitation in &invitations {
            let until = words::local(invitation.expires_at_ms);
            let by = invitation
                .used_by
                .map(|account| format!(" by {}", words::short(&account)))
                .unwrap_or_default();
            print::line(&format!(
                "{}  {}  {}{by}  until {until}",
                words::short(&invitation.id),
                invitation.role,
                invitation.state
            ))?;
        }
    }
    fresh
}

/// `sotto revoke`
pub(super) async fn revoke(session: &mut Session, given: &str) -> Result<(), CliError> {
    // Only the server can withdraw it, so the client wants to be connected before it is asked.
    session.sync().await?;
    let id = session
        .find(|client| {
            resolve::by_prefix(client.invitations(), |invitation| invitation.id, "invitation", given)
        })
        .await?
        .id;
    session
        .ask(Command::Revoke(id), |event| matches!(event, Event::Revoked(gone) if *gone == id).then_some(()))
        .await?;
    let json = serde_json::json!({ "id": id, "revoked": true });
    Ok(session.out.result(&json, || "The invitation is withdrawn. Its link no longer works.".into())?)
}
