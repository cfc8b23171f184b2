//! Slack.

use std::time::Duration;

use async_trait::async_trait;
use ops_sandbox::slack::{ChannelSpec, MessageSpec};
use ops_sandbox::{Server, World};
use slack_client::conformance::{Fault, Needs, Prepare, Scenario, Stage, Start, run_all};
use slack_client::{MessagesRead, Result, Window};

use super::fail;
use crate::slack::client;

struct SlackStage<P> {
    name: &'static str,
    world: World,
    port: P,
}

/// A clock that stands still: who may not ask now may not ask later either.
fn world() -> World {
    World::seeded(1).at("2018-01-18T09:00:00Z".parse().unwrap())
}

#[async_trait]
impl<P: MessagesRead> Prepare for SlackStage<P> {
    type Scenario = Scenario;
    type Start = Start;

    fn name(&self) -> &str {
        self.name
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<Start> {
        self.world.clear();
        for play in &scenario.channels {
            let messages = play.messages.iter().map(|message| {
                let spec = MessageSpec::new(message.at, &message.text);
                let spec = spec.attachments(message.attachments.clone()).blocks(message.blocks.clone());
                if message.bot { spec.by_bot() } else { spec }
            });
            let spec = ChannelSpec::new(play.id.clone()).messages(messages);
            let spec = if play.member { spec } else { spec.without_bot() };
            self.world.put_channel(if play.private { spec.private() } else { spec });
        }
        let window = Window::new("2018-01-17T12:00:00Z".parse().unwrap(), self.world.now());
        Ok(Start::new(scenario.channels[0].id.clone(), window))
    }
}

#[async_trait]
impl<P: MessagesRead> Stage for SlackStage<P> {
    fn slack(&self) -> &dyn MessagesRead {
        &self.port
    }

    async fn one_page(&self) -> Result<()> {
        self.world.limit_slack(Duration::from_secs(60), 15);
        Ok(())
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn slack_in_memory() {
    let world = world();
    let report = run_all(&SlackStage { name: "in memory", port: world.slack(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}

#[tokio::test]
async fn slack_over_sockets() {
    let world = world();
    let server = Server::start(world.clone()).await.unwrap();
    let port = client(&server.slack_url()).with_page_size(20);
    let report = run_all(&SlackStage { name: "over sockets", port, world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
