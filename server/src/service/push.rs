//! Where the devices of an account take notices.

use super::{Service, ServiceError, Speaker};
use crate::store::PushRow;
use sotto_protocol::error::ErrorCode;
use sotto_protocol::frame::PushEndpoint;
use sotto_protocol::ids::Millis;

impl Service {
    /// Notes where the speaking device takes notices, or that it takes none.
    pub async fn put_push(
        &self,
        who: Speaker,
        endpoint: Option<PushEndpoint>,
        now: Millis,
    ) -> Result<(), ServiceError> {
        let Some(endpoint) = endpoint else {
            return Ok(self.store.forget_push(who.account, who.device, None).await?);
        };
        let row = PushRow { device: who.device, account: who.account, endpoint };
        if self.store.put_push(row, now).await? { Ok(()) } else { Err(ErrorCode::DeviceNotListed.into()) }
    }
}
