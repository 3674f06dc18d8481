//! Admitting a device to the account, and removing one.
//!
//! Owns the card that lists a new device or removes one, and what this device has when it was admitted. Refuses to know how
//! the person showed who she is ([`crate::flow`]). Invariant: a card goes to the server before anything is built on it.

use crate::client::{Account, Client, Keeping};
use crate::crypto::signing::DeviceKey;
use crate::devices::remove_idle;
use crate::flow::{SignIn, Then};
use crate::io::Event;
use crate::opening::Opened;
use crate::vault::Vault;
use sotto_protocol::card::{Card, CardDevice, VerifiedCard};
use sotto_protocol::codec::Text;
use sotto_protocol::ids::{DeviceId, Revision};
use sotto_protocol::limits::{DEVICES_MAX, NAME_BYTES_MAX};
use sotto_protocol::sign::Signed;

/// A card to be handed in, what follows when the server has taken it, and the idle devices it removes.
pub(crate) type NextCard = (Signed<Card>, Then, Vec<DeviceId>);

impl Client {
    /// The next card with this device in it.
    pub(crate) fn add_device(
        &mut self,
        who: &SignIn,
        opened: &Opened,
        name: Text<NAME_BYTES_MAX>,
    ) -> Option<NextCard> {
        let device = DeviceId(self.random_id());
        let device_key = DeviceKey::generate(&mut self.entropy);
        let mut card = opened.card.card().clone();
        card.version = card.version.next();
        let version = card.version;
        let idle = remove_idle(&mut card, None, &opened.weeks, opened.server_now, self.now);
        if card.active().count() >= DEVICES_MAX {
            // The oldest makes room; nobody is locked out by having signed in often.
            let oldest = card.active().map(|d| d.id).next()?;
            card.devices.iter_mut().filter(|d| d.id == oldest).for_each(|d| d.removed_in = Some(version));
        }
        card.devices.push(CardDevice {
            id: device,
            key: device_key.public(),
            added_in: version,
            added_at: self.now,
            removed_in: None,
        });
        let (signed, verified) = opened.sign(&card)?;
        let mut vault = opened.vault.clone();
        vault.devices.insert(device, name);
        vault.card_version_min = version;
        let account = Account {
            origin: who.origin.clone(),
            id: card.account,
            handle: who.handle.clone(),
            identity: card.identity,
            role: opened.role,
            practice: Text::default(),
            practice_id: vault.practice,
            device,
            device_key,
            vault_key: opened.vault_key.duplicate(),
            credentials: opened.credentials.clone(),
            removed: false,
            restored: false,
        };
        Some((
            signed,
            Then::Begin {
                account: Box::new(account),
                vault: Box::new(vault),
                revision: opened.revision,
                card: verified,
            },
            idle,
        ))
    }

    /// The next card without a device.
    pub(crate) fn remove_device(&self, device: DeviceId, opened: &Opened) -> Option<NextCard> {
        let mut card = opened.card.card().clone();
        card.version = card.version.next();
        let version = card.version;
        card.devices.iter_mut().find(|d| d.id == device)?.removed_in.get_or_insert(version);
        let this = self.account.as_ref().map(|a| a.device);
        let idle = remove_idle(&mut card, this, &opened.weeks, opened.server_now, self.now);
        let (signed, card) = opened.sign(&card)?;
        Some((signed, Then::Removed { device, card }, idle))
    }

    /// The newest card as it is, unless it lists devices that nobody used for long.
    pub(crate) fn wake(&self, opened: &Opened) -> Option<NextCard> {
        let this = self.account.as_ref()?.device;
        let mut card = opened.card.card().clone();
        card.version = card.version.next();
        let idle = remove_idle(&mut card, Some(this), &opened.weeks, opened.server_now, self.now);
        if idle.is_empty() {
            return Some((opened.card.signed().clone(), Then::Woken { card: opened.card.clone() }, idle));
        }
        let (signed, card) = opened.sign(&card)?;
        Some((signed, Then::Woken { card }, idle))
    }

    pub(crate) fn device_woken(&mut self, card: VerifiedCard) {
        self.learn_card(card);
        self.event(Event::Woken);
        self.dial_now();
    }

    pub(crate) fn device_admitted(
        &mut self,
        account: Box<Account>,
        vault: Box<Vault>,
        revision: Revision,
        card: VerifiedCard,
    ) {
        let id = account.id;
        self.account = Some(*account);
        let mut keeping = Keeping::new(*vault, revision);
        keeping.urgent = true;
        self.keeping = Some(keeping);
        self.save_account();
        self.save_vault();
        self.learn_card(card);
        self.event(Event::SignedIn { account: id });
        self.resume();
    }

    pub(crate) fn device_removed(&mut self, device: DeviceId, card: VerifiedCard) {
        self.learn_card(card);
        self.keep(true, |_| {});
        self.event(Event::DeviceGone(device));
        self.dial_now();
    }
}
