//! When devices are connected, by week, and refusing one that wasn't for long.
//!
//! Owns the rule. Refuses to know connections. Invariants: of each device no more is kept than the week of its last
//! connection, written at most once a week; nobody but the account's own devices is told.

use super::{Service, ServiceError, Speaker};
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::DeviceWeek;
use sotto_protocol::ids::{AccountId, DeviceId, Millis, Week};

impl Service {
    /// A device connects: notes the week, and answers when the account's devices were connected last. One that was not
    /// for too long is refused until somebody signs in on it again.
    pub async fn device_connects(&self, who: Speaker, now: Millis) -> Result<Vec<DeviceWeek>, ServiceError> {
        let mut weeks = self.store.device_weeks(who.account).await?;
        let this = Week::of(now);
        let known = weeks.iter_mut().find(|noted| noted.device == who.device);
        let last = known.as_ref().map(|noted| noted.week);
        if last.is_some_and(|week| week.is_idle_at(now)) {
            return Err(ErrorCode::DeviceIdle.into());
        }
        if last != Some(this) {
            self.store.put_device_week(who.account, who.device, this).await?;
            match known {
                Some(noted) => noted.week = this,
                None => weeks.push(DeviceWeek { device: who.device, week: this }),
            }
        }
        Ok(weeks)
    }

    /// Somebody has signed in on an idle device again.
    pub(super) async fn wake_device(
        &self,
        account: AccountId,
        device: DeviceId,
        now: Millis,
    ) -> Result<(), ServiceError> {
        if !self.is_active(Speaker { account, device }).await? {
            return Err(ErrorCode::DeviceNotListed.into());
        }
        Ok(self.store.put_device_week(account, device, Week::of(now)).await?)
    }
}
