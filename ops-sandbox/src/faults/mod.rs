//! Faults on demand: what the network and the servers do on a bad night.

mod in_memory;
mod plan;

use std::time::Duration;

pub(crate) use in_memory::whole_seconds;
pub use plan::{Faults, Target};

/// One way in which a call goes wrong. Over sockets it is real; in memory it becomes the error that a client reports
/// which does not try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// All is well, but the answer comes this much later. Whoever waits less gives up on a call that took effect.
    Delay(Duration),
    /// This status; nothing happens.
    Status(u16),
    /// This status, although it happened: a gateway that lost patience while the work went on.
    StatusAfterEffect(u16),
    /// 429 with `Retry-After`, in whole seconds; nothing happens.
    Throttle {
        /// How long the caller shall wait; rounded up to whole seconds, as the header has them.
        retry_after: Duration,
    },
    /// The connection ends without an answer; nothing happens.
    DropBeforeEffect,
    /// It happens, then the connection ends without an answer.
    DropAfterEffect,
    /// It happens, and the connection ends in the middle of the answer.
    HalfBody,
    /// 401, as if the token had expired; nothing happens.
    ExpiredToken,
    /// A web page with status 200, as a proxy gives instead of the system's answer; nothing happens.
    Html,
}

impl Fault {
    /// Every way in which a sound system fails on a bad night, each kind as often as the others: the 5xx are one kind. Delays
    /// are short and a throttled caller may come again at once, so that a long run under faults stays a short test. A proxy's
    /// page ([`Fault::Html`]) is not among them: that is another address, not a bad night.
    pub const EVERY_WAY: [[Self; 4]; 7] = [
        [Self::Delay(Duration::from_millis(20)); 4],
        [Self::Status(500), Self::Status(502), Self::Status(503), Self::StatusAfterEffect(504)],
        [Self::Throttle { retry_after: Duration::ZERO }; 4],
        [Self::DropBeforeEffect; 4],
        [Self::DropAfterEffect; 4],
        [Self::HalfBody; 4],
        [Self::ExpiredToken; 4],
    ];

    /// Whether the effect takes place all the same.
    pub fn takes_effect(self) -> bool {
        matches!(self, Self::Delay(_) | Self::StatusAfterEffect(_) | Self::DropAfterEffect | Self::HalfBody)
    }

    /// Whether the caller can know for certain that nothing happened.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::Throttle { .. } | Self::ExpiredToken)
            || matches!(self, Self::Status(status) if (400..500).contains(&status) && status != 408)
    }
}

/// A page as a proxy sends it.
pub(crate) const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
    <body><h1>Sign in</h1><p>Your session has ended.</p></body></html>\n";
