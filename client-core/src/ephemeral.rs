//! Ephemeral frames: sealed, signed, relayed, never stored.
//!
//! Owns sending and opening them. Refuses to know what they carry (live cursors, live typing). Invariant: they build on
//! nothing and nothing builds on them; one that does not verify or open is ignored, since it may merely be late.

use crate::client::Client;
use crate::crypto::seal::{self, EphemeralPlace};
use crate::io::{Event, Output, Rejected};
use sotto_protocol::frame::{ClientFrame, Ephemeral, EphemeralBody};
use sotto_protocol::ids::SpaceId;
use sotto_protocol::label::Label;
use sotto_protocol::limits::EPHEMERAL_BYTES_MAX;

/// What a body may have, so that it fits with padding and seal.
pub(crate) const EPHEMERAL_TEXT_BYTES_MAX: usize = EPHEMERAL_BYTES_MAX / 2;

impl Client {
    /// Sends a body to whoever is there.
    pub(crate) fn send_ephemeral(&mut self, id: SpaceId, body: &[u8]) -> Result<(), Rejected> {
        let (author, device) = self.signed_in().map(|a| (a.id, a.device))?;
        let space = self.spaces.get(&id).ok_or(Rejected::SpaceUnknown)?;
        if !space.is_member(author) {
            return Err(Rejected::NotMember);
        }
        if !self.confirmed(id) {
            return Err(Rejected::Unconfirmed);
        }
        if body.len() > EPHEMERAL_TEXT_BYTES_MAX {
            return Err(Rejected::TooLong {
                what: "The frame",
                got: body.len(),
                max: EPHEMERAL_TEXT_BYTES_MAX,
            });
        }
        let (Some(era), true) = (space.log.era().map(|e| e.id), self.link.ready()) else {
            return Err(Rejected::NotAllowed("nobody can be reached now"));
        };
        let Some(key) = space.keys.get(&era).map(|k| k.derive_ephemeral(id, era)) else {
            return Err(Rejected::NotAllowed("this conversation gets a new lock first"));
        };
        let place = EphemeralPlace { space: id, era, author, device };
        let sealed = seal::seal_ephemeral(&key, &place, body, &mut self.entropy);
        let body = EphemeralBody::new(sealed).map_err(|_| Rejected::Limit("the frame"))?;
        let message = Ephemeral::message(id, era, author, device, &body);
        let signature = self.signed_in()?.device_key.sign(Label::SignEphemeral, &message);
        let frame = Ephemeral { space: id, era, author, device, body, signature };
        self.output(Output::Send(ClientFrame::Ephemeral { frame }.to_bytes()));
        Ok(())
    }

    /// Opens somebody's frame.
    pub(crate) fn ephemeral_arrived(&mut self, frame: &Ephemeral) {
        if let Some(body) = self.open_ephemeral(frame) {
            self.event(Event::Ephemeral {
                space: frame.space,
                author: frame.author,
                device: frame.device,
                body,
            });
        }
    }

    fn open_ephemeral(&self, frame: &Ephemeral) -> Option<Vec<u8>> {
        let Ephemeral { space: id, era, author, device, body, signature } = frame;
        let space = self.spaces.get(id)?;
        let current = space.log.era().filter(|e| e.id == *era && e.member(*author).is_some())?;
        let card = self.cards.newest(*author)?.card();
        let key = card.device(*device).filter(|d| d.active_at(card.version))?.key;
        key.verify(Label::SignEphemeral, &Ephemeral::message(*id, *era, *author, *device, body), signature)
            .ok()?;
        let place = EphemeralPlace { space: *id, era: *era, author: *author, device: *device };
        let key = space.keys.get(&current.id)?.derive_ephemeral(*id, *era);
        seal::open_ephemeral(&key, &place, body.as_slice()).ok().map(|plain| plain.to_vec())
    }
}
