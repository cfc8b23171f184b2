//! «Get the transaction id»: which transaction is that of a day? Every source that knows is asked, and what they say is compared.

#[cfg(feature = "airflow")]
mod airflow;
mod answer;
mod compare;
mod log;
#[cfg(feature = "slack")]
mod slack;
mod sonar;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "airflow")]
use airflow_client::{AirflowRead, DagId};
use futures_util::future::{BoxFuture, Either, join, join_all, select};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use metapod_model::TransactionType;
use ops_client::Result;
use serde::{Deserialize, Serialize};
#[cfg(feature = "slack")]
use slack_client::{ChannelId, MessagesRead};
use sonar_client::SonarRead;

pub use answer::{Candidate, Outcome, Said, Sought, Source, Told, Verdict};
pub use log::{LoaderLog, LogSaid};

use sonar::List;

/// How long a source has for its answer, unless told.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which transaction is that of a day. It reads, and changes nothing.
///
/// Sonar lists them by date; Slack has the message that a run started; Airflow knows what it gave to the run of that day; the
/// loader's log names what it loads. Each is asked where it is there, all at once. One that fails is a line of the answer. Where two
/// of them disagree, or there are several (a CUSTOM transaction beside the DAILY one), all are listed: nothing is guessed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FindTransaction {
    /// The target date: the day on which the run runs, one day after Airflow's execution date.
    pub day: Date,
    /// Whether the day was said as «today».
    #[serde(default)]
    pub today: bool,
    /// Only of this kind.
    #[serde(default)]
    pub kind: Option<TransactionType>,
}

impl FindTransaction {
    /// That of a target date.
    pub fn of(day: Date) -> Self {
        Self { day, today: false, kind: None }
    }

    /// That of today, which is a day of UTC.
    pub fn today(now: Timestamp) -> Self {
        Self { today: true, ..Self::of(now.to_zoned(TimeZone::UTC).date()) }
    }

    /// Only of this kind.
    #[must_use]
    pub fn with_kind(mut self, kind: TransactionType) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Asks all sources, all at once, each for so long and no longer. The caller lends a clock that can wait, such as
    /// `tokio::time::sleep`.
    pub async fn look<S, F>(&self, reads: &FindReads, environment: &str, now: Timestamp, sleep: S) -> Sought
    where
        S: Fn(Duration) -> F + Send + Sync,
        F: Future<Output = ()> + Send,
    {
        let sleep = &sleep;
        let others = self.others(reads, now).into_iter();
        let others = others
            .map(|(source, asked)| async move { Told::new(source, patiently(asked, reads.patience, sleep).await) });
        let list = async {
            let sonar = reads.sonar.as_ref()?;
            Some(patiently(List::of(&**sonar), reads.patience, sleep).await)
        };
        let (list, others) = join(list, join_all(others)).await;
        let mut told: Vec<Told> = list.iter().map(|list| sonar::told(list, self.day)).collect();
        told.extend(others);
        told.extend(reads.failed.iter().map(|(source, why)| Told::new(*source, Err(why.clone()))));
        let list = list.and_then(std::result::Result::ok).unwrap_or_default();
        compare::compare(self, environment, now, told, &list)
    }

    /// The sources besides Sonar.
    fn others<'a>(&self, reads: &'a FindReads, now: Timestamp) -> Vec<(Source, BoxFuture<'a, Result<Outcome>>)> {
        let mut others: Vec<(Source, BoxFuture<'a, Result<Outcome>>)> = Vec::new();
        #[cfg(feature = "slack")]
        if let Some((slack, channel)) = &reads.slack {
            others.push((Source::Slack, Box::pin(slack::ask(&**slack, channel, self.day, now))));
        }
        #[cfg(feature = "airflow")]
        if let Some((airflow, dags)) = &reads.airflow {
            others.push((Source::Airflow, Box::pin(airflow::ask(&**airflow, dags, self.day))));
        }
        #[cfg(not(feature = "slack"))]
        let _ = now;
        if let Some(log) = &reads.log {
            others.push((Source::Log, Box::pin(log::ask(&**log, self.day))));
        }
        others
    }
}

/// An answer, or that none came in time. A failure is told in words.
async fn patiently<T, S, F>(
    asked: impl Future<Output = Result<T>> + Send,
    patience: Duration,
    sleep: &S,
) -> std::result::Result<T, String>
where
    S: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    match select(Box::pin(asked), Box::pin(sleep(patience))).await {
        Either::Left((answer, _)) => answer.map_err(|error| error.to_string()),
        Either::Right(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}

/// Who is asked. Each is optional.
#[derive(Clone)]
#[non_exhaustive]
pub struct FindReads {
    /// Sonar, which lists all transactions.
    pub sonar: Option<Arc<dyn SonarRead>>,
    /// Slack, and the channel in which runs are announced.
    #[cfg(feature = "slack")]
    pub slack: Option<(Arc<dyn MessagesRead>, ChannelId)>,
    /// Airflow, and the DAGs that make transactions.
    #[cfg(feature = "airflow")]
    pub airflow: Option<(Arc<dyn AirflowRead>, Vec<DagId>)>,
    /// The loader's log.
    pub log: Option<Arc<dyn LoaderLog>>,
    /// Those that cannot be asked, and why: each is a line of the answer.
    pub failed: Vec<(Source, String)>,
    /// How long each may take.
    pub patience: Duration,
}

impl Default for FindReads {
    fn default() -> Self {
        Self {
            sonar: None,
            #[cfg(feature = "slack")]
            slack: None,
            #[cfg(feature = "airflow")]
            airflow: None,
            log: None,
            failed: Vec::new(),
            patience: PATIENCE,
        }
    }
}

impl fmt::Debug for FindReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FindReads")
            .field("failed", &self.failed)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl FindReads {
    /// Nobody yet. Each has ten seconds.
    pub fn new() -> Self {
        Self::default()
    }

    /// With Sonar.
    #[must_use]
    pub fn with_sonar(mut self, sonar: Arc<dyn SonarRead>) -> Self {
        self.sonar = Some(sonar);
        self
    }

    /// With Slack, and the channel in which runs are announced.
    #[cfg(feature = "slack")]
    #[must_use]
    pub fn with_slack(mut self, slack: Arc<dyn MessagesRead>, channel: ChannelId) -> Self {
        self.slack = Some((slack, channel));
        self
    }

    /// With Airflow, and the DAGs that make transactions.
    #[cfg(feature = "airflow")]
    #[must_use]
    pub fn with_airflow(mut self, airflow: Arc<dyn AirflowRead>, dags: impl IntoIterator<Item = DagId>) -> Self {
        self.airflow = Some((airflow, dags.into_iter().collect()));
        self
    }

    /// With the loader's log. [`LogSaid`] is one that was read already.
    #[must_use]
    pub fn with_log(mut self, log: Arc<dyn LoaderLog>) -> Self {
        self.log = Some(log);
        self
    }

    /// With one that should be asked, and cannot be: a secret is missing, an address is wrong.
    #[must_use]
    pub fn with_failed(mut self, source: Source, why: impl Into<String>) -> Self {
        self.failed.push((source, why.into()));
        self
    }

    /// With another time for each.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}
