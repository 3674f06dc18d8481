//! Keeping the vault: writing it to the server, taking in what other devices wrote, and invitations.
//!
//! Owns compare-and-swap with merging, pins of heads and peers, and the making of invitations. Refuses to know the
//! vault's contents beyond that ([`crate::vault`]). Invariant: an invitation's link is shown only after its secret
//! is in the server's copy of the vault; a revision older than one already seen is an alarm, never taken in.

use crate::client::{Client, Keeping};
use crate::crypto::keys::InvitationSecret;
use crate::crypto::seal;
use crate::defects::Defect;
use crate::io::{Alarm, Event, Failure, Rejected};
use crate::rows::PendingInvitation;
use crate::session::Pending;
use crate::vault::{InvitationEntry, InvitationText, SecretBytes, Vault};
use sotto_protocol::codec::{self, Bytes, Text};
use sotto_protocol::credentials::SealedVault;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::{ClientFrame, NewInvitation};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, InvitationId, Millis, Revision, SpaceId};
use sotto_protocol::limits::{INVITATION_TTL_MS_MAX, INVITATIONS_OPEN_MAX, NOTE_BYTES_MAX};
use sotto_protocol::link::{InvitationLink, LinkSecret};
use sotto_protocol::roster::Role;
use zeroize::Zeroizing;

/// Pins that only moved are written after this pause.
const PAUSE_MS: u64 = 10_000;

impl Client {
    /// Writes the vault when it is time.
    pub(crate) fn drive_vault(&mut self) {
        let Some(keeping) = &self.keeping else { return };
        let due = keeping.urgent
            || keeping.dirty_since.is_some_and(|since| self.sync_wanted || self.now.since(since) >= PAUSE_MS);
        if due && !keeping.busy && self.link.ready() {
            self.write_vault();
        }
    }

    pub(crate) fn vault_wake_at(&self) -> Option<Millis> {
        let keeping = self.keeping.as_ref().filter(|k| !k.busy && self.link.ready())?;
        keeping.dirty_since.map(|since| since.plus(PAUSE_MS))
    }

    pub(crate) fn vault_clean(&self) -> bool {
        self.keeping.as_ref().is_none_or(|k| !k.urgent && k.dirty_since.is_none() && !k.busy)
    }

    /// Changes the vault. `urgent` changes are written at once.
    pub(crate) fn keep(&mut self, urgent: bool, change: impl FnOnce(&mut Vault)) {
        let now = self.now;
        let Some(keeping) = &mut self.keeping else { return };
        let before = keeping.vault.clone();
        change(&mut keeping.vault);
        if keeping.vault != before || urgent {
            keeping.urgent |= urgent;
            keeping.dirty_since.get_or_insert(now);
            self.save_vault();
        }
    }

    fn write_vault(&mut self) {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return };
        let base = keeping.revision;
        let revision = Revision(base.0.saturating_add(1));
        let plain = keeping.vault.to_bytes();
        let sealed = seal::seal_vault(&account.vault_key, account.id, revision, &plain, &mut self.entropy);
        let Ok(sealed) = Bytes::new(sealed) else { return };
        let frame = |req| ClientFrame::VaultPut { req, base, revision, sealed };
        if self.request(Pending::VaultPut(revision), frame).is_some()
            && let Some(keeping) = &mut self.keeping
        {
            // What changes from here on is dirty again.
            keeping.busy = true;
            keeping.urgent = false;
            keeping.dirty_since = None;
        }
    }

    pub(crate) fn vault_stored(&mut self, revision: Revision) {
        if let Some(keeping) = &mut self.keeping {
            keeping.busy = false;
            // A later one may be known already: credentials change by another way.
            keeping.revision = keeping.revision.max(revision);
        }
        self.save_vault();
        self.offer_invitations();
    }

    pub(crate) fn vault_refused(&mut self, code: ErrorCode) {
        if let Some(keeping) = &mut self.keeping {
            keeping.busy = false;
            keeping.urgent = true;
        }
        self.save_vault();
        if code == ErrorCode::VaultConflict {
            self.fetch_vault();
        } else {
            // Tried again when the connection stands anew.
            self.hang_up();
        }
    }

    /// The newest card is here: does it say why the vault doesn't open?
    pub(crate) fn vault_doubted(&mut self) {
        if self.is_changing_credentials() {
            // This very device may have renewed it: the answer to that comes first.
            return;
        }
        let doubted = self.keeping.as_mut().is_some_and(|k| core::mem::take(&mut k.doubted));
        match (doubted, self.lacks_sealing_secret()) {
            (true, true) => self.vault_was_renewed(),
            (true, false) => self.alarm(None, Alarm::OldVault),
            (false, true) => self.vault_awaited(),
            (false, false) => {}
        }
    }

    /// The vault of the server has something that is needed here.
    pub(crate) fn vault_awaited(&mut self) {
        if self.keeping.as_ref().is_some_and(|k| !k.busy) && !self.is_changing_credentials() {
            self.fetch_vault();
        }
    }

    fn fetch_vault(&mut self) {
        if self.request(Pending::VaultGet, |req| ClientFrame::VaultGet { req }).is_some()
            && let Some(keeping) = &mut self.keeping
        {
            keeping.busy = true;
        }
    }

    pub(crate) fn vault_changed(&mut self, revision: Revision) {
        if let Some(keeping) = &self.keeping
            && revision > keeping.revision
            && !keeping.busy
        {
            self.fetch_vault();
        }
    }

    /// Compares the server's revision with one's own when the connection is new.
    pub(crate) fn vault_heard(&mut self, revision: Revision) {
        let trusted = self.config.defects.has(Defect::TrustVault);
        let Some(keeping) = &mut self.keeping else { return };
        if trusted {
            keeping.revision = revision;
        } else if revision < keeping.revision && keeping.changed_here {
            // Said before the server had the change that was posted meanwhile.
        } else if revision < keeping.revision {
            // Set back: write again what the server has lost; it takes a revision above the base.
            keeping.urgent = true;
            self.alarm(None, Alarm::OldVault);
        } else if revision > keeping.revision {
            self.fetch_vault();
        }
    }

    pub(crate) fn vault_arrived(&mut self, revision: Revision, sealed: Option<&SealedVault>) {
        // Until the end of the connection, unless what came can be put together with one's own.
        let now = self.now;
        let (Some(account), Some(keeping)) = (&self.account, &mut self.keeping) else { return };
        // Asked for only because a newer one was announced, or because one's own write met it.
        if keeping.changed_here && revision <= keeping.revision {
            // Asked for before the change that was posted meanwhile.
            keeping.busy = false;
            return;
        }
        if revision <= keeping.revision {
            self.alarm(None, Alarm::OldVault);
            return;
        }
        let opened = sealed
            .and_then(|s| seal::open_vault(&account.vault_key, account.id, revision, s.as_slice()).ok())
            .and_then(|plain| Vault::from_bytes(&plain).ok());
        let Some(theirs) = opened else {
            // Its key may be another: then the newest card says so.
            keeping.doubted = true;
            let account = account.id;
            self.ask_card(account, None);
            return;
        };
        match keeping.vault.merge(&theirs) {
            Ok(_) => {
                keeping.busy = false;
                keeping.revision = revision;
                // Mine has something that theirs lacks: write the merged one, in its time.
                if keeping.vault != theirs {
                    keeping.dirty_since.get_or_insert(now);
                }
                self.save_vault();
                self.vault_merged();
                self.offer_kept_invitations();
            }
            Err(_) => self.alarm(None, Alarm::Forked),
        }
    }

    /// What another device knew may confirm a space or show that something is missing.
    pub(crate) fn vault_merged(&mut self) {
        let spaces: Vec<SpaceId> = self.spaces.keys().copied().collect();
        for space in spaces {
            self.check_consumed(space);
            self.check_join(space);
            self.check_pin(space);
            // An era may have waited for the sealing secret.
            self.advance(space);
        }
    }

    /// Two devices may each have confirmed another joiner with one link: only one of them was invited.
    fn check_consumed(&mut self, id: SpaceId) {
        let (Some(keeping), Some(account)) = (&self.keeping, &self.account) else { return };
        let join = self.spaces.get(&id).and_then(|s| s.join.as_ref()).filter(|j| j.inviter == account.id);
        let entry = join.and_then(|j| keeping.vault.invitations.get(&j.invitation));
        let Some(consumed) = entry.and_then(|e| e.consumed).filter(|c| c.space != id) else { return };
        let founder =
            self.spaces.get(&id).and_then(|s| s.entries.first()).map_or(consumed.account, |e| e.id.author);
        self.keep(true, |vault| {
            if let Some(pin) = vault.spaces.get_mut(&id) {
                pin.confirmed = false;
            }
        });
        self.alarm(Some(id), Alarm::Uninvited(founder));
    }

    /// Remembers how far a space is verified.
    pub(crate) fn pin_head(&mut self, id: SpaceId) {
        let Some(space) = self.spaces.get(&id) else { return };
        let (seen, Some(founding)) = (space.seen(), space.log.founding()) else { return };
        let new = self.keeping.as_ref().is_some_and(|k| !k.vault.spaces.contains_key(&id));
        self.keep(new, |vault| {
            let pin = vault.spaces.entry(id).or_insert_with(|| crate::vault::SpacePin {
                founding,
                head: seen,
                confirmed: false,
                read: sotto_protocol::ids::Seq::ZERO,
                left: false,
                read_at: None,
            });
            if pin.founding == founding && seen.seq > pin.head.seq {
                pin.head = seen;
            }
        });
    }

    /// The other side of a space is known: remember the space and everybody in it.
    pub(crate) fn confirm(&mut self, id: SpaceId) {
        self.pin_head(id);
        self.keep(true, |vault| {
            if let Some(pin) = vault.spaces.get_mut(&id) {
                pin.confirmed = true;
            }
        });
        for account in self.spaces.get(&id).map(crate::space::Space::readers).unwrap_or_default() {
            self.pin_peer(account);
        }
    }

    /// Remembers that the server serves a space no more, or serves it again.
    pub(crate) fn pin_left(&mut self, id: SpaceId, left: bool) {
        self.keep(true, |vault| {
            if let Some(pin) = vault.spaces.get_mut(&id) {
                pin.left = left;
            }
        });
    }

    pub(crate) fn pin_peer(&mut self, account: AccountId) {
        let Some(card) = self.cards.newest(account) else { return };
        let (identity, card_version, card_hash) = (card.card().identity, card.card().version, card.hash());
        self.keep(false, |vault| {
            if account == vault.account {
                vault.card_version_min = vault.card_version_min.max(card_version);
                return;
            }
            let pin = vault.peers.entry(account).or_insert(crate::vault::PeerPin {
                identity,
                card_version,
                card_hash,
            });
            if card_version > pin.card_version && pin.identity == identity {
                *pin = crate::vault::PeerPin { identity, card_version, card_hash };
            }
        });
    }

    pub(crate) fn mark_read(&mut self, id: SpaceId, seq: sotto_protocol::ids::Seq) -> Result<(), Rejected> {
        self.signed_in()?;
        let space = self.spaces.get(&id).ok_or(Rejected::SpaceUnknown)?;
        let (known, unread, now) = (space.log.seq(), space.timeline.unread() > 0, self.now);
        self.keep(false, |vault| {
            if let Some(pin) = vault.spaces.get_mut(&id) {
                // Where nothing is new, the time is left as it was, and the vault with it.
                if unread || seq.min(known) > pin.read {
                    pin.read_at = pin.read_at.max(Some(now));
                }
                pin.read = pin.read.max(seq.min(known));
            }
        });
        Ok(())
    }

    pub(crate) fn invite(&mut self, role: Role, note: &str, ttl_ms: u64) -> Result<(), Rejected> {
        let account = self.signed_in()?;
        if !account.role.may_invite(role) {
            return Err(Rejected::NotAllowed("your role in the practice cannot invite such a person"));
        }
        if ttl_ms == 0 || ttl_ms > INVITATION_TTL_MS_MAX {
            return Err(Rejected::NotAllowed("an invitation lives between one millisecond and 30 days"));
        }
        let note = Text::<NOTE_BYTES_MAX>::new(note).map_err(|_| Rejected::TooLong {
            what: "The note",
            got: note.len(),
            max: NOTE_BYTES_MAX,
        })?;
        let (origin, identity, inviter_role, practice) =
            (account.origin.clone(), account.identity, account.role, account.practice.clone());
        let card_version_min = self.cards.newest(account.id).map(|c| c.card().version).unwrap_or_default();
        let Some(keeping) = &self.keeping else { return Err(Rejected::NotSignedIn) };
        let open = keeping
            .vault
            .invitations
            .values()
            .filter(|i| i.consumed.is_none() && !i.revoked && i.expires_at > self.now);
        if open.count() >= INVITATIONS_OPEN_MAX {
            return Err(Rejected::Limit("open invitations"));
        }
        let own = Some(hash::fingerprint(&identity)).filter(|_| inviter_role.owns());
        let text = InvitationText {
            version: 1,
            inviter: keeping.vault.name.clone(),
            note,
            role,
            inviter_role,
            owner: own.or(keeping.vault.owner),
            practice,
        };
        let id = InvitationId(self.random_id());
        let secret = InvitationSecret::generate(&mut self.entropy);
        let expires_at = self.now.plus(ttl_ms);
        let sealed =
            seal::seal_invitation(&secret.derive_invitation(), id, &codec::encode(&text), &mut self.entropy);
        let body = Bytes::new(sealed).map_err(|_| Rejected::Limit("the invitation"))?;
        let link = InvitationLink {
            origin,
            id,
            secret: LinkSecret(*secret.expose()),
            inviter: hash::fingerprint(&identity),
            card_version_min,
        };
        let link = Zeroizing::new(link.to_text());
        let invitation = NewInvitation { id, role, expires_at, body };
        self.inviting.push(PendingInvitation { id, link, invitation, offered: false });
        let entry = InvitationEntry {
            secret: SecretBytes::new(*secret.expose()),
            role,
            expires_at,
            consumed: None,
            revoked: false,
        };
        self.keep(true, |vault| {
            vault.invitations.insert(id, entry);
        });
        Ok(())
    }

    /// Invitations whose secret is safe in the server's vault go to the server.
    fn offer_invitations(&mut self) {
        if self.keeping.as_ref().is_none_or(|k| k.urgent) {
            return;
        }
        let mut ready: Vec<NewInvitation> = Vec::new();
        for pending in self.inviting.iter_mut().filter(|p| !p.offered) {
            pending.offered = true;
            ready.push(pending.invitation.clone());
        }
        for invitation in ready {
            let id = invitation.id;
            self.request(Pending::InvitationPut(id), |req| ClientFrame::InvitationPut { req, invitation });
        }
    }

    pub(crate) fn reoffer_invitations(&mut self) {
        for pending in &mut self.inviting {
            pending.offered = false;
        }
        self.offer_kept_invitations();
    }

    /// Where nothing is left to write, nothing will offer them later.
    fn offer_kept_invitations(&mut self) {
        if self.vault_clean() {
            self.offer_invitations();
        }
    }

    pub(crate) fn invited(&mut self, id: InvitationId) {
        if let Some(at) = self.inviting.iter().position(|p| p.id == id) {
            let pending = self.inviting.remove(at);
            self.event(Event::Invitation { id, link: pending.link });
        }
    }

    pub(crate) fn invitation_refused(
        &mut self,
        id: InvitationId,
        code: ErrorCode,
        retry_after_ms: Option<u64>,
    ) {
        self.inviting.retain(|p| p.id != id);
        self.keep(true, |vault| {
            if let Some(entry) = vault.invitations.get_mut(&id) {
                entry.revoked = true;
            }
        });
        self.event(Event::Failed(Failure::Server { code, retry_after_ms }));
    }

    pub(crate) fn revoke(&mut self, id: InvitationId) -> Result<(), Rejected> {
        self.signed_in()?;
        let known = self.keeping.as_ref().is_some_and(|k| k.vault.invitations.contains_key(&id));
        if !known {
            return Err(Rejected::NotAllowed("there is no such invitation of yours"));
        }
        if self.request(Pending::Revoke(id), |req| ClientFrame::InvitationRevoke { req, id }).is_none() {
            return Err(Rejected::NotAllowed(
                "the server can't be reached, and only it can withdraw an invitation",
            ));
        }
        self.keep(true, |vault| {
            if let Some(entry) = vault.invitations.get_mut(&id) {
                entry.revoked = true;
            }
        });
        Ok(())
    }
}

impl Keeping {
    pub(crate) fn new(vault: Vault, revision: Revision) -> Self {
        Self {
            vault,
            revision,
            urgent: false,
            dirty_since: None,
            busy: false,
            doubted: false,
            changed_here: false,
            renewed_elsewhere: false,
        }
    }
}
