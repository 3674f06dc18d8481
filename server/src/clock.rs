//! The time, as a parameter.

use sotto_protocol::ids::Millis;

/// Tells the time. Only the binary has one that looks at the system's clock.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Millis;
}
