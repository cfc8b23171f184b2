//! Tells a command or a webhook how runs go. It never holds up a run: news go to a thread of their own, and what fails
//! there is only logged.

use std::process::Stdio;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use ops_client::http::{Endpoint, ExposeSecret};
use ops_client::{Effect, Environment, Error, ErrorKind};
use ops_plan::{Event, Outcome, Plan, Progress, Watcher};
use serde::Serialize;
use tokio::io::AsyncWriteExt;

use crate::config::Notify;
use crate::connect::webhook;

/// One piece of news may take so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// So long the program waits at its end for news that are still on their way.
const LAST_NEWS: Duration = Duration::from_secs(12);

/// What a run is, for those who are told about it.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// Its folder, once there is one.
    pub run: String,
    /// The recipe.
    pub recipe: String,
    /// Where.
    pub environment: String,
    /// What it does.
    pub title: String,
    /// Who runs it.
    pub operator: String,
}

impl Subject {
    /// What a plan is, in a run.
    pub fn of(plan: &Plan, run: &str, operator: &str) -> Self {
        let head = plan.head();
        Self {
            run: run.to_owned(),
            recipe: head.recipe.clone(),
            environment: head.target.environment.clone(),
            title: head.title.clone(),
            operator: operator.to_owned(),
        }
    }
}

/// A piece of news, as it travels.
#[derive(Clone, Debug, Serialize)]
struct News {
    /// `approved`, `stopped`, `done` or `overdue`.
    event: &'static str,
    /// In one line; chat systems show this field.
    text: String,
    #[serde(flatten)]
    subject: Subject,
}

/// Tells how runs go.
#[derive(Debug)]
pub struct Notifier {
    news: Mutex<Option<Sender<News>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Notifier {
    /// Tells those whom the configuration names; `None` where it names nobody.
    pub fn start(notify: &Notify) -> Option<Self> {
        if *notify == Notify::default() {
            return None;
        }
        let (sender, receiver) = channel();
        let notify = notify.clone();
        let thread = std::thread::Builder::new().name("notify".into()).spawn(move || tell(&notify, &receiver));
        match thread {
            Ok(thread) => Some(Self { news: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) }),
            Err(error) => {
                tracing::warn!(%error, "nobody can be notified");
                None
            }
        }
    }

    /// Tells one thing, at once, without waiting.
    pub fn tell(&self, event: &'static str, text: impl Into<String>, subject: Subject) {
        if let Ok(news) = self.news.lock()
            && let Some(news) = &*news
        {
            let _ = news.send(News { event, text: text.into(), subject });
        }
    }

    /// Waits a little for news that are still on their way.
    pub fn finish(&self) {
        if let Ok(mut news) = self.news.lock() {
            *news = None;
        }
        let Some(thread) = self.thread.lock().ok().and_then(|mut thread| thread.take()) else { return };
        let end = std::time::Instant::now() + LAST_NEWS;
        while !thread.is_finished() && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One run, watched for those who are told.
#[derive(Debug)]
pub struct Watch {
    /// Who tells.
    pub notifier: std::sync::Arc<Notifier>,
    /// What the run is.
    pub subject: Subject,
}

impl Watcher for Watch {
    fn saw(&self, event: &Event, progress: &Progress) {
        let title = &self.subject.title;
        let (word, text) = match event {
            Event::Approved { approval } => ("approved", format!("[approved by {}] {title}", approval.who)),
            Event::Ended { outcome } => {
                let word = if *outcome == Outcome::Done { "done" } else { "stopped" };
                (word, format!("[{outcome}] {title}: {} of {} done", progress.done, progress.total))
            }
            _ => return,
        };
        self.notifier.tell(word, text, self.subject.clone());
    }
}

fn tell(notify: &Notify, news: &Receiver<News>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::warn!(%error, "nobody can be notified"),
    };
    while let Ok(news) = news.recv() {
        let both = async {
            if !notify.command.is_empty() {
                judge("command", tokio::time::timeout(PATIENCE, command(&notify.command, &news)).await);
            }
            if notify.webhook.is_some() {
                judge("webhook", tokio::time::timeout(PATIENCE, post(notify, &news)).await);
            }
        };
        runtime.block_on(both);
    }
}

fn judge(what: &str, came: Result<Result<(), Error>, tokio::time::error::Elapsed>) {
    match came {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, what, "a notification failed"),
        Err(_) => tracing::warn!(what, "a notification took too long"),
    }
}

async fn command(words: &[String], news: &News) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::new("notify.command", ErrorKind::Other, Effect::Possible).with_source(error);
    let [program, arguments @ ..] = words else { return Ok(()) };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        // Ctrl-C is meant for the run, not for whoever tells about it.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        let text = serde_json::to_vec(news).unwrap_or_default();
        // A command that does not read its input is told by its arguments alone.
        let _ = stdin.write_all(&text).await;
    }
    let status = child.wait().await.map_err(failed)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::new("notify.command", ErrorKind::Other, Effect::Possible)
        .with_message(format!("it ended with {status}")))
}

async fn post(notify: &Notify, news: &News) -> Result<(), Error> {
    let Some(reference) = &notify.webhook else { return Ok(()) };
    let address = webhook(reference).await?;
    let environment = Environment::new(news.subject.environment.as_str());
    // The address is a secret: what is said about a failure must not repeat it.
    let quiet = |error: Error| {
        let status = error.status().map_or(String::new(), |status| format!(", status {status}"));
        Error::new("notify.webhook", error.kind(), error.effect()).with_message(format!("not delivered{status}"))
    };
    let endpoint = Endpoint::builder(environment, address.expose_secret()).build().map_err(quiet)?;
    endpoint.post("notify.webhook").json(news).send().await.map(drop).map_err(quiet)
}
