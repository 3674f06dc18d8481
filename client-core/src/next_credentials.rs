//! The next credential set, and all that has to change with it, put together.
//!
//! Owns what a change consists of, for each thing that is changed: password, sheet, recovery, lost devices. Refuses to know how it
//! gets to the server and what follows from its answer ([`crate::credentials`]). Invariants: nothing on this device is changed here;
//! every method of the next set wraps the keys that are in force with it.

use crate::client::Client;
use crate::credentials::{Applied, Changing, Renewed, What};
use crate::crypto::keys::{InnerKey, VaultKey};
use crate::crypto::opaque::Registered;
use crate::crypto::rng::Entropy;
use crate::crypto::seal;
use crate::crypto::unlock::RecoveryCode;
use crate::crypto::wrap::{self, MethodWrap, SealingSecret};
use crate::defects::Defect;
use crate::flow::{Purpose, SignIn, Then};
use crate::opening::Opened;
use crate::rows::SheetRow;
use crate::vault::{Inner, SealingEntry, SecretBytes, Vault};
use rand_core::Rng as _;
use sotto_protocol::card::{Card, SealingPublic};
use sotto_protocol::codec::Bytes;
use sotto_protocol::credentials::{
    CredentialChange, CredentialSet, Method, MethodKind, SealedInner, SealedVault, VaultChange,
};
use sotto_protocol::hash;
use sotto_protocol::ids::{AccountId, DeviceId, MethodId, Millis, Version};
use sotto_protocol::sign::{PublicKey, Signed};
use std::collections::BTreeSet;

/// A change while it is put together.
struct Next {
    set: CredentialSet,
    card: Option<Signed<Card>>,
    inner: Option<SealedInner>,
    vault: Option<VaultChange>,
    renewed: Option<Renewed>,
    what: What,
    /// Of a recovery: what it admits.
    then: Option<Box<Then>>,
}

/// The two keys that every method wraps.
pub(crate) struct VaultKeys<'a> {
    pub(crate) vault: &'a VaultKey,
    pub(crate) inner: &'a InnerKey,
}

impl VaultKeys<'_> {
    /// A method that opens the vault with the secret half of `unlock`.
    pub(crate) fn method(
        &self,
        account: AccountId,
        kind: MethodKind,
        unlock: SealingPublic,
        login: Option<PublicKey>,
        created_at: Millis,
        rng: &mut Entropy,
    ) -> Option<Method> {
        let mut id = MethodId::ZERO;
        rng.fill_bytes(&mut id.0);
        let blank = Method {
            id,
            kind,
            unlock,
            vault_wrap: Bytes::default(),
            inner_wrap: Bytes::default(),
            created_at,
            login,
        };
        self.rewrapped(account, blank, rng)
    }

    /// A recovery sheet with a fresh code.
    pub(crate) fn sheet(
        &self,
        account: AccountId,
        now: Millis,
        rng: &mut Entropy,
    ) -> Option<(Method, SheetRow)> {
        let code = RecoveryCode::generate(rng);
        let (unlock, login) = (code.derive_unlock().public(), code.derive_login().public());
        let method = self.method(account, MethodKind::RecoverySheet, unlock, Some(login), now, rng)?;
        Some((method, SheetRow::new(&code, now)))
    }

    /// The same method for these keys.
    fn rewrapped(&self, account: AccountId, method: Method, rng: &mut Entropy) -> Option<Method> {
        let place = MethodWrap { account, method: method.id };
        Some(Method {
            vault_wrap: wrap::wrap_vault(&method.unlock, self.vault, &place, rng).ok()?,
            inner_wrap: wrap::wrap_inner(&method.unlock, self.inner, &place, rng).ok()?,
            ..method
        })
    }
}

impl Next {
    fn after(opened: &Opened) -> Self {
        let set = CredentialSet { version: opened.set.version.next(), ..opened.set.clone() };
        Self { set, card: None, inner: None, vault: None, renewed: None, what: What::Password, then: None }
    }

    /// Puts a method in the place of those of its kind.
    fn replace(&mut self, method: Method) {
        self.set.methods.retain(|m| m.kind != method.kind);
        let at = if method.kind == MethodKind::Password { 0 } else { self.set.methods.len() };
        self.set.methods.insert(at, method);
    }
}

impl Client {
    /// The next credential set, and what changes with it.
    pub(crate) fn next_credentials(
        &mut self,
        who: &SignIn,
        opened: &Opened,
        registered: Option<Registered>,
    ) -> Option<(CredentialChange, Changing)> {
        let keys = VaultKeys { vault: &opened.vault_key, inner: &opened.inner_key };
        let mut next = Next::after(opened);
        match &who.purpose {
            Purpose::MakeSheet => self.with_sheet(&mut next, &keys)?,
            Purpose::ChangePassword { .. } => self.with_password(&mut next, &keys, registered.as_ref()?)?,
            Purpose::Recover { name, .. } => {
                self.with_password(&mut next, &keys, registered.as_ref()?)?;
                let (card, then, _) = self.add_device(who, opened, name.clone())?;
                (next.card, next.then) = (Some(card), Some(Box::new(then)));
            }
            Purpose::RemoveLost { devices, .. } => {
                self.without_lost(&mut next, opened, devices, registered.as_ref()?)?;
            }
            _ => return None,
        }
        let credentials = opened.identity.sign_object(&next.set).ok()?;
        let opaque = registered.map(|r| r.upload);
        let Next { card, inner, vault, renewed, what, then, .. } = next;
        let changing = if let Some(then) = then {
            Changing::Recovered { credentials: credentials.clone(), then }
        } else {
            let (credentials, card) = (credentials.clone(), card.clone());
            Changing::Here(Box::new(Applied { credentials, card, renewed, what }))
        };
        Some((CredentialChange { credentials, opaque, inner, card, vault }, changing))
    }

    /// A recovery sheet in the place of the one before.
    fn with_sheet(&mut self, next: &mut Next, keys: &VaultKeys<'_>) -> Option<()> {
        let (method, row) = keys.sheet(next.set.account, self.now, &mut self.entropy)?;
        next.replace(method);
        next.what = What::Sheet(row);
        Some(())
    }

    /// Another password.
    fn with_password(
        &mut self,
        next: &mut Next,
        keys: &VaultKeys<'_>,
        registered: &Registered,
    ) -> Option<()> {
        let unlock = registered.export_key.derive_unlock().public();
        let (account, rng) = (next.set.account, &mut self.entropy);
        let method = keys.method(account, MethodKind::Password, unlock, None, self.now, rng)?;
        next.set.opaque_hash = hash::payload(registered.upload.as_slice());
        next.replace(method);
        Some(())
    }

    /// Everything under other keys, and a card without the lost devices.
    fn without_lost(
        &mut self,
        next: &mut Next,
        opened: &Opened,
        devices: &BTreeSet<DeviceId>,
        registered: &Registered,
    ) -> Option<()> {
        let account = next.set.account;
        let keep = self.config.defects.has(Defect::KeepVaultKey);
        let fresh =
            (!keep).then(|| (VaultKey::generate(&mut self.entropy), InnerKey::generate(&mut self.entropy)));
        let (vault, inner) = fresh.as_ref().map_or((&opened.vault_key, &opened.inner_key), |(v, i)| (v, i));
        let keys = VaultKeys { vault, inner };
        self.with_password(next, &keys, registered)?;
        let sealing = SealingSecret::generate(&mut self.entropy);
        let (card, since) = without(devices, &sealing, opened)?;
        let vault = self.vault_without(opened, &sealing, since)?;
        next.set.vault_generation = next.set.vault_generation.next();
        for method in &mut next.set.methods {
            // The new password's method was made for these keys.
            if method.kind != MethodKind::Password {
                *method = keys.rewrapped(account, method.clone(), &mut self.entropy)?;
            }
        }
        let secret = Inner { version: 1, identity: SecretBytes::new(*opened.identity.expose_seed()) };
        let sealed = seal::seal_inner(keys.inner, account, &secret.to_bytes(), &mut self.entropy);
        let sealed = SealedInner::new(sealed).ok()?;
        next.set.inner_hash = hash::payload(sealed.as_slice());
        next.inner = Some(sealed);
        let (base, revision) = (opened.revision, opened.revision.next());
        let sealed = seal::seal_vault(keys.vault, account, revision, &vault.to_bytes(), &mut self.entropy);
        next.vault = Some(VaultChange { base, revision, sealed: SealedVault::new(sealed).ok()? });
        next.card = Some(card);
        next.renewed = Some(Renewed { key: SecretBytes::new(*keys.vault.expose()), vault, revision });
        next.what = What::Lost(devices.iter().copied().collect());
        Some(())
    }

    /// The vault for the next key: with the new sealing secret, and without open invitations, whose secrets the old one held.
    fn vault_without(&self, opened: &Opened, sealing: &SealingSecret, since: Version) -> Option<Vault> {
        let mut vault = self.keeping.as_ref()?.vault.clone();
        vault.merge(&opened.vault).ok()?;
        vault.card_version_min = since;
        vault.sealing.push(SealingEntry { since, seed: SecretBytes::new(*sealing.expose_seed()) });
        let open = vault.invitations.values_mut().filter(|i| i.consumed.is_none());
        open.for_each(|invitation| invitation.revoked = true);
        Some(vault)
    }
}

/// The next card without lost devices and with another sealing key, and its version.
fn without(
    devices: &BTreeSet<DeviceId>,
    sealing: &SealingSecret,
    opened: &Opened,
) -> Option<(Signed<Card>, Version)> {
    let mut card = opened.card.card().clone();
    let version = card.version.next();
    card.version = version;
    for device in card.devices.iter_mut().filter(|d| devices.contains(&d.id)) {
        device.removed_in.get_or_insert(version);
    }
    card.sealing = sealing.public();
    card.sealing_since = version;
    Some((opened.identity.sign_object(&card).ok()?, version))
}
