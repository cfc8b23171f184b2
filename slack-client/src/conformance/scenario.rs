//! The scenario that all stages play: a channel with a night's messages, one without any, and two that may not be read.

use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::{ChannelId, TransactionId};

/// All channels that there are.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scenario {
    /// The first one is the one to look at.
    pub channels: Vec<ChannelPlay>,
}

/// One channel of a scenario.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct ChannelPlay {
    /// Its id.
    pub id: ChannelId,
    /// Whether the bot is in it.
    pub member: bool,
    /// Whether it is private: who is not in it is told that it is not there.
    #[serde(default)]
    pub private: bool,
    /// Its messages, the oldest first.
    pub messages: Vec<MessagePlay>,
}

/// One message of a scenario.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct MessagePlay {
    /// When it was written.
    pub at: Timestamp,
    /// Whether a program wrote it.
    #[serde(default)]
    pub bot: bool,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// Its attachments.
    #[serde(default)]
    pub attachments: Value,
    /// Its blocks.
    #[serde(default)]
    pub blocks: Value,
    /// The transactions that must be found in it.
    #[serde(default)]
    pub names: Vec<TransactionId>,
    /// Whether it says that a run started.
    #[serde(default)]
    pub starts: bool,
    /// So many messages of nobody in particular stand before it, a second apart.
    #[serde(default)]
    pub after: u32,
}

impl Scenario {
    /// The shipped file, as text: `conformance/scenario.json`.
    pub const JSON: &'static str = include_str!("../../conformance/scenario.json");

    /// The shipped scenario.
    ///
    /// # Errors
    /// `Decode`, where the shipped file is broken.
    pub fn shipped() -> Result<Self> {
        let broken = || {
            Error::new("slack.conformance", ErrorKind::Decode, Effect::None).with_message("the scenario cannot be read")
        };
        let mut channels: Vec<ChannelPlay> =
            serde_json::from_str(Self::JSON).map_err(|error| broken().with_source(error))?;
        for channel in &mut channels {
            channel.messages =
                std::mem::take(&mut channel.messages).into_iter().flat_map(MessagePlay::unfolded).collect();
        }
        Ok(Self { channels })
    }
}

impl MessagePlay {
    /// The messages that stand before it, and it.
    fn unfolded(self) -> Vec<Self> {
        let chatter = (1..=self.after).rev().filter_map(|n| {
            let at = Timestamp::from_second(self.at.as_second() - i64::from(n)).ok()?;
            let text = format!("still {n} to go");
            Some(Self { at, text, bot: false, names: Vec::new(), starts: false, after: 0, ..self.bare() })
        });
        let mut all: Vec<Self> = chatter.collect();
        all.push(Self { after: 0, ..self });
        all
    }

    fn bare(&self) -> Self {
        let (attachments, blocks) = (Value::Null, Value::Null);
        Self { attachments, blocks, text: String::new(), names: Vec::new(), ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenario_has_what_the_cases_need() {
        let channels = Scenario::shipped().unwrap().channels;
        let messages = &channels[0].messages;
        assert!(messages.len() > 60, "more than three pages");
        assert!(messages.is_sorted_by(|before, after| before.at < after.at));
        assert!(messages.iter().filter(|message| message.starts).count() == 2);
        assert!(channels[1].messages.is_empty() && channels[1].member);
        assert!(!channels[2].member && !channels[2].private && channels[3].private);
    }
}
