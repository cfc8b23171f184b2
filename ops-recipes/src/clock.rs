//! The guard against a wrong clock: a known cause of refusals that look like something else.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use ops_plan::Finding;

/// A clock that is further off is told.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// What is to be said where this machine's clock and a system's differ.
pub(crate) fn clock(now: Timestamp, server: Option<SystemTime>, system: &str) -> Option<Finding> {
    let server = Timestamp::try_from(server?).ok()?;
    let skew = now.duration_since(server).abs();
    (skew > SKEW).then(|| {
        let text = format!("this machine's clock and {system}'s differ by {} s", skew.as_secs());
        Finding::warn("clock", text).with_advice("set the clock; it is a known cause of 403")
    })
}
