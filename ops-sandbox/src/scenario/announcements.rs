//! What was written in the channel of the runs on the night of [`nightly`](super::nightly()).

use jiff::{SignedDuration, Timestamp};
use metapod_client::TransactionId;
use ops_client::{Error, Result};
use serde_json::json;
use slack_client::ChannelId;

use super::Nightly;
use crate::World;
use crate::slack::{ChannelSpec, MessageSpec};

const CHANNEL: &str = "C0ETLUPDATES";

/// A channel in which each run of the night was announced when it started: the daily one, the CUSTOM one, and yesterday's. People
/// write beside it, and a failure names its transaction in a link.
///
/// # Errors
/// None that a sound world gives.
pub fn announcements(world: &World, night: &Nightly) -> Result<ChannelId> {
    let channel: ChannelId = CHANNEL
        .parse()
        .map_err(|error: slack_client::ParseError| Error::invalid("sandbox.world", error.to_string()))?;
    let soon = SignedDuration::from_secs(6);
    let begun = |id: TransactionId| started(world, id).saturating_add(soon).unwrap_or_else(|_| world.now());
    let (tonight, custom) = (begun(night.transaction), begun(night.custom));
    let chatter = MessageSpec::new(later(tonight, 61), "good night, and have an eye on the models");
    let failure = MessageSpec::new(later(tonight, 480), "").by_bot().attachments(json!([{
        "color": "danger", "title": "Airflow failure",
        "text": format!("[PROD] *fx-model* <https://sonar.example.com/#/transactions/{}|Sonar>", night.transaction)}]));
    let messages = [
        announcement(begun(night.yesterday), "dagao", night.yesterday),
        announcement(tonight, "dagao", night.transaction),
        chatter,
        failure,
        announcement(custom, "bacen-reports", night.custom),
    ];
    world.put_channel(ChannelSpec::new(channel.clone()).messages(messages));
    Ok(channel)
}

fn announcement(at: Timestamp, dag: &str, transaction: TransactionId) -> MessageSpec {
    MessageSpec::new(at, format!("Airflow started running a {dag}")).by_bot().attachments(json!([{
        "color": "good",
        "fields": [
            {"title": "Metapod transaction", "short": false, "value":
                format!("<https://sonar.example.com/#/transactions/{transaction}|{transaction}>")},
            {"title": "itaipu", "value": "e4b90d2", "short": true},
            {"title": "scale-cluster", "value": "4945885", "short": true}]}]))
}

fn started(world: &World, id: TransactionId) -> Timestamp {
    let state = world.state();
    let held = state.catalogue.transactions().iter().find(|one| one.id == id);
    held.map_or_else(|| state.now(), |one| one.started_at)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(at)
}
