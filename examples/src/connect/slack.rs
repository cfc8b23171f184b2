//! Slack: the channel in which runs are announced. Few programs ask it, so its token is read when they do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::http::Credential;
use ops_recipes::first::{Checkup, Sign, SlackSystem, System};
use slack_client::{ChannelId, Finder, MessagesRead, SlackClient};

use super::Reach;
use super::way::Way;
use crate::config::Slack as Settings;
use crate::exit::Failure;

const SLACK: (&str, &str) = ("Slack", "slack.address");
/// Two searches fit into the time for which a program waits, so that what was found until then is told.
const DEADLINE: Duration = Duration::from_secs(4);

/// Slack, and the channel.
pub type Announced = (Arc<dyn MessagesRead>, ChannelId);

impl Reach {
    /// The channel in which runs are announced, where one is configured; in the embedded sandbox, that of the night.
    ///
    /// # Errors
    /// Where the channel is none, the token is missing, or a client cannot be built.
    pub async fn slack(&self) -> Option<Result<Announced, Failure>> {
        if let Some(sandbox) = &self.sandbox {
            let channel = ops_sandbox::scenario::announcements(sandbox.world(), &sandbox.night);
            let slack: Arc<dyn MessagesRead> = Arc::new(sandbox.world().slack());
            return Some(channel.map(|channel| (slack, channel)).map_err(Failure::from));
        }
        let settings = self.settings.slack.as_ref()?;
        Some(self.reach_slack(settings).await)
    }

    async fn reach_slack(&self, settings: &Settings) -> Result<Announced, Failure> {
        let channel = settings.channel.parse();
        let channel = channel.map_err(|error| Failure::usage(format!("slack.channel: {error}")))?;
        let credential = match &settings.token {
            Some(token) => token.bearer().await?,
            None => Credential::none(),
        };
        let way = Way::new(&self.target.environment, &self.settings)?;
        let client: SlackClient = way.client(SLACK, settings.address(), credential)?;
        let client = client.with_deadline(DEADLINE).with_page_size(settings.page_size.unwrap_or(200));
        // A link to Sonar as this environment has it is a link to Sonar, whatever its name.
        let links = [settings.links.as_deref(), self.settings.sonar_url.as_deref()];
        let finder = links.into_iter().flatten().fold(Finder::default(), Finder::with_links);
        Ok((Arc::new(client.with_finder(finder)), channel))
    }
}

impl Reach {
    /// The systems that are looked at first, Slack among them.
    pub(super) async fn systems_and_slack(&self) -> Vec<Arc<dyn System>> {
        let mut systems = self.systems();
        let address = self.settings.slack.as_ref().map_or("this process", Settings::address).to_owned();
        match self.slack().await {
            None => {}
            Some(Ok((slack, channel))) => systems.push(Arc::new(SlackSystem::new(slack, channel, address))),
            Some(Err(failure)) => systems.push(Arc::new(NotReached { address, why: failure.to_string() })),
        }
        systems
    }
}

/// A system whose token is not there: a line, and no reason to be silent of all others.
struct NotReached {
    address: String,
    why: String,
}

impl NotReached {
    fn error(&self) -> ops_client::Error {
        ops_client::Error::invalid("slack.connect", self.why.clone()).with_attempts(0)
    }
}

#[async_trait]
impl System for NotReached {
    fn name(&self) -> &str {
        "Slack"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> ops_client::Result<Checkup> {
        Err(self.error())
    }

    async fn signs(&self, _: Timestamp) -> ops_client::Result<Vec<Sign>> {
        Err(self.error())
    }
}
