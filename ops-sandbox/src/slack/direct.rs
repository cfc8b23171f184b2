//! What a test does to Slack behind everybody's back: no fault hits it, nothing is logged.

use std::time::Duration;

use ops_client::Result;
use slack_client::ChannelId;

use super::port::SlackPort;
use super::spec::{ChannelSpec, MessageSpec};
use crate::World;
use crate::refusal::Refusal;

/// Slack: its channels, and what is written there.
impl World {
    /// Slack's port.
    pub fn slack(&self) -> SlackPort {
        SlackPort::new(self.clone())
    }

    /// Puts a channel there, or another one in the place of that with its id.
    pub fn put_channel(&self, spec: ChannelSpec) {
        self.state().slack.put(spec);
    }

    /// Writes a message in a channel. Where there is one of that microsecond already, it is a microsecond later.
    ///
    /// # Errors
    /// `NotFound` for an unknown channel.
    pub fn post(&self, channel: &ChannelId, message: MessageSpec) -> Result<()> {
        self.state().slack.post(channel, message).map_err(|no| Refusal::from(no).directly())
    }

    /// From now on a page may be read each so long, by the world's clock, and has at most so many messages; with none there is no
    /// limit any more. To some apps Slack gives 15 messages a minute.
    pub fn limit_slack(&self, every: Duration, page: usize) {
        self.state().slack.limit(every, page);
    }
}
