//! One's devices: what they are called, when they were connected last, and those that were not for long.
//!
//! Owns names and the choice of which devices a new card removes because nobody uses them. Refuses to know how a card is
//! signed and sent ([`crate::flow`]). Invariant: a device is removed for being idle only when the server's clock and
//! one's own agree that it is, never this one, and never one of which nothing is known.

use crate::client::Client;
use crate::flow::named;
use crate::io::{Event, Rejected};
use crate::vault::Renamed;
use crate::view::DeviceView;
use sotto_protocol::card::Card;
use sotto_protocol::frame::DeviceWeek;
use sotto_protocol::ids::{DeviceId, Millis, Week};

impl Client {
    /// The account's devices, removed ones included.
    pub fn devices(&self) -> Vec<DeviceView> {
        let (Some(account), Some(keeping)) = (&self.account, &self.keeping) else { return Vec::new() };
        let Some(card) = self.cards.newest(account.id) else { return Vec::new() };
        let this_week = Week::of(self.link.server_now(self.now));
        let view = |d: &sotto_protocol::card::CardDevice| {
            let model = keeping.vault.devices.get(&d.id).map(|n| n.as_str().to_owned()).unwrap_or_default();
            let renamed =
                keeping.vault.renamed.as_ref().and_then(|r| r.get(&d.id)).map(|r| r.name.as_str().to_owned());
            let week = if d.id == account.device { None } else { self.weeks.get(&d.id) };
            DeviceView {
                id: d.id,
                name: renamed.unwrap_or_else(|| model.clone()),
                model,
                this: d.id == account.device,
                added_at: d.added_at,
                removed_in: d.removed_in,
                weeks_ago: week.map(|week| this_week.0.saturating_sub(week.0)),
            }
        };
        card.card().devices.iter().map(view).collect()
    }

    pub(crate) fn rename_device(&mut self, device: DeviceId, name: &str) -> Result<(), Rejected> {
        let me = self.signed_in()?.id;
        let name = named("The device's name", name)?;
        if self.cards.newest(me).is_none_or(|c| c.card().device(device).is_none()) {
            return Err(Rejected::NotAllowed("this is not one of your devices"));
        }
        // Later than the name it has, whatever another device's clock said.
        let before = self.keeping.as_ref().and_then(|k| k.vault.renamed.as_ref()?.get(&device));
        let before = before.map(|r| r.at.plus(1));
        let renamed = Renamed { at: before.unwrap_or_default().max(self.now), name };
        self.keep(true, |vault| {
            vault.renamed.get_or_insert_default().insert(device, renamed);
        });
        Ok(())
    }

    pub(crate) fn learn_weeks(&mut self, weeks: &[DeviceWeek]) {
        self.weeks = weeks.iter().map(|noted| (noted.device, noted.week)).collect();
    }

    /// Says which of these devices this card removed.
    pub(crate) fn tell_idle(&mut self, idle: Vec<DeviceId>) {
        if !idle.is_empty() {
            self.event(Event::IdleRemoved(idle));
        }
    }
}

/// Removes from a card that is about to be signed, at its version, the devices that nobody used for long.
pub(crate) fn remove_idle(
    card: &mut Card,
    except: Option<DeviceId>,
    weeks: &[DeviceWeek],
    server_now: Millis,
    now: Millis,
) -> Vec<DeviceId> {
    let version = card.version;
    let idle: Vec<DeviceId> = weeks
        .iter()
        .filter(|noted| noted.week.is_idle_at(server_now) && noted.week.is_idle_at(now))
        .map(|noted| noted.device)
        .filter(|device| Some(*device) != except)
        .collect();
    let mut removed = Vec::new();
    for device in card.devices.iter_mut().filter(|d| d.removed_in.is_none() && idle.contains(&d.id)) {
        device.removed_in = Some(version);
        removed.push(device.id);
    }
    removed
}
