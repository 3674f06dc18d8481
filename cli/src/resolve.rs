//! Which conversation, message, device or account a few characters stand for.
//!
//! Owns the resolution of prefixes. Refuses to know what is done with what is found. Invariant: exactly one, or an
//! error that says why not; nothing is ever guessed.

use crate::error::CliError;
use sotto_client_core::Client;
use sotto_client_core::io::MessageId;
use sotto_client_core::view::SpaceView;
use sotto_protocol::ids::SpaceId;
use std::fmt::Display;

/// The one item whose id begins with what was given.
pub(crate) fn by_prefix<T, I: Display>(
    items: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> I,
    what: &'static str,
    given: &str,
) -> Result<T, CliError> {
    let wanted = given.trim().to_ascii_lowercase();
    if wanted.is_empty() {
        return Err(CliError::Usage(format!("Please say which {what}.")));
    }
    let mut found = items.into_iter().filter(|item| id(item).to_string().starts_with(&wanted));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(CliError::Ambiguous { what, given: given.to_owned() }),
        (None, _) => Err(CliError::NotFound { what, given: given.to_owned() }),
    }
}

/// The conversation that was named, or the only one.
pub(crate) fn space(spaces: Vec<SpaceView>, given: Option<&str>) -> Result<SpaceView, CliError> {
    if let Some(given) = given {
        return by_prefix(spaces, |space| space.id, "conversation", given);
    }
    let number = spaces.len();
    let mut spaces = spaces.into_iter();
    match (spaces.next(), spaces.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(CliError::NoSpace),
        (Some(_), Some(_)) => Err(CliError::WhichSpace(number)),
    }
}

/// A message, in the conversation that was named, or in any.
pub(crate) fn message(
    client: &Client,
    space: Option<&str>,
    given: &str,
) -> Result<(SpaceId, MessageId), CliError> {
    let spaces = match space {
        Some(given) => vec![self::space(client.spaces(), Some(given))?],
        None => client.spaces(),
    };
    let messages = spaces
        .iter()
        .flat_map(|space| client.messages(space.id).into_iter().map(|message| (space.id, message.id)));
    by_prefix(messages, |(_, message)| message.record, "message", given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::tests::space_view;
    use sotto_protocol::ids::RecordId;

    fn ids() -> [RecordId; 3] {
        let mut ids = [RecordId([0xab; 16]), RecordId([0xab; 16]), RecordId([0xcd; 16])];
        ids[1].0[15] = 0;
        ids
    }

    #[test]
    fn a_unique_beginning_is_enough() {
        assert_eq!(by_prefix(ids(), |id| *id, "message", "c").unwrap(), ids()[2]);
        assert_eq!(by_prefix(ids(), |id| *id, "message", " CDcd ").unwrap(), ids()[2]);
        assert_eq!(by_prefix(ids(), |id| *id, "message", &ids()[1].to_string()).unwrap(), ids()[1]);
    }

    #[test]
    fn nothing_is_guessed() {
        let of = |given| by_prefix(ids(), |id| *id, "message", given);
        assert!(matches!(of("ab"), Err(CliError::Ambiguous { .. })));
        assert!(matches!(of("ef"), Err(CliError::NotFound { .. })));
        assert!(matches!(of("cdx"), Err(CliError::NotFound { .. })));
        assert!(matches!(of(""), Err(CliError::Usage(_))));
        let longer = format!("{}0", ids()[2]);
        assert!(matches!(of(&longer), Err(CliError::NotFound { .. })));
    }

    #[test]
    fn a_conversation_may_be_left_out_when_there_is_one() {
        let one = space_view();
        let mut other = space_view();
        other.id = SpaceId([7; 16]);
        assert!(matches!(space(Vec::new(), None), Err(CliError::NoSpace)));
        assert_eq!(space(vec![one.clone()], None).unwrap().id, one.id);
        assert!(matches!(space(vec![one.clone(), other.clone()], None), Err(CliError::WhichSpace(2))));
        assert_eq!(space(vec![one, other.clone()], Some("07")).unwrap().id, other.id);
    }
}
