//! Slack: the message that a run started.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;
use slack_client::{Author, ChannelId, Mention, Mentions, MessagesRead, Window};

use super::{Outcome, Said};
use crate::words::count;

/// A run may start a little before its day does, by another clock.
const EARLY: SignedDuration = SignedDuration::from_mins(15);
/// Until then the nightly run has been announced.
const SOON: SignedDuration = SignedDuration::from_hours(2);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// So many messages are looked at around the start, and in the rest of the day.
const FIRST: u32 = 200;
const REST: u32 = 1_000;

/// The transactions whose runs were announced on a day: around midnight in UTC, or else later.
///
/// Slack gives the newest messages first, and to some apps few of them a minute: so it is asked for the likely hours first.
pub(super) async fn ask(slack: &dyn MessagesRead, channel: &ChannelId, day: Date, now: Timestamp) -> Result<Outcome> {
    let Ok(midnight) = day.to_zoned(TimeZone::UTC).map(|start| start.timestamp()) else {
        return Ok(Outcome::default());
    };
    let at = |after| midnight.saturating_add(after).unwrap_or(now);
    let from = at(-EARLY);
    if from > now {
        return Ok(Outcome::default().noting("that day has not begun"));
    }
    let near = slack.transactions(channel, Window::new(from, at(SOON).min(now)), FIRST).await?;
    let announced = near.found.iter().any(|mention| mention.starts);
    if announced || now <= at(SOON) {
        return Ok(outcome(&near));
    }
    match slack.transactions(channel, Window::new(at(SOON), at(DAY).min(now)), REST).await {
        Ok(far) => {
            let more = near.more || far.more;
            let both = Mentions::new([far.found, near.found].concat(), far.messages.saturating_add(near.messages));
            Ok(outcome(&if more { both.and_more() } else { both }))
        }
        Err(error) => Ok(outcome(&near).noting(format!("the rest of the day was not looked at: {error}"))),
    }
}

fn outcome(told: &Mentions) -> Outcome {
    let starts = |mention: &&Mention| mention.starts;
    let announced: Vec<&Mention> = told.found.iter().filter(starts).collect();
    let (chosen, how) = if announced.is_empty() {
        // A failure's message names its run, too; what people write may be about anything.
        let programs = told.found.iter().filter(|mention| mention.by != Author::Person);
        (programs.collect(), "named by a program")
    } else {
        (announced, "announced")
    };
    // The newest come first, and the first one that named it counts.
    let mut said: Vec<Said> = Vec::new();
    for mention in chosen.into_iter().rev() {
        if said.iter().all(|one| one.transaction != mention.transaction) {
            said.push(Said::new(mention.transaction, how).since(Some(mention.at)));
        }
    }
    let none = said.is_empty();
    let mut outcome = Outcome::new(said);
    if none {
        outcome =
            outcome.noting(format!("{} of that time, none announces a run", count(told.messages as usize, "message")));
    }
    if told.more { outcome.noting("not all messages of that time were looked at") } else { outcome }
}
