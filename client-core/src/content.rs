//! What stands inside the ciphertext of a content record.
//!
//! Owns the kinds of content, their numbers and their CBOR form: `[sent_at, kind, body]`, the body a byte string of
//! its own. Refuses to know sealing ([`crate::crypto::seal`]) and how a conversation is put together
//! ([`crate::timeline`]). Invariant: a kind this version doesn't know is kept whole and told from a damaged one.

use crate::io::MessageId;
use minicbor::{Decode, Encode};
use sotto_protocol::codec::{self, Bytes, DecodeError, Text};
use sotto_protocol::ids::{AccountId, Millis, RecordId};
use sotto_protocol::limits::{
    NAME_BYTES_MAX, PAYLOAD_BYTES_MAX, SETTING_BYTES_MAX, SHOW_LATER_MS_MAX, TEXT_BYTES_MAX,
};

/// Content of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// 1: a message.
    Message(Message),
    /// 2: a new text for an earlier message of the same author.
    Edit(Edit),
    /// 3: an earlier message of the same author is taken back. A visible drop erases the payload besides, while it may.
    TakeBack(TakeBack),
    /// 4: the author has read this message and says so.
    Acknowledge(MessageId),
    /// 5: to be talked about in the next session.
    Bring(MessageId),
    /// 6: kept for the session by whoever answers.
    Hold(MessageId),
    /// 7: the author's name.
    Profile(Text<NAME_BYTES_MAX>),
    /// 8: sent again, because a member could not open the era it was first sealed in.
    Resend(Resend),
    /// 9: what the author says about herself under a name; the newest counts.
    Setting(Setting),
    /// A kind of a later version.
    Unknown(u16, Bytes<PAYLOAD_BYTES_MAX>),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Message {
    /// Text.
    #[n(0)]
    pub text: Text<TEXT_BYTES_MAX>,
    /// On the list for the next session from the start.
    #[n(1)]
    pub bring: bool,
    /// Others are shown it from then on; at once when absent.
    #[n(2)]
    pub show_at: Option<Millis>,
}

impl Message {
    /// From when others are shown it, if that is later than it was stored, or written while it waits. No author keeps
    /// anything back for longer than [`SHOW_LATER_MS_MAX`].
    pub fn shown_later(&self, sent_at: Millis, stored_at: Option<Millis>) -> Option<Millis> {
        let bounded = self.show_at?.min(sent_at.plus(SHOW_LATER_MS_MAX));
        Some(bounded).filter(|show_at| *show_at > stored_at.unwrap_or(sent_at))
    }
}

/// A message taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct TakeBack {
    /// Its author.
    #[n(0)]
    pub author: AccountId,
    /// Its record.
    #[n(1)]
    pub record: RecordId,
    /// From when it was to be shown, if that was later than it was stored: its own words are gone with the payload, and
    /// whoever reads this alone must know whether anybody had seen them.
    #[n(2)]
    pub show_at: Option<Millis>,
}

impl TakeBack {
    /// The message.
    pub fn target(&self) -> MessageId {
        MessageId { author: self.author, record: self.record }
    }
}

/// A new text.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Edit {
    /// Which message.
    #[n(0)]
    pub target: MessageId,
    /// Its text now.
    #[n(1)]
    pub text: Text<TEXT_BYTES_MAX>,
}

/// A record sent again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Resend {
    /// The record of the same author that could not be opened by everybody.
    #[n(0)]
    pub original: MessageId,
    /// Its content frame.
    #[n(1)]
    pub frame: Bytes<PAYLOAD_BYTES_MAX>,
}

/// What its author publishes under a name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Setting {
    /// Name.
    #[n(0)]
    pub name: SettingName,
    /// JSON text; its shape belongs to the name.
    #[n(1)]
    pub value: Text<SETTING_BYTES_MAX>,
}

/// 1 to 64 characters of `a-z 0-9 . -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingName(Text<64>);

impl SettingName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
        if text.is_empty() || !text.bytes().all(fits) {
            return Err(DecodeError::malformed("name of a setting (a-z, 0-9, dot and dash)"));
        }
        Text::new(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<C> Encode<C> for SettingName {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, C> Decode<'b, C> for SettingName {
    fn decode(d: &mut minicbor::Decoder<'b>, ctx: &mut C) -> Result<Self, minicbor::decode::Error> {
        let text = Text::<64>::decode(d, ctx)?;
        Self::parse(text.as_str()).map_err(|_| minicbor::decode::Error::message("name of a setting"))
    }
}

/// A content and when its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentFrame {
    /// When, by the author's clock.
    pub sent_at: Millis,
    /// What.
    pub content: Content,
}

#[derive(Encode, Decode)]
#[cbor(array)]
struct RawFrame {
    #[n(0)]
    sent_at: Millis,
    #[n(1)]
    kind: u16,
    #[n(2)]
    body: Bytes<PAYLOAD_BYTES_MAX>,
}

impl ContentFrame {
    /// The frame as CBOR. Refused when it is longer than a payload may be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DecodeError> {
        let (kind, body) = match &self.content {
            Content::Message(body) => (1, codec::encode(body)),
            Content::Edit(body) => (2, codec::encode(body)),
            Content::TakeBack(body) => (3, codec::encode(body)),
            Content::Acknowledge(target) => (4, codec::encode(target)),
            Content::Bring(target) => (5, codec::encode(target)),
            Content::Hold(target) => (6, codec::encode(target)),
            Content::Profile(name) => (7, codec::encode(name)),
            Content::Resend(body) => (8, codec::encode(body)),
            Content::Setting(body) => (9, codec::encode(body)),
            Content::Unknown(kind, body) => (*kind, body.as_slice().to_vec()),
        };
        Ok(codec::encode(&RawFrame { sent_at: self.sent_at, kind, body: Bytes::new(body)? }))
    }

    /// Reads a frame.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let RawFrame { sent_at, kind, body } = codec::decode(bytes, "content")?;
        let raw = body.as_slice();
        let content = match kind {
            1 => Content::Message(codec::decode(raw, "message")?),
            2 => Content::Edit(codec::decode(raw, "edit")?),
            3 => Content::TakeBack(codec::decode(raw, "take-back")?),
            4 => Content::Acknowledge(codec::decode(raw, "acknowledgement")?),
            5 => Content::Bring(codec::decode(raw, "bring to session")?),
            6 => Content::Hold(codec::decode(raw, "hold")?),
            7 => Content::Profile(codec::decode(raw, "profile")?),
            8 => Content::Resend(codec::decode(raw, "resend")?),
            9 => Content::Setting(codec::decode(raw, "setting")?),
            other => Content::Unknown(other, body),
        };
        Ok(Self { sent_at, content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_back_for_longer_than_the_limit() {
        let show_at = |at| Message { text: Text::default(), bring: false, show_at: Some(Millis(at)) };
        let (sent, stored) = (Millis(1000), Some(Millis(1040)));
        assert_eq!(show_at(5000).shown_later(sent, stored), Some(Millis(5000)));
        assert_eq!(show_at(1040).shown_later(sent, stored), None);
        assert_eq!(show_at(u64::MAX).shown_later(sent, stored), Some(sent.plus(SHOW_LATER_MS_MAX)));
    }

    #[test]
    fn names_of_settings_are_bounded() {
        for bad in ["", "Upper", "a b", "ä", &"a".repeat(65)] {
            assert!(SettingName::parse(bad).is_err(), "{bad:?} must be refused");
        }
        assert!(SettingName::parse(&"a".repeat(64)).is_ok());
    }

    #[test]
    fn contents_round_trip_and_unknown_kinds_are_kept() {
        let target = MessageId { author: AccountId([1; 16]), record: RecordId([2; 16]) };
        let contents = [
            Content::Message(Message { text: Text::new("hello").unwrap(), bring: true, show_at: None }),
            Content::Message(Message {
                text: Text::new("later").unwrap(),
                bring: false,
                show_at: Some(Millis(9)),
            }),
            Content::Edit(Edit { target, text: Text::new("hello again").unwrap() }),
            Content::TakeBack(TakeBack { author: target.author, record: target.record, show_at: None }),
            Content::TakeBack(TakeBack {
                author: target.author,
                record: target.record,
                show_at: Some(Millis(9)),
            }),
            Content::Acknowledge(target),
            Content::Bring(target),
            Content::Hold(target),
            Content::Profile(Text::new("Rosa").unwrap()),
            Content::Resend(Resend { original: target, frame: Bytes::new(vec![1, 2]).unwrap() }),
            Content::Setting(Setting {
                name: SettingName::parse("availability").unwrap(),
                value: Text::new("{}").unwrap(),
            }),
            Content::Unknown(900, Bytes::new(vec![0xff]).unwrap()),
        ];
        for content in contents {
            let frame = ContentFrame { sent_at: Millis(5), content };
            assert_eq!(ContentFrame::from_bytes(&frame.to_bytes().unwrap()), Ok(frame));
        }
        assert!(ContentFrame::from_bytes(&[0x83, 0, 1, 0x41, 0xff]).is_err());
    }
}
