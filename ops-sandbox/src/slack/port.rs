//! Slack in memory.

use std::time::Duration;

use async_trait::async_trait;
use slack_client::{
    Author, ChannelId, Error, ErrorKind, Finder, Mention, Mentions, MessagesRead, Probe, Result, Window,
};

use super::About;
use super::spec::MessageSpec;
use super::state::{Asked, Pages};
use crate::refusal::Refusal;
use crate::world::Done;
use crate::{Operation, World};

/// How many messages a page has.
const PAGE: u32 = 200;

/// Slack in memory. Faults hit it as they hit the real client, which does not try again here, and waits for no page.
#[derive(Clone, Debug)]
pub struct SlackPort {
    world: World,
}

impl SlackPort {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    async fn page(&self, channel: &ChannelId, asked: Asked) -> Result<Pages> {
        let about = About::Channel(channel.clone());
        let act = |state: &mut crate::world::State| {
            let now = state.now();
            state.slack.history(channel, &asked, now).map(Done::same).map_err(Refusal::from)
        };
        self.world.call(Operation::SlackHistory, about.subject(), Refusal::told, act).await
    }
}

#[async_trait]
impl MessagesRead for SlackPort {
    async fn probe(&self) -> Result<Probe> {
        let told = |state: &mut crate::world::State| {
            Ok(Done::same(Probe::new("memory", Duration::ZERO).with_server_time(state.now().into())))
        };
        self.world.call(Operation::SlackProbe, About::Everything.subject(), Refusal::told, told).await
    }

    async fn transactions(&self, channel: &ChannelId, window: Window, limit: u32) -> Result<Mentions> {
        let wrong = window.contradiction().or((limit == 0).then_some("no message at all is to be looked at"));
        if let Some(why) = wrong {
            return Err(Error::invalid(Operation::SlackHistory.name(), why).with_attempts(0));
        }
        let (mut told, mut before) = (Mentions::default(), None);
        loop {
            let most = PAGE.min(limit - told.messages) as usize;
            let page = match self.page(channel, Asked { window, before, most }).await {
                Err(error) if before.is_some() && error.kind() == ErrorKind::RateLimited => return Ok(told.and_more()),
                page => page?,
            };
            told.messages += u32::try_from(page.messages.len()).unwrap_or(PAGE);
            told.found.extend(page.messages.iter().flat_map(mentions));
            before = page.next;
            if before.is_none() {
                return Ok(told);
            }
            if told.messages >= limit {
                return Ok(told.and_more());
            }
        }
    }
}

/// What a message names, as the client reads it.
fn mentions(message: &MessageSpec) -> Vec<Mention> {
    let nested = [&message.attachments, &message.blocks].map(|value| {
        let mut words = String::new();
        gather(value, &mut words);
        words
    });
    let texts = [message.text.clone()].into_iter().chain(nested);
    let (mut found, mut starts): (Vec<Mention>, bool) = (Vec::new(), false);
    let by = if message.bot { Author::Bot } else { Author::Person };
    for text in texts {
        starts |= text.to_ascii_lowercase().contains("started running");
        for id in Finder::default().transactions(&text) {
            if found.iter().all(|mention| mention.transaction != id) {
                found.push(Mention::new(id, message.at).by(by));
            }
        }
    }
    found.into_iter().map(|mention| if starts { mention.starting() } else { mention }).collect()
}

/// All texts of a value, a line each.
fn gather(value: &serde_json::Value, words: &mut String) {
    match value {
        serde_json::Value::String(text) => {
            words.push_str(text);
            words.push('\n');
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| gather(item, words)),
        serde_json::Value::Object(fields) => {
            let worded = fields.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "block_id"));
            worded.for_each(|(_, value)| gather(value, words));
        }
        _ => {}
    }
}
