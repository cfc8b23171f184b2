//! The client: [`MessagesRead`] over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use ops_client::http::{Call, ClientBuilder, Credential, Endpoint, Reply, SecretString};
use ops_client::{Effect, Environment, Error, ErrorKind, Probe, Result};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{ChannelId, Finder, Mentions, MessagesRead, Window, wire};

const PROBE: &str = "slack.probe";
const HISTORY: &str = "slack.history";

const PAGE_SIZE: u32 = 200;
/// The most that Slack gives at once.
const MOST: u32 = 999;
const DEADLINE: Duration = Duration::from_secs(30);
/// How long who may not read now waits, where Slack does not say it.
const PAUSE: Duration = Duration::from_secs(60);
/// A message has 40,000 characters at most, and most have a few hundred.
const MAX_BODY: usize = 16 << 20;
/// No sound channel needs more, also where each page brings one message.
const MAX_PAGES: u32 = 10_000;

/// Slack. Cheap to clone.
///
/// It needs a bot's token with the scope `channels:history` (`groups:history` for a private channel), and the bot must be in the
/// channel.
#[derive(Clone, Debug)]
pub struct SlackClient {
    endpoint: Endpoint,
    finder: Finder,
    page_size: u32,
    deadline: Duration,
}

impl From<Endpoint> for SlackClient {
    fn from(endpoint: Endpoint) -> Self {
        Self { endpoint, finder: Finder::default(), page_size: PAGE_SIZE, deadline: DEADLINE }
    }
}

impl SlackClient {
    /// Where Slack is.
    pub const ADDRESS: &'static str = "https://slack.com";
    /// The most messages that an app that is not of Slack's Marketplace gets at once.
    pub const RESTRICTED_PAGE: u32 = 15;

    /// Begins a client of the Slack at `address`, below which `api` lies: [`ADDRESS`](Self::ADDRESS), or a proxy's.
    pub fn builder(environment: Environment, address: &str) -> ClientBuilder<Self> {
        ClientBuilder::new(environment, address)
    }

    /// Calls with a token, that of an app's bot.
    #[must_use]
    pub fn with_token(mut self, token: SecretString) -> Self {
        self.endpoint = self.endpoint.with_credential(Credential::bearer(token));
        self
    }

    /// Asks for so many messages at once, from 1 to 999. 200 unless said;
    /// [`RESTRICTED_PAGE`](Self::RESTRICTED_PAGE) is what some apps get at most, whatever they ask for.
    #[must_use]
    pub fn with_page_size(mut self, messages: u32) -> Self {
        self.page_size = messages.clamp(1, MOST);
        self
    }

    /// Ends a search after so long. 30 s unless said. A page that may only be read later is not waited for: what was found
    /// until then is told, with [`more`](Mentions::more).
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Finds transactions in this way.
    #[must_use]
    pub fn with_finder(mut self, finder: Finder) -> Self {
        self.finder = finder;
        self
    }

    /// Where it asks, and as whom.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// One page. Where Slack wants it to be asked for later, it is, unless that is too late.
    async fn page(&self, asked: &Asked<'_>, until: Instant) -> Result<wire::Page> {
        loop {
            let error = match timeout_at(until, self.ask(asked, left(until))).await {
                Err(_) => {
                    let message = format!("no page came within {:.1} s", self.deadline.as_secs_f64());
                    return Err(Error::new(HISTORY, ErrorKind::Timeout, Effect::None).with_message(message));
                }
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(error)) => error,
            };
            let pause = error.retry_after().unwrap_or(PAUSE).max(self.endpoint.retry().first_pause);
            if error.kind() != ErrorKind::RateLimited || pause >= left(until) {
                return Err(error);
            }
            sleep(pause).await;
        }
    }

    async fn ask(&self, asked: &Asked<'_>, left: Duration) -> Result<wire::Page> {
        // The endpoint, too, waits where it is told to: not longer than we have.
        let retry = self.endpoint.retry().clone();
        let total = retry.total.min(left);
        let endpoint = self.endpoint.with_retry(retry.with_total(total));
        let call = endpoint.get(HISTORY).segments(&["api", "conversations.history"]);
        let call = call.template("/api/conversations.history").max_body(MAX_BODY);
        let call = call.query("channel", asked.channel.as_str());
        let call =
            call.query("oldest", wire::seconds(asked.window.from)).query("latest", wire::seconds(asked.window.to));
        let call = call.query("inclusive", "true").query("limit", asked.count.to_string());
        let call = match &asked.cursor {
            Some(cursor) => call.query("cursor", cursor),
            None => call,
        };
        let reply = answered(call).await?;
        wire::page(reply.bytes(), &self.finder).map_err(|why| unread(&reply, why))
    }
}

/// What one page is asked for.
struct Asked<'a> {
    channel: &'a ChannelId,
    window: Window,
    cursor: Option<String>,
    count: u32,
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// An answer that says that it went well.
async fn answered(call: Call) -> Result<Reply> {
    let reply = call.send().await.map_err(silent)?;
    let Some(name) = wire::refused(reply.bytes()).map_err(|why| unread(&reply, why))? else { return Ok(reply) };
    let wire::Refused { kind, message, remedy } = wire::Refused::named(&name);
    let error = reply.error(kind, Effect::None, "").with_message(message);
    let error = match remedy {
        Some(remedy) => error.with_remedy(remedy),
        None => error,
    };
    Err(match reply.header("retry-after").and_then(|after| after.trim().parse().ok()) {
        Some(after) => error.with_retry_after(Duration::from_secs(after)),
        None => error,
    })
}

fn unread(reply: &Reply, why: String) -> Error {
    let error = reply.error(ErrorKind::Decode, Effect::None, "");
    if why.contains("HTML") {
        return error.with_message(why).with_remedy("check the address, and whether a proxy stands in between");
    }
    error.with_message(why)
}

/// The same failure without what the server said: whoever stands in between may repeat what it was to hand on.
fn silent(error: Error) -> Error {
    let Some(status) = error.status().filter(|status| !(200..400).contains(status)) else { return error };
    let bare = Error::new(error.op(), error.kind(), error.effect()).with_status(status);
    let mut bare = bare.with_attempts(error.attempts()).with_elapsed(error.elapsed());
    if let Some(target) = error.target() {
        bare = bare.with_target(target);
    }
    if let Some(id) = error.request_id() {
        bare = bare.with_request_id(id);
    }
    if let Some(after) = error.retry_after() {
        bare = bare.with_retry_after(after);
    }
    match error.remedy() {
        Some(remedy) => bare.with_remedy(remedy.to_owned()),
        None => bare,
    }
}

#[async_trait]
impl MessagesRead for SlackClient {
    async fn probe(&self) -> Result<Probe> {
        let call = self.endpoint.get(PROBE).segments(&["api", "auth.test"]).template("/api/auth.test");
        let reply = answered(call).await?;
        let probe = Probe::new(self.endpoint.address(), reply.elapsed());
        Ok(match reply.server_time() {
            Some(time) => probe.with_server_time(time),
            None => probe,
        })
    }

    async fn transactions(&self, channel: &ChannelId, window: Window, limit: u32) -> Result<Mentions> {
        let wrong = window.contradiction().or((limit == 0).then_some("no message at all is to be looked at"));
        if let Some(why) = wrong {
            return Err(Error::invalid(HISTORY, why).with_attempts(0));
        }
        let begun = Instant::now();
        let until = begun.checked_add(self.deadline).unwrap_or(begun);
        let mut told = Mentions::default();
        let mut asked = Asked { channel, window, cursor: None, count: self.page_size.min(limit) };
        for _ in 0..MAX_PAGES {
            let page = match self.page(&asked, until).await {
                // What was found is worth more than the rest, which nobody can tell when it comes.
                Err(error)
                    if asked.cursor.is_some()
                        && matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Timeout) =>
                {
                    return Ok(told.and_more());
                }
                page => page?,
            };
            told.found.extend(page.found);
            told.messages = told.messages.saturating_add(page.messages);
            let Some(next) = page.next else {
                return Ok(if page.more { told.and_more() } else { told });
            };
            if told.messages >= limit {
                return Ok(told.and_more());
            }
            if asked.cursor.as_ref() == Some(&next) {
                let message = "`response_metadata.next_cursor` leads to this very page";
                return Err(Error::new(HISTORY, ErrorKind::Decode, Effect::None).with_message(message));
            }
            asked.cursor = Some(next);
            asked.count = self.page_size.min(limit - told.messages);
        }
        Ok(told.and_more())
    }
}
