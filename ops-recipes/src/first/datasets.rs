//! Sonar and Metapod among the systems that are looked at first.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use metapod_client::MetapodRead;
use metapod_model::{TransactionId, TransactionType};
use ops_client::{Error, Result};
use sonar_client::{DatasetFilter, SonarRead, Transaction};

use super::checkup::{Holder, check_up};
use super::{Access, Checkup, Severity, Sign, System};
use crate::words::count;

/// A nightly run that is not complete after so long overruns (assumed; see [`SonarSystem::with_limits`]).
const OVERRUN: SignedDuration = SignedDuration::from_hours(14);
/// A run in which nothing is committed for so long is stuck (assumed).
const STILL: SignedDuration = SignedDuration::from_hours(2);
/// Older runs are no longer tonight's business.
const RECENT: SignedDuration = SignedDuration::from_hours(48);

/// Sonar, as the first looks see it.
#[derive(Clone)]
pub struct SonarSystem {
    sonar: Arc<dyn SonarRead>,
    environment: String,
    address: String,
    holder: Holder,
    overrun: SignedDuration,
    still: SignedDuration,
}

impl std::fmt::Debug for SonarSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SonarSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl SonarSystem {
    /// Sonar of an environment at an address (no user info in it; it is printed).
    pub fn new(sonar: Arc<dyn SonarRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            sonar,
            environment: environment.into(),
            address: address.into(),
            holder: Holder::default(),
            overrun: OVERRUN,
            still: STILL,
        }
    }

    /// With what the credential says of itself.
    #[must_use]
    pub fn with_holder(mut self, who: Option<String>, expires: Option<Timestamp>) -> Self {
        self.holder = Holder { who, expires };
        self
    }

    /// With how long a run may take, and how long it may commit nothing.
    #[must_use]
    pub fn with_limits(mut self, overrun: SignedDuration, still: SignedDuration) -> Self {
        (self.overrun, self.still) = (overrun, still);
        self
    }

    /// What is wrong with one run.
    async fn run(&self, run: &Transaction, now: Timestamp) -> Result<Option<Sign>> {
        let Some(started) = run.started_at else { return Ok(None) };
        let datasets = self.sonar.datasets(run.id, &DatasetFilter::all()).await?;
        let open = datasets.iter().filter(|dataset| !dataset.committed && dataset.aborted_at.is_none()).count();
        if open == 0 {
            return Ok(None);
        }
        let kind = run.transaction_type.as_ref().map_or("run", |kind| kind.as_str());
        let day = run.target_date.map_or(String::new(), |day| format!(" of {day}"));
        let what = format!("{kind}{day}: {open} of {} not committed", count(datasets.len(), "dataset"));
        let next = format!("triage-failure --env {} --transaction {}", self.environment, run.id);
        let last = datasets.iter().filter_map(|dataset| dataset.committed_at).max().unwrap_or(started);
        if now.duration_since(last) > self.still {
            let what = format!("{what}, and nothing was committed lately");
            return Ok(Some(Sign::new(Severity::Stuck, what).since(last).next(next)));
        }
        if now.duration_since(started) > self.overrun {
            return Ok(Some(Sign::new(Severity::Stuck, format!("{what}, the run overruns")).since(started).next(next)));
        }
        Ok(None)
    }
}

#[async_trait]
impl System for SonarSystem {
    fn name(&self) -> &str {
        "Sonar"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let nothing = nothing()?;
        let (probe, read) = join(self.sonar.probe(), self.sonar.transaction(nothing)).await;
        check_up(probe, read.map(drop), Access::NotNeeded, &self.holder)
    }

    async fn signs(&self, now: Timestamp) -> Result<Vec<Sign>> {
        let drives_loads = |kind: &TransactionType| matches!(kind, TransactionType::Daily | TransactionType::Hotfix);
        let all = self.sonar.transactions().await?;
        let mut signs = Vec::new();
        let today = now.to_zoned(TimeZone::UTC).date();
        let daily = |run: &&Transaction| run.transaction_type == Some(TransactionType::Daily);
        if !all.iter().filter(daily).any(|run| run.target_date == Some(today)) {
            let what = format!("no DAILY transaction of target date {today} (UTC)");
            signs.push(Sign::new(Severity::Odd, what));
        }
        let recent = all.iter().filter(|run| {
            run.transaction_type.as_ref().is_some_and(drives_loads)
                && run.started_at.is_some_and(|at| now.duration_since(at) < RECENT)
        });
        for run in recent {
            signs.extend(self.run(run, now).await?);
        }
        Ok(signs)
    }
}

/// Metapod, as the first looks see it.
#[derive(Clone)]
pub struct MetapodSystem {
    metapod: Arc<dyn MetapodRead>,
    environment: String,
    address: String,
    holder: Holder,
}

impl std::fmt::Debug for MetapodSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetapodSystem").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MetapodSystem {
    /// Metapod of an environment at an address (no user info in it; it is printed).
    pub fn new(metapod: Arc<dyn MetapodRead>, environment: impl Into<String>, address: impl Into<String>) -> Self {
        Self { metapod, environment: environment.into(), address: address.into(), holder: Holder::default() }
    }

    /// With what the credential says of itself.
    #[must_use]
    pub fn with_holder(mut self, who: Option<String>, expires: Option<Timestamp>) -> Self {
        self.holder = Holder { who, expires };
        self
    }
}

#[async_trait]
impl System for MetapodSystem {
    fn name(&self) -> &str {
        "Metapod"
    }

    fn address(&self) -> &str {
        &self.address
    }

    async fn check_up(&self) -> Result<Checkup> {
        let nothing = nothing()?;
        let (probe, read) = join(self.metapod.probe(), self.metapod.transaction(nothing)).await;
        let write = Access::Unknown("cannot be known: Metapod has no write without effect".into());
        check_up(probe, read.map(drop), write, &self.holder)
    }

    async fn signs(&self, _now: Timestamp) -> Result<Vec<Sign>> {
        let health = self.metapod.health().await?;
        let ill: Vec<&str> =
            health.components.iter().filter(|part| !part.healthy).map(|part| part.name.as_str()).collect();
        let what = match (health.healthy, ill.is_empty()) {
            (true, true) => return Ok(Vec::new()),
            (false, true) => "says that it is not well".to_owned(),
            (_, false) => format!("says that it is not well: {}", ill.join(", ")),
        };
        Ok(vec![Sign::new(Severity::Broken, what).next(format!("doctor --env {}", self.environment))])
    }
}

/// An id that no transaction has: to be told that it does not exist is to be allowed to read.
fn nothing() -> Result<TransactionId> {
    let parsed = "00000000-0000-0000-0000-000000000000".parse::<TransactionId>();
    parsed.map_err(|error| Error::invalid("doctor.read", error.to_string()))
}
