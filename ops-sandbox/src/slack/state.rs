//! What Slack knows: its channels, their messages, and how often it may be asked.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use slack_client::{ChannelId, Window};

use super::spec::{ChannelSpec, MessageSpec};
use crate::refusal::Refusal;

/// Slack's state.
#[derive(Debug, Default)]
pub(crate) struct Slack {
    channels: Vec<ChannelSpec>,
    limit: Option<Limit>,
    /// When a page was last read.
    last: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    every: SignedDuration,
    page: usize,
}

/// Why Slack says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// There is no such channel for who asks.
    Unknown,
    /// They are not in it.
    Outside,
    /// Too often: it may be asked again after so long.
    TooOften(Duration),
    /// What was asked is malformed; its name for that.
    Wrong(&'static str),
}

impl No {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "channel_not_found",
            Self::Outside => "not_in_channel",
            Self::TooOften(_) => "ratelimited",
            Self::Wrong(name) => name,
        }
    }
}

impl From<No> for Refusal {
    fn from(no: No) -> Self {
        let words = no.name().to_owned();
        match no {
            No::Unknown => Self::NotFound(words),
            No::Outside => Self::Forbidden(words),
            No::TooOften(_) => Self::Throttled(words),
            No::Wrong(_) => Self::Invalid(words),
        }
    }
}

/// What is asked of a channel's history.
pub(super) struct Asked {
    pub(super) window: Window,
    /// Older than this.
    pub(super) before: Option<Timestamp>,
    pub(super) most: usize,
}

/// Messages, the newest first, and where the next ones begin.
pub(super) struct Pages {
    pub(super) messages: Vec<MessageSpec>,
    pub(super) next: Option<Timestamp>,
}

impl Slack {
    /// Puts a channel there, or another one in the place of that with its id.
    pub(super) fn put(&mut self, spec: ChannelSpec) {
        let mut channel = ChannelSpec { messages: Vec::new(), ..spec.clone() };
        for message in spec.messages {
            insert(&mut channel.messages, message);
        }
        self.channels.retain(|one| one.id != channel.id);
        self.channels.push(channel);
    }

    pub(super) fn post(&mut self, id: &ChannelId, message: MessageSpec) -> Result<(), No> {
        let channel = self.channels.iter_mut().find(|channel| channel.id == *id).ok_or(No::Unknown)?;
        insert(&mut channel.messages, message);
        Ok(())
    }

    pub(super) fn limit(&mut self, every: Duration, page: usize) {
        let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
        self.limit = (page > 0).then_some(Limit { every, page });
        self.last = None;
    }

    /// One page. It counts as asked whatever comes of it.
    pub(super) fn history(&mut self, id: &ChannelId, asked: &Asked, now: Timestamp) -> Result<Pages, No> {
        if let (Some(limit), Some(last)) = (self.limit, self.last)
            && let Ok(wait) = Duration::try_from(limit.every - now.duration_since(last))
            && !wait.is_zero()
        {
            return Err(No::TooOften(wait));
        }
        self.last = Some(now);
        let channel = self.channels.iter().find(|channel| channel.id == *id && (channel.member || !channel.private));
        let channel = channel.ok_or(No::Unknown)?;
        if !channel.member {
            return Err(No::Outside);
        }
        let most = self.limit.map_or(asked.most, |limit| asked.most.min(limit.page));
        let fits = |message: &&MessageSpec| {
            asked.window.holds(message.at) && asked.before.is_none_or(|before| message.at < before)
        };
        let mut left = channel.messages.iter().rev().filter(fits);
        let messages: Vec<MessageSpec> = left.by_ref().take(most).cloned().collect();
        let more = left.next().is_some();
        let next = messages.last().map(|message| message.at).filter(|_| more);
        Ok(Pages { messages, next })
    }
}

/// By its time, which no other message has: Slack knows messages by it.
fn insert(messages: &mut Vec<MessageSpec>, mut message: MessageSpec) {
    let micro = SignedDuration::from_micros(1);
    message.at = Timestamp::from_microsecond(message.at.as_microsecond()).unwrap_or(message.at);
    loop {
        match messages.binary_search_by_key(&message.at, |other| other.at) {
            Err(place) => return messages.insert(place, message),
            Ok(place) => match message.at.checked_add(micro) {
                Ok(later) => message.at = later,
                // The end of time: there is no later message.
                Err(_) => return messages.insert(place, message),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn pages_go_back_in_time_and_each_message_has_its_own() {
        let id: ChannelId = "C1".parse().unwrap();
        let mut slack = Slack::default();
        slack.put(ChannelSpec::new(id.clone()).messages([3, 1, 2, 2].map(|second| MessageSpec::new(at(second), ""))));
        let mut asked = Asked { window: Window::new(at(1), at(9)), before: None, most: 3 };
        let page = slack.history(&id, &asked, at(10)).unwrap();
        let times: Vec<_> = page.messages.iter().map(|message| message.at.as_microsecond()).collect();
        assert_eq!(times, [3_000_000, 2_000_001, 2_000_000]);
        asked.before = page.next;
        let page = slack.history(&id, &asked, at(10)).unwrap();
        assert_eq!((page.messages.len(), page.next), (1, None));
    }

    #[test]
    fn who_asks_too_often_is_told_when_to_come_again() {
        let id: ChannelId = "C1".parse().unwrap();
        let mut slack = Slack::default();
        slack.put(ChannelSpec::new(id.clone()));
        slack.limit(Duration::from_secs(60), 15);
        let asked = Asked { window: Window::new(at(0), at(9)), before: None, most: 3 };
        assert!(slack.history(&id, &asked, at(100)).is_ok());
        assert_eq!(slack.history(&id, &asked, at(130)).err(), Some(No::TooOften(Duration::from_secs(30))));
        assert!(slack.history(&id, &asked, at(160)).is_ok());
    }
}
