//! What a call is about, as the log has it.

use slack_client::ChannelId;
use uuid::Uuid;

/// What a call to Slack is about. Each thing has its own UUID in the log, made from its name (version 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Nothing in particular.
    Everything,
    /// A channel.
    Channel(ChannelId),
}

impl About {
    /// What stands for it in the log.
    pub fn subject(&self) -> Uuid {
        match self {
            Self::Everything => Uuid::nil(),
            Self::Channel(id) => Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("slack/channels/{id}").as_bytes()),
        }
    }
}
