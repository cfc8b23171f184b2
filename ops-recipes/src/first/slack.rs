//! The channel in which runs are announced.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use slack_client::{ChannelId, MessagesRead, Window};

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Sign, System};

/// So far back it is tried whether messages may be read.
const LATELY: SignedDuration = SignedDuration::from_mins(10);

/// Slack's channel of announcements among the systems that are looked at first.
#[derive(Clone)]
pub struct SlackSystem {
    slack: Arc<dyn MessagesRead>,
    channel: ChannelId,
    address: String,
}

impl fmt::Debug for SlackSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackSystem")
            .field("channel", &self.channel)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl SlackSystem {
    /// A channel, at an address (no user info in it; it is printed).
    pub fn new(slack: Arc<dyn MessagesRead>, channel: ChannelId, address: impl Into<String>) -> Self {
        Self { slack, channel, address: address.into() }
    }
}

#[async_trait]
impl System for SlackSystem {
    fn name(&self) -> &str {
        "Slack"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let probe = self.slack.probe().await?;
        let now = Timestamp::try_from(probe.server_time.unwrap_or_else(SystemTime::now)).unwrap_or(Timestamp::MAX);
        let window = Window::new(now.checked_sub(LATELY).unwrap_or(now), now);
        let read = self.slack.transactions(&self.channel, window, 1).await.map(drop);
        let missing = read.as_ref().err().filter(|error| error.is_not_found()).map(ToString::to_string);
        let mut checkup = check_up(Ok(probe), read, Access::NotNeeded, &Holder::default())?;
        if let Some(why) = missing {
            checkup.read = Access::No(why);
        }
        Ok(checkup)
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<Sign>> {
        self.slack.probe().await.map(|_| Vec::new())
    }
}
