//! Second factors: showing one after the password, and setting them up.
//!
//! Owns a sign-in that waits for its factor, the key that was offered to an authenticator app, and what the server said of
//! the account's factors. Refuses to judge a factor; only the server can. Invariants: a refused factor can be shown again
//! without the password; nothing of it is stored here; a key that was offered is forgotten with the answer.

use crate::asking::Question;
use crate::client::Client;
use crate::crypto::wrap::SealingSecret;
use crate::flow::{Flow, Purpose, SignIn, Step};
use crate::io::{Event, Failure, Rejected};
use crate::opening::Known;
use rand_core::Rng as _;
use sotto_protocol::account::{AccountRequest, Token};
use sotto_protocol::factor::{
    FactorCode, FactorProof, FactorState, FactorSummary, NewFactor, TotpSecret, WebauthnJson,
};
use sotto_protocol::ids::Millis;
use zeroize::Zeroizing;

/// RFC 4226, section 4 recommends 160 bits.
const TOTP_BYTES: usize = 20;
/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A sign-in between its password and its second factor.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) who: SignIn,
    pub(crate) unlock: SealingSecret,
    pub(crate) known: Known,
    state: FactorState,
    totp: bool,
    passkey: Option<WebauthnJson>,
}

/// What is known of second factors. Nothing of it is stored.
#[derive(Debug, Default)]
pub(crate) struct Factors {
    waiting: Option<Box<Waiting>>,
    offered: Option<Zeroizing<Vec<u8>>>,
    /// The account's, by the server's word.
    pub(crate) have: Vec<FactorSummary>,
    /// Since when the practice asks its staff for one.
    pub(crate) since: Option<Millis>,
    /// Until when this account may do without.
    pub(crate) due: Option<Millis>,
}

impl Factors {
    /// Another sign-in begins.
    pub(crate) fn stop_waiting(&mut self) {
        self.waiting = None;
    }
}

impl Client {
    /// The password is right, and the server wants a factor besides.
    pub(crate) fn factor_needed(
        &mut self,
        who: SignIn,
        unlock: SealingSecret,
        known: Known,
        state: FactorState,
        asked: (bool, Option<WebauthnJson>),
    ) {
        let (totp, passkey) = asked;
        self.ask_factor(Box::new(Waiting { who, unlock, known, state, totp, passkey }), None);
    }

    fn ask_factor(&mut self, waiting: Box<Waiting>, refused: Option<Failure>) {
        self.event(Event::FactorNeeded { totp: waiting.totp, passkey: waiting.passkey.clone(), refused });
        self.factors.waiting = Some(waiting);
    }

    /// Goes on with the sign-in that waits.
    pub(crate) fn show_factor(&mut self, proof: FactorProof) -> Result<(), Rejected> {
        if self.flow.is_some() {
            return Err(Rejected::Busy);
        }
        let waiting = self.factors.waiting.take();
        let waiting = waiting.ok_or(Rejected::NotAllowed("no second step is asked for"))?;
        let body = AccountRequest::FactorFinish { state: waiting.state.clone(), proof };
        let request = self.post(waiting.who.origin.clone(), body.to_bytes());
        self.flow = Some(Flow { request, step: Step::FactorFinish(waiting) });
        Ok(())
    }

    /// It was refused, or not answered: it can be shown again.
    pub(crate) fn factor_refused(&mut self, waiting: Box<Waiting>, failure: Failure) {
        self.ask_factor(waiting, Some(failure));
        self.gave_up();
    }

    /// She has none at hand.
    pub(crate) fn stop_factor(&mut self) -> Result<(), Rejected> {
        match self.factors.waiting.take() {
            Some(_) => {
                self.failed(Failure::Stopped);
                Ok(())
            }
            None => Err(Rejected::NotAllowed("no second step is asked for")),
        }
    }

    /// A fresh key for an authenticator app.
    pub(crate) fn offer_totp(&mut self) -> Result<(), Rejected> {
        self.signed_in()?;
        let mut key = Zeroizing::new(vec![0; TOTP_BYTES]);
        self.entropy.fill_bytes(&mut key);
        let secret = Zeroizing::new(base32(&key));
        self.factors.offered = Some(key);
        self.event(Event::TotpOffered { secret });
        Ok(())
    }

    /// What a step-up for setting up the offered key is for.
    pub(crate) fn add_totp(&self, code: FactorCode) -> Result<Purpose, Rejected> {
        let key = self.factors.offered.as_ref();
        let key = key.ok_or(Rejected::NotAllowed("no authenticator app was offered a key"))?;
        let secret =
            TotpSecret::new(key.to_vec()).map_err(|_| Rejected::NotAllowed("the key is too long"))?;
        Ok(Purpose::AddFactor(NewFactor::Totp { secret, code }))
    }

    /// Hands a change of factors in.
    pub(crate) fn change_factors(&mut self, who: &SignIn, token: Token) {
        let body = match &who.purpose {
            Purpose::AddFactor(factor) => AccountRequest::FactorAdd { token, factor: factor.clone() },
            Purpose::RemoveFactor(id) => AccountRequest::FactorRemove { token, id: *id },
            _ => return,
        };
        let request = self.post(who.origin.clone(), body.to_bytes());
        self.flow = Some(Flow { request, step: Step::Factors });
    }

    pub(crate) fn factors_changed(&mut self, factors: Vec<FactorSummary>) {
        self.factors.offered = None;
        self.factors.due = self.factors.due.filter(|_| factors.is_empty());
        self.factors.have.clone_from(&factors);
        self.event(Event::Factors(factors));
        // Without one the server may have refused to connect.
        self.dial_now();
    }

    /// What the server says of factors when it lets this device in.
    pub(crate) fn learn_factors(
        &mut self,
        have: Vec<FactorSummary>,
        since: Option<Millis>,
        due: Option<Millis>,
    ) {
        (self.factors.have, self.factors.since, self.factors.due) = (have, since, due);
    }

    /// Asks the staff for factors, or no more.
    pub(crate) fn require_factors(&mut self, required: bool) -> Result<(), Rejected> {
        if !self.signed_in()?.role.owns() {
            return Err(Rejected::NotAllowed("only the owner asks for a second step"));
        }
        self.ask(Question::RequireFactors(required))
    }
}

/// RFC 4648, section 6, without padding: apps take it so.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    let number = usize::try_from(value & 31).unwrap_or(0);
    BASE32.get(number).copied().map_or('A', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_that_of_the_rfc() {
        // RFC 4648, section 10, without padding; and the key of RFC 6238, appendix B.
        for (plain, coded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
            ("12345678901234567890", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        ] {
            assert_eq!(base32(plain.as_bytes()), coded);
        }
    }
}
