//! «Restart redshift cluster»: what blocks the loader is ended; the cluster restarts only where that is not possible.

mod harsh;
mod mild;
mod sight;
mod step;

use jiff::Timestamp;
use ops_client::{ErrorKind, Result};
use ops_plan::{Draft, Finding, Obligation, Observed, Recipe, Subject};
use redshift_ops::loader::{LoaderSeen, Verdict};
use redshift_ops::{Cluster, ClusterReadExt, LockGraph};
use serde::{Deserialize, Serialize};

use self::sight::Sight;
pub use self::step::{Available, Reboot, Swap, Terminate, WarehouseStep};
use super::{WarehouseReads, WarehouseWrites};
use crate::words::{names, when};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &[
    "restart redshift",
    "redshift hangs",
    "the loader hangs",
    "capivara hangs",
    "capivara-clj",
    ":wip-count 0",
    "drop schema if exists",
];

/// Frees a loader that hangs: ends the sessions that block it, or reboots the cluster where they cannot be ended.
///
/// The loader swaps whole schemas: it drops the old ones and renames the new ones. A reader that comes between its «kill all
/// connections» and its `DROP SCHEMA` keeps it waiting for ever, and everybody else behind it.
///
/// Evidence comes first: the loader's log, where one is given, and who waits for whom in the warehouse. The mild remedy comes
/// before the harsh one: only sessions that block the loader and wait for nobody are ended, never one of the loader, of `rdsdb`
/// or of a protected user. Where the warehouse cannot be asked, where the right is missing or the blocker is protected, the plan
/// is a reboot, which ends every session: not while a snapshot or a resize goes on, not before the hang is five minutes old, and
/// only after `no-evidence` was answered where nothing was seen.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RestartRedshift {
    /// The cluster's identifier, or a beginning that only one has.
    pub cluster: String,
    /// The user as whom the loader works.
    #[serde(default = "loader")]
    pub loader: String,
    /// Users whose sessions are never ended.
    #[serde(default)]
    pub protected: Vec<String>,
    /// The schemas that the loader swaps.
    #[serde(default = "swapped")]
    pub schemas: Vec<String>,
    /// The transaction that is loaded, where the log does not tell.
    #[serde(default)]
    pub transaction: Option<String>,
    /// What the loader's log says.
    #[serde(default)]
    pub log: Option<LoaderSeen>,
    /// Whether ending sessions did not help.
    #[serde(default)]
    pub reboot: bool,
    /// Who starts the loader again, such as a task and its job.
    #[serde(default)]
    pub restarter: Option<String>,
}

fn loader() -> String {
    "loader".into()
}

fn swapped() -> Vec<String> {
    vec!["fact".into(), "dimension".into()]
}

impl RestartRedshift {
    /// Frees the loader of this cluster.
    pub fn new(cluster: impl Into<String>) -> Self {
        Self {
            cluster: cluster.into(),
            loader: loader(),
            protected: Vec::new(),
            schemas: swapped(),
            transaction: None,
            log: None,
            reboot: false,
            restarter: None,
        }
    }

    /// Where the loader works as another user than `loader`.
    #[must_use]
    pub fn with_loader(mut self, user: impl Into<String>) -> Self {
        self.loader = user.into();
        self
    }

    /// Leaves the sessions of these users alone.
    #[must_use]
    pub fn protecting<U: Into<String>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.protected.extend(users.into_iter().map(Into::into));
        self
    }

    /// Where the loader swaps other schemas than `fact` and `dimension`.
    #[must_use]
    pub fn with_schemas<S: Into<String>>(mut self, schemas: impl IntoIterator<Item = S>) -> Self {
        self.schemas = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// With the transaction that is loaded.
    #[must_use]
    pub fn of_transaction(mut self, transaction: impl Into<String>) -> Self {
        self.transaction = Some(transaction.into());
        self
    }

    /// With what the loader's log says.
    #[must_use]
    pub fn with_log(mut self, log: LoaderSeen) -> Self {
        self.log = Some(log);
        self
    }

    /// Reboots, though sessions could be ended: that did not help.
    #[must_use]
    pub fn rebooting(mut self) -> Self {
        self.reboot = true;
        self
    }

    /// With who starts the loader again after a reboot.
    #[must_use]
    pub fn restarted_by(mut self, who: impl Into<String>) -> Self {
        self.restarter = Some(who.into());
        self
    }

    /// The transaction that is loaded.
    fn loaded(&self) -> Option<&str> {
        self.transaction.as_deref().or(self.log.as_ref().and_then(|log| log.transaction.as_deref()))
    }

    /// The statement in which the log says that it hangs.
    fn hangs_in(&self) -> Option<&str> {
        self.log.as_ref().filter(|log| log.verdict == Verdict::Hung).and_then(|log| log.statement.as_deref())
    }

    /// Whether the log says *now* that the loader hangs.
    fn log_says_hung(&self, now: Timestamp) -> bool {
        self.log.as_ref().is_some_and(|log| log.verdict == Verdict::Hung && !log.is_history(now))
    }
}

impl Recipe for RestartRedshift {
    const ID: &'static str = "restart-redshift";
    const VERSION: u32 = 1;
    type Reads = WarehouseReads;
    type Writes = WarehouseWrites;
    type Action = WarehouseStep;

    async fn plan(&self, reads: &WarehouseReads, mut draft: Draft<WarehouseStep>) -> Result<Draft<WarehouseStep>> {
        let title = format!("{} · free the loader of {}", draft.target(), self.cluster);
        draft.title(title);
        let Some(cluster) = self.open(&mut draft, reads).await? else { return Ok(draft) };
        self.read_log(&mut draft);
        match Sight::of(self, reads).await {
            Sight::Deadlock(circle) => {
                let text = format!("sessions wait for each other in a circle: {circle}");
                let advice = "the warehouse ends one of them by itself within seconds: look again";
                draft.finding(Finding::block("blockers", text).with_advice(advice));
            }
            Sight::Blocked(seen, blocked) => {
                let obstacles = mild::tell(&mut draft, &blocked);
                if obstacles.is_empty() && !self.reboot {
                    mild::plan(self, &mut draft, reads, &seen, &blocked).await;
                } else {
                    let why = if self.reboot { "a reboot was asked for".to_owned() } else { obstacles.join("; ") };
                    let since = blocked.iter().filter_map(|one| one.since).min();
                    harsh::plan(self, &mut draft, reads, &cluster, harsh::Why::seen(&why, since, &seen)).await?;
                }
            }
            Sight::Free(seen) => {
                let text = format!("no session of {} waits for a lock", self.loader);
                if self.log_says_hung(draft.now()) || self.reboot {
                    harsh::plan(self, &mut draft, reads, &cluster, harsh::Why::free(&text, self.since(), &seen))
                        .await?;
                } else {
                    draft.finding(Finding::pass("blockers", format!("nothing to do: {text}")));
                }
            }
            Sight::Blind(why) => {
                if self.log_says_hung(draft.now()) || self.reboot {
                    harsh::plan(self, &mut draft, reads, &cluster, harsh::Why::blind(&why, self.since())).await?;
                } else {
                    let advice = "log in as one who sees all (a superuser, sys:monitor), give the loader's log, or say \
                                  that a reboot is wanted";
                    draft.finding(Finding::block("blockers", format!("cannot see: {why}")).with_advice(advice));
                }
            }
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &WarehouseReads, actions: &[&WarehouseStep]) -> Result<Vec<Observed>> {
        let mut seen = Vec::with_capacity(actions.len());
        let mut look = mild::Look::default();
        for action in actions {
            seen.push(match action {
                WarehouseStep::Terminate(terminate) => look.terminated(self, reads, terminate).await?,
                WarehouseStep::Swap(swap) => look.swapped(reads, swap).await?,
                WarehouseStep::Reboot(reboot) => harsh::rebooted(reads, reboot).await?,
                WarehouseStep::Available(available) => harsh::available(reads, available).await?,
            });
        }
        Ok(seen)
    }

    async fn perform(&self, writes: &WarehouseWrites, action: &WarehouseStep) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &WarehouseReads, done: &[&WarehouseStep]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for step in done {
            match step {
                WarehouseStep::Swap(swap) => findings.extend(self.proof_of_swap(reads, swap).await),
                WarehouseStep::Available(available) => findings.extend(harsh::proof(self, reads, available).await?),
                WarehouseStep::Terminate(_) | WarehouseStep::Reboot(_) => {}
            }
        }
        Ok(findings)
    }

    fn obligation(&self, action: &WarehouseStep) -> Option<Obligation> {
        let WarehouseStep::Reboot(reboot) = action else { return None };
        let who = self.restarter.as_deref().map_or(String::new(), |who| format!(" ({who})"));
        let what = format!("see that the loader of {} works again: the reboot ended it{who}", reboot.cluster);
        Some(Obligation::new(format!("loader/{}", reboot.cluster), what))
    }

    async fn still_owed(&self, reads: &WarehouseReads, _: &Obligation) -> Result<bool> {
        Ok(!harsh::loader_works(self, reads).await?)
    }
}

impl RestartRedshift {
    /// Finds the cluster, and says in the draft what it is. `None` where the plan ends here.
    async fn open(&self, draft: &mut Draft<WarehouseStep>, reads: &WarehouseReads) -> Result<Option<Cluster>> {
        match reads.cluster.probe().await {
            Ok(probe) => {
                draft.identity(format!("Redshift at {}", probe.address));
            }
            Err(error) => {
                draft.finding(Finding::warn("identity", format!("the service does not say what it is: {error}")));
            }
        }
        let cluster = match reads.cluster.find_cluster(&self.cluster).await {
            Ok(cluster) => cluster,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {
                draft.subject(Subject::new("redshift", &self.cluster));
                let text = error.message().unwrap_or("there is no such cluster").to_owned();
                let advice = error.remedy().unwrap_or("check the name").to_owned();
                draft.finding(Finding::block("cluster", text).with_advice(advice));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        draft.subject(Subject::new("redshift", cluster.id.to_string()));
        let host = cluster.host.as_ref().map_or(String::new(), |host| format!(", {host}"));
        draft.note(format!("{}: {}, {} × {}{host}.", cluster.id, cluster.status, cluster.nodes, cluster.node_type));
        Ok(Some(cluster))
    }

    /// What the log says.
    fn read_log(&self, draft: &mut Draft<WarehouseStep>) {
        const GUARD: &str = "log";
        let now = draft.now();
        let Some(log) = &self.log else {
            draft.note("The loader's log was not given.");
            return;
        };
        if let Some(transaction) = &log.transaction {
            let date = log.target_date.as_ref().map_or(String::new(), |date| format!(", target date {date}"));
            draft.note(format!("The log is about transaction {transaction}{date}."));
        }
        if let (Some(given), Some(read)) = (&self.transaction, &log.transaction)
            && given != read
        {
            let text = format!("the log is about transaction {read}, asked was {given}");
            draft.finding(Finding::block("transaction", text).with_advice("give the log of this load"));
        }
        let age =
            log.last.map_or("without a time".to_owned(), |last| format!("its last line is of {}", when(last, now)));
        draft.finding(if log.is_history(now) {
            let advice = "locks and the Loads table decide, not this log";
            Finding::warn(GUARD, format!("{log}; {age}: that is history")).with_advice(advice)
        } else {
            Finding::pass(GUARD, format!("{log}; {age}"))
        });
    }

    /// Since when the log says that it hangs.
    fn since(&self) -> Option<Timestamp> {
        self.log.as_ref().filter(|log| log.verdict == Verdict::Hung).and_then(|log| log.since)
    }

    async fn proof_of_swap(&self, reads: &WarehouseReads, swap: &Swap) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(warehouse) = &reads.warehouse {
            findings.push(match warehouse.contended_locks().await {
                Err(error) => Finding::warn("blockers", format!("who waits for whom is not known: {error}")),
                Ok(locks) => {
                    let graph = LockGraph::of(&locks);
                    if graph.waits().iter().any(|wait| wait.waiter == swap.loader.pid) {
                        Finding::block("blockers", "the loader waits for a lock again")
                    } else {
                        Finding::pass("blockers", "the loader waits for no lock")
                    }
                }
            });
            findings.push(match warehouse.schemas().await {
                Err(error) => Finding::warn("schemas", format!("which schemas there are is not known: {error}")),
                Ok(there) => match self.missing(&there) {
                    missing if missing.is_empty() => {
                        Finding::pass("schemas", format!("there: {}", names(&self.schemas)))
                    }
                    missing => Finding::block("schemas", format!("missing after the swap: {}", names(missing))),
                },
            });
        }
        match (mild::loads_since(reads, swap).await, &swap.transaction) {
            (Ok(Some(rows)), Some(transaction)) if rows > 0 => {
                findings.push(Finding::pass("loads", format!("{rows} loads of {transaction} are logged since")));
            }
            (Ok(Some(_)), Some(transaction)) => {
                findings.push(Finding::block("loads", format!("no load of {transaction} is logged since")));
            }
            (Err(error), _) => {
                findings.push(Finding::warn("loads", format!("what was loaded is not known: {error}")));
            }
            (Ok(_), _) => findings.push(
                Finding::warn("loads", "which transaction was loaded is not known, so its loads were not looked for")
                    .with_advice("dataset-loaded shows them"),
            ),
        }
        findings
    }

    /// The schemas that are not there.
    fn missing<'a>(&'a self, there: &[String]) -> Vec<&'a String> {
        self.schemas.iter().filter(|schema| !there.contains(schema)).collect()
    }
}

/// For the end of a report.
fn root_cure(draft: &mut Draft<WarehouseStep>) {
    draft.later("The root cure is in the loader: a time-out for its swap, and killing connections and dropping schemas tried again together.");
}
