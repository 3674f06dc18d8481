//! `read`: a conversation, once or as it goes on.

use super::session::Session;
use crate::args::Read;
use crate::error::CliError;
use crate::json::MessageJson;
use crate::resolve;
use crate::words;
use sotto_client_core::io::{Command, Event, MessageId};
use sotto_client_core::view::{MessageView, SpaceView};
use sotto_protocol::ids::SpaceId;
use std::collections::HashMap;

/// How many messages people are shown unless they ask for all; unread ones are always shown.
const LATEST: usize = 50;

/// `sotto read`
pub(super) async fn run(session: &mut Session, args: &Read) -> Result<(), CliError> {
    let fresh = session.refresh(args.offline).await?;
    session.tell_standing_alarms();
    let space = match (resolve::space(session.host.client().spaces(), args.space.as_deref()), &fresh) {
        (Ok(space), _) => space,
        // Nothing is here because it could not be fetched: that is the error to tell.
        (Err(_), Err(_)) => return fresh,
        (Err(error), Ok(())) => return Err(error),
    };
    let messages = session.host.client().messages(space.id);
    let shown = if args.all || session.out.json { messages.as_slice() } else { latest(&space, &messages) };
    if shown.len() < messages.len() {
        let earlier = messages.len() - shown.len();
        session.out.note(&format!("({earlier} earlier; `sotto read --all` shows them.)"));
    }
    print(session, &space, shown)?;
    mark_read(session, space.id).await?;
    if !args.follow {
        if fresh.is_ok() && !args.offline && space.unread > 0 {
            // The other devices should know, too. If it can't be saved now, the next command does it.
            let _ = session.sync().await;
        }
        return fresh;
    }
    if fresh.is_err() {
        session.out.note("Not connected. Trying again until Ctrl-C.");
    }
    follow(session, space.id, messages, fresh.is_ok()).await
}

/// The latest messages, and all unread ones.
fn latest<'a>(space: &SpaceView, messages: &'a [MessageView]) -> &'a [MessageView] {
    let unread = usize::try_from(space.unread).unwrap_or(usize::MAX);
    let mut others = 0;
    // Unread messages are the latest ones of others.
    let from_unread = messages.iter().rev().take_while(|message| {
        others += usize::from(!message.mine);
        others <= unread && unread > 0
    });
    let wanted = from_unread.count().max(LATEST);
    messages.get(messages.len().saturating_sub(wanted)..).unwrap_or(messages)
}

fn print(session: &Session, space: &SpaceView, messages: &[MessageView]) -> Result<(), CliError> {
    for message in messages {
        session.out.result(&MessageJson::new(space.id, message), || words::message(space, message))?;
    }
    Ok(())
}

async fn mark_read(session: &mut Session, id: SpaceId) -> Result<(), CliError> {
    let Some(space) = session.space(id).filter(|space| space.unread > 0) else { return Ok(()) };
    session.host.command(Command::MarkRead { space: id, seq: space.seq }).await?;
    Ok(())
}

/// Prints what comes and what changes, until Ctrl-C.
async fn follow(
    session: &mut Session,
    id: SpaceId,
    messages: Vec<MessageView>,
    mut connected: bool,
) -> Result<(), CliError> {
    let mut known: HashMap<MessageId, MessageView> =
        messages.into_iter().map(|message| (message.id, message)).collect();
    let stop = tokio::signal::ctrl_c();
    tokio::pin!(stop);
    loop {
        let event = tokio::select! {
            stopped = &mut stop => return Ok(stopped?),
            event = session.host.next_event(None) => event?,
        };
        let Some(event) = event else { continue };
        session.tell(&event);
        match event {
            // Every further attempt fails with the same event.
            Event::Offline if connected => {
                connected = false;
                session.out.note("(Not connected; trying again.)");
            }
            Event::Online if !connected => {
                connected = true;
                session.out.note("(Connected.)");
            }
            Event::DeviceRemoved => return Err(CliError::DeviceRemoved),
            Event::Failed(failure) => tracing::info!(%failure, "while following"),
            event if concerns(&event, id) => {
                let Some(space) = session.space(id) else { continue };
                let news = news(&mut known, session.host.client().messages(id));
                print(session, &space, &news)?;
                mark_read(session, id).await?;
            }
            _ => {}
        }
    }
}

/// Messages that are new, or not what they were.
fn news(known: &mut HashMap<MessageId, MessageView>, now: Vec<MessageView>) -> Vec<MessageView> {
    let mut news = now;
    news.retain(|message| known.get(&message.id) != Some(message));
    known.extend(news.iter().map(|message| (message.id, message.clone())));
    news
}

fn concerns(event: &Event, id: SpaceId) -> bool {
    match event {
        Event::Updated { space, .. }
        | Event::Delivered { space, .. }
        | Event::Queued { space, .. }
        | Event::Refused { space, .. }
        | Event::Confirmed { space, .. }
        | Event::EraBegan { space, .. } => *space == id,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::{message_view, space_view};
    use sotto_client_core::view::BodyView;
    use sotto_protocol::ids::RecordId;

    fn messages(number: u8) -> Vec<MessageView> {
        let message = |byte| {
            let mut message = message_view();
            message.id.record = RecordId([byte; 16]);
            message.mine = byte % 2 == 0;
            message
        };
        (0..number).map(message).collect()
    }

    #[test]
    fn the_latest_and_every_unread_message_are_shown() {
        let mut space = space_view();
        space.unread = 0;
        assert_eq!(latest(&space, &messages(10)).len(), 10);
        assert_eq!(latest(&space, &messages(200)).len(), LATEST);
        assert_eq!(latest(&space, &messages(200)).last(), messages(200).last());
        space.unread = 60;
        let all = messages(200);
        let shown = latest(&space, &all);
        assert_eq!(shown.iter().filter(|message| !message.mine).count(), 60);
        space.unread = 500;
        assert_eq!(latest(&space, &all).len(), 200);
    }

    #[test]
    fn news_are_what_came_and_what_changed() {
        let mut known = HashMap::new();
        assert_eq!(news(&mut known, messages(3)).len(), 3);
        assert_eq!(news(&mut known, messages(3)), []);
        let mut now = messages(4);
        now[1].body = BodyView::TakenBack;
        let told: Vec<_> = news(&mut known, now).iter().map(|message| message.id.record).collect();
        assert_eq!(told, [RecordId([1; 16]), RecordId([3; 16])]);
    }
}
