//! Slack: what was announced, who is let in, and how often.

use std::time::Duration;

use ops_client::Environment;
use ops_client::http::RetryPolicy;
use ops_sandbox::slack::{About, MessageSpec, TOKEN};
use ops_sandbox::{Operation, Server, World, scenario};
use slack_client::{ErrorKind, MessagesRead, SlackClient, Window};

pub(crate) fn client(address: &str) -> SlackClient {
    let quick = RetryPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(2));
    let slack = SlackClient::builder(Environment::new("sandbox"), address).retry(quick).build().unwrap();
    slack.with_token(TOKEN.to_owned().into())
}

#[tokio::test]
async fn the_runs_of_a_night_are_announced() {
    let (world, night) = World::nightly(1);
    let channel = scenario::announcements(&world, &night).unwrap();
    let server = Server::start(world.clone()).await.unwrap();
    let far = client(&server.slack_url());
    for slack in [&far as &dyn MessagesRead, &world.slack()] {
        let all = Window::new("2018-01-01T00:00:00Z".parse().unwrap(), "2100-01-01T00:00:00Z".parse().unwrap());
        let told = slack.transactions(&channel, all, 100).await.unwrap();
        let mut started: Vec<_> =
            told.found.iter().filter(|mention| mention.starts).map(|mention| mention.transaction).collect();
        started.sort();
        let mut wanted = vec![night.transaction, night.custom, night.yesterday];
        wanted.sort();
        assert_eq!(started, wanted);
        assert!(told.found.iter().any(|mention| !mention.starts && mention.transaction == night.transaction));
    }
    assert_eq!(world.count(Operation::SlackHistory, About::Channel(channel.clone()).subject()).calls, 2);

    world.post(&channel, MessageSpec::new(world.now(), "transaction")).unwrap();
    assert_eq!(
        world.post(&"C1".parse().unwrap(), MessageSpec::new(world.now(), "")).unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn only_the_bot_is_let_in() {
    let server = Server::start(World::seeded(1)).await.unwrap();
    let other = client(&server.slack_url()).with_token("xoxb-other".to_owned().into());
    let nobody = SlackClient::builder(Environment::new("sandbox"), &server.slack_url()).build().unwrap();
    for (slack, name) in [(other, "invalid_auth"), (nobody, "not_authed")] {
        let error = slack.probe().await.unwrap_err();
        assert!(error.kind() == ErrorKind::Unauthenticated && error.to_string().contains(name), "{error}");
    }
}

#[tokio::test]
async fn the_worlds_clock_says_when_a_page_may_be_read() {
    let (world, night) = World::nightly(1);
    world.set_time(world.now());
    let channel = scenario::announcements(&world, &night).unwrap();
    let server = Server::start(world.clone()).await.unwrap();
    world.limit_slack(Duration::from_secs(60), 2);
    let far = client(&server.slack_url());
    for slack in [&far as &dyn MessagesRead, &world.slack()] {
        world.advance(Duration::from_secs(60));
        let all = Window::new("2018-01-01T00:00:00Z".parse().unwrap(), "2100-01-01T00:00:00Z".parse().unwrap());
        let told = slack.transactions(&channel, all, 100).await.unwrap();
        assert_eq!((told.messages, told.more), (2, true));
        world.advance(Duration::from_secs(59));
        assert_eq!(slack.transactions(&channel, all, 1).await.unwrap_err().kind(), ErrorKind::RateLimited);
        world.advance(Duration::from_secs(1));
        assert_eq!(slack.transactions(&channel, all, 1).await.unwrap().messages, 1);
    }
    // No limit any more.
    world.limit_slack(Duration::ZERO, 0);
    let all = Window::new("2018-01-01T00:00:00Z".parse().unwrap(), "2100-01-01T00:00:00Z".parse().unwrap());
    assert!(!world.slack().transactions(&channel, all, 100).await.unwrap().more);
}
