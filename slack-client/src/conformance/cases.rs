//! The cases.

use std::fmt::Debug;

use jiff::Timestamp;
use ops_client::conformance::{Fault, Needs, Outcome, cases, check, parsed, same, told};

use super::{ChannelPlay, Scene, Stage};
use crate::{Author, Effect, ErrorKind, Mention, Window};

/// A stage can let one page be read, and no more.
pub const RATE: Needs = Needs::Other("limit how often it is asked");

const ALL: u32 = 10_000;

cases! { pub CASES on dyn Stage:
    "a probe is answered" => probe;
    "a channel that is not there is not found" => unknown;
    "a window that ends before it begins is refused" => backwards;
    "no message at all is no question" => none;
    #[needs(Prepare)] "every transaction is found, in the newest message first" => everything;
    #[needs(Prepare)] "a window includes both its ends" => window;
    #[needs(Prepare)] "only so many messages are looked at, those nearest to the end" => limit;
    #[needs(Prepare)] "a channel without messages has none" => silence;
    #[needs(Prepare)] "a channel in which the bot is not is forbidden" => outside;
    #[needs(Prepare)] "a private channel in which the bot is not is not found" => private;
    #[needs(Prepare, RATE)] "a page that would have to be waited for ends the search" => limited;
    #[needs(Prepare, RATE)] "where not even the first page may be read, that is told" => refused_first;
    #[needs(Fault)] "a system that is away is Unavailable" => unavailable;
    #[needs(Fault)] "a token that has expired is Unauthenticated" => expired;
    #[needs(Fault)] "a page of HTML is no answer" => html;
}

async fn probe(scene: Scene<'_>) -> Outcome {
    let probe = scene.stage.slack().probe().await.map_err(told)?;
    check(!probe.address.is_empty(), "an address is told")
}

async fn unknown(scene: Scene<'_>) -> Outcome {
    let nowhere = parsed("C0000000000")?;
    refused(ErrorKind::NotFound, scene.stage.slack().transactions(&nowhere, scene.start.window, 10).await)
}

async fn backwards(scene: Scene<'_>) -> Outcome {
    let Window { from, to } = scene.start.window;
    let backwards = Window::new(to, from);
    refused(ErrorKind::Invalid, scene.stage.slack().transactions(&scene.start.channel, backwards, 10).await)
}

async fn none(scene: Scene<'_>) -> Outcome {
    refused(ErrorKind::Invalid, scene.stage.slack().transactions(&scene.start.channel, scene.start.window, 0).await)
}

async fn everything(scene: Scene<'_>) -> Outcome {
    for play in scene.scenario.channels.iter().filter(|play| play.member) {
        let found = scene.stage.slack().transactions(&play.id, scene.start.window, ALL).await.map_err(told)?;
        same("what is named", &named(play, scene.start.window), &found.found)?;
        same("how many messages", &play.messages.len(), &(found.messages as usize))?;
        check(!found.more, "these are all there are")?;
    }
    Ok(())
}

async fn window(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    for message in play.messages.iter().filter(|message| !message.names.is_empty()) {
        let exactly = Window::new(message.at, message.at);
        let found = scene.stage.slack().transactions(&play.id, exactly, ALL).await.map_err(told)?;
        same("what is named at one instant", &named(play, exactly), &found.found)?;
        let before = Window::new(Timestamp::UNIX_EPOCH, earlier(message.at)?);
        let found = scene.stage.slack().transactions(&play.id, before, ALL).await.map_err(told)?;
        same("what is named before", &named(play, before), &found.found)?;
    }
    Ok(())
}

async fn limit(scene: Scene<'_>) -> Outcome {
    let play = first(scene)?;
    let all = u32::try_from(play.messages.len()).map_err(|error| error.to_string())?;
    for limit in [1, 2, 20, 21, 40, all - 1, all, all + 1] {
        let found = scene.stage.slack().transactions(&play.id, scene.start.window, limit).await.map_err(told)?;
        same("how many messages", &limit.min(all), &found.messages)?;
        same("whether there are more", &(limit < all), &found.more)?;
        let newest = &play.messages[(all - limit.min(all)) as usize..];
        let window = Window::new(newest[0].at, scene.start.window.to);
        same("what is named", &named(play, window), &found.found)?;
    }
    Ok(())
}

async fn silence(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| play.messages.is_empty() && play.member)?;
    let found = scene.stage.slack().transactions(&play.id, scene.start.window, 1).await.map_err(told)?;
    check(found.found.is_empty() && found.messages == 0 && !found.more, "there is nothing")
}

async fn outside(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| !play.member && !play.private)?;
    refused(ErrorKind::Forbidden, scene.stage.slack().transactions(&play.id, scene.start.window, 10).await)
}

async fn private(scene: Scene<'_>) -> Outcome {
    let play = play(scene, |play| !play.member && play.private)?;
    refused(ErrorKind::NotFound, scene.stage.slack().transactions(&play.id, scene.start.window, 10).await)
}

async fn limited(scene: Scene<'_>) -> Outcome {
    scene.stage.one_page().await.map_err(told)?;
    let play = first(scene)?;
    let found = scene.stage.slack().transactions(&play.id, scene.start.window, ALL).await.map_err(told)?;
    check(found.more, "there is more")?;
    check(found.messages > 0 && (found.messages as usize) < play.messages.len(), "a part was looked at")?;
    let all = named(play, scene.start.window);
    check(all.starts_with(&found.found), "what was found is the newest of it")
}

async fn refused_first(scene: Scene<'_>) -> Outcome {
    scene.stage.one_page().await.map_err(told)?;
    let slack = scene.stage.slack();
    slack.transactions(&scene.start.channel, scene.start.window, 1).await.map_err(told)?;
    refused(ErrorKind::RateLimited, slack.transactions(&scene.start.channel, scene.start.window, 1).await)
}

async fn unavailable(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Unavailable, ErrorKind::Unavailable).await
}

async fn expired(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::ExpiredToken, ErrorKind::Unauthenticated).await
}

async fn html(scene: Scene<'_>) -> Outcome {
    failing(scene, Fault::Html, ErrorKind::Decode).await
}

/// Every operation tells of the fault.
async fn failing(scene: Scene<'_>, fault: Fault, kind: ErrorKind) -> Outcome {
    scene.stage.fault(fault).await.map_err(told)?;
    let slack = scene.stage.slack();
    refused(kind, slack.probe().await)?;
    refused(kind, slack.transactions(&scene.start.channel, scene.start.window, 10).await)
}

/// What must be found in a window, the newest first.
fn named(play: &ChannelPlay, window: Window) -> Vec<Mention> {
    let messages = play.messages.iter().rev().filter(|message| window.holds(message.at));
    let mentions = messages.flat_map(|message| {
        message.names.iter().map(move |&transaction| {
            let by = if message.bot { Author::Bot } else { Author::Person };
            let mention = Mention::new(transaction, message.at).by(by);
            if message.starts { mention.starting() } else { mention }
        })
    });
    mentions.collect()
}

fn earlier(at: Timestamp) -> Outcome<Timestamp> {
    Timestamp::from_microsecond(at.as_microsecond() - 1).map_err(|error| error.to_string())
}

fn first<'a>(scene: Scene<'a>) -> Outcome<&'a ChannelPlay> {
    scene.scenario.channels.first().ok_or_else(|| "the scenario has no channel".to_owned())
}

fn play<'a>(scene: Scene<'a>, fits: impl Fn(&ChannelPlay) -> bool) -> Outcome<&'a ChannelPlay> {
    let found = scene.scenario.channels.iter().find(|play| fits(play));
    found.ok_or_else(|| "the scenario has no such channel".to_owned())
}

/// Reading never has an effect, failed or not.
fn refused<T: Debug>(kind: ErrorKind, result: crate::Result<T>) -> Outcome {
    match result {
        Err(error) if error.kind() == kind && error.effect() == Effect::None => Ok(()),
        Err(error) => Err(format!("wanted {kind} without effect, found {:?} with {error}", error.effect())),
        Ok(value) => Err(format!("wanted {kind}, found {value:?}")),
    }
}
