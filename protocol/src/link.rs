//! Links: how a person gets into a practice.
//!
//! Owns the text form of set-up and invitation links. Refuses to know what happens after. Invariant: everything
//! secret stands in the fragment, which browsers never send; a link that a messenger cut short or changed is
//! told from one that is wrong; secrets are wiped on drop and never shown by `Debug`.
//!
//! ```text
//! invitation: ORIGIN/join#  base64url( 1 ‖ invitation id 16 ‖ secret 32 ‖ identity fingerprint 32 ‖ card version u32 ‖ checksum 4 )
//! set-up:     ORIGIN/setup# base64url( 2 ‖ token 32 ‖ checksum 4 )
//! ```
//! The checksum is the first four bytes of `H(link-checksum, everything before)`.

use crate::hash;
use crate::ids::{Fingerprint, Hash, InvitationId, Version};
use crate::label::Label;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use core::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Why a link cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not a link to a Sotto server.
    #[error("this is not a Sotto link; it should look like https://…/join#…")]
    NotALink,
    /// Cut short or changed on the way.
    #[error("this link is incomplete or was changed on the way; please copy all of it, or ask for it again")]
    Damaged,
    /// A kind of link of a later version.
    #[error("this link needs a newer version of Sotto; please update")]
    Newer,
    /// A link of the other sort.
    #[error("this link is for something else: an invitation is used with `join`, a set-up link with `setup`")]
    WrongSort,
}

/// Scheme, host and port of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// True for https and wss.
    pub tls: bool,
    /// Host name or address, without port; an IPv6 address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Origin {
    /// Reads `http://host[:port]` or `https://host[:port]`, with or without a trailing slash.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (tls, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(LinkError::NotALink),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = if let Some(v6) = authority.strip_prefix('[') {
            let (host, tail) = v6.split_once(']').ok_or(LinkError::NotALink)?;
            (host, tail.strip_prefix(':'))
        } else {
            match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            }
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.is_empty() || host.len() > 253 || !host.chars().all(plain) {
            return Err(LinkError::NotALink);
        }
        let port = match port {
            Some(digits) => digits.parse().map_err(|_| LinkError::NotALink)?,
            None if tls => 443,
            None => 80,
        };
        Ok(Self { tls, host: host.to_owned(), port })
    }

    /// True when the host is this machine, the only place where TLS may be left out.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<core::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// `host:port`, with brackets around an IPv6 address.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let usual = if self.tls { 443 } else { 80 };
        let authority = self.authority();
        let shown = if self.port == usual {
            authority.strip_suffix(&format!(":{usual}")).unwrap_or(&authority)
        } else {
            &authority
        };
        write!(f, "{scheme}://{shown}")
    }
}

/// The secret of an invitation.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct LinkSecret(pub [u8; 32]);

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret")
    }
}

/// An invitation link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationLink {
    /// Server.
    pub origin: Origin,
    /// Invitation.
    pub id: InvitationId,
    /// Secret shared by inviter and joiner.
    pub secret: LinkSecret,
    /// The inviter's identity.
    pub inviter: Fingerprint,
    /// The lowest version of the inviter's card to accept.
    pub card_version_min: Version,
}

/// A set-up link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupLink {
    /// Server.
    pub origin: Origin,
    /// One-time token.
    pub token: LinkSecret,
}

const INVITATION: u8 = 1;
const SETUP: u8 = 2;
const CHECKSUM: usize = 4;

impl InvitationLink {
    /// The link as text.
    pub fn to_text(&self) -> String {
        let version = u32::try_from(self.card_version_min.0).unwrap_or(u32::MAX);
        let body = [
            &[INVITATION][..],
            self.id.as_bytes(),
            &self.secret.0,
            self.inviter.as_bytes(),
            &version.to_be_bytes(),
        ]
        .concat();
        write_fragment(&self.origin, "join", body)
    }

    /// Reads a link.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (origin, body) = read_fragment(text, INVITATION)?;
        let (id, rest) = body.split_first_chunk::<16>().ok_or(LinkError::Damaged)?;
        let (secret, rest) = rest.split_first_chunk::<32>().ok_or(LinkError::Damaged)?;
        let (inviter, rest) = rest.split_first_chunk::<32>().ok_or(LinkError::Damaged)?;
        let version = u32::from_be_bytes(rest.try_into().map_err(|_| LinkError::Damaged)?);
        Ok(Self {
            origin,
            id: InvitationId(*id),
            secret: LinkSecret(*secret),
            inviter: Fingerprint(*inviter),
            card_version_min: Version(u64::from(version)),
        })
    }
}

impl SetupLink {
    /// The link as text.
    pub fn to_text(&self) -> String {
        write_fragment(&self.origin, "setup", [&[SETUP][..], &self.token.0].concat())
    }

    /// Reads a link.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        let (origin, body) = read_fragment(text, SETUP)?;
        let token = <[u8; 32]>::try_from(body.as_slice()).map_err(|_| LinkError::Damaged)?;
        Ok(Self { origin, token: LinkSecret(token) })
    }
}

fn checksum(body: &[u8]) -> [u8; CHECKSUM] {
    let Hash([a, b, c, d, ..]) = hash::labelled(Label::HashLinkChecksum, &[body]);
    [a, b, c, d]
}

fn write_fragment(origin: &Origin, path: &str, mut body: Vec<u8>) -> String {
    body.extend_from_slice(&checksum(&body));
    format!("{origin}/{path}#{}", URL_SAFE_NO_PAD.encode(&body))
}

/// Reads origin and body (without sort byte and checksum) of a link of the given sort.
fn read_fragment(text: &str, sort: u8) -> Result<(Origin, Vec<u8>), LinkError> {
    let text = text.trim();
    let (address, fragment) = text.split_once('#').ok_or(if text.contains("://") {
        LinkError::Damaged
    } else {
        LinkError::NotALink
    })?;
    let base = address
        .strip_suffix("/join")
        .or_else(|| address.strip_suffix("/setup"))
        .ok_or(LinkError::NotALink)?;
    let origin = Origin::parse(base)?;
    if text.len() > 1024 {
        return Err(LinkError::Damaged);
    }
    let bytes = URL_SAFE_NO_PAD.decode(fragment).map_err(|_| LinkError::Damaged)?;
    let (body, check) = bytes.split_last_chunk::<CHECKSUM>().ok_or(LinkError::Damaged)?;
    if checksum(body) != *check {
        return Err(LinkError::Damaged);
    }
    match body.split_first() {
        Some((first, rest)) if *first == sort => Ok((origin, rest.to_vec())),
        Some((&(INVITATION | SETUP), _)) => Err(LinkError::WrongSort),
        Some(_) => Err(LinkError::Newer),
        None => Err(LinkError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> InvitationLink {
        InvitationLink {
            origin: Origin { tls: true, host: "practice.example".into(), port: 443 },
            id: InvitationId([1; 16]),
            secret: LinkSecret([2; 32]),
            inviter: Fingerprint([3; 32]),
            card_version_min: Version(4),
        }
    }

    #[test]
    fn links_round_trip() {
        let text = link().to_text();
        assert!(text.starts_with("https://practice.example/join#"));
        assert_eq!(InvitationLink::parse(&text), Ok(link()));
        let setup = SetupLink {
            origin: Origin { tls: false, host: "::1".into(), port: 8080 },
            token: LinkSecret([9; 32]),
        };
        assert_eq!(SetupLink::parse(&setup.to_text()), Ok(setup));
    }

    #[test]
    fn a_link_cut_short_or_changed_is_told() {
        let text = link().to_text();
        for end in 30..text.len() {
            assert_eq!(InvitationLink::parse(&text[..end]), Err(LinkError::Damaged), "cut at {end}");
        }
        for at in 30..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(InvitationLink::parse(&changed).is_err(), "changed at {at}");
        }
        assert_eq!(SetupLink::parse(&text), Err(LinkError::WrongSort));
        assert_eq!(InvitationLink::parse("hello"), Err(LinkError::NotALink));
    }

    #[test]
    fn secrets_do_not_show() {
        assert!(!format!("{:?}", link()).contains("2, 2"));
    }
}
