//! What is seen: the transaction's jobs on Aurora, its run in Airflow, deploys, machines, earlier rungs. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use airflow_client::{AirflowRead, LogRequest, RunKey, TaskFilter as AirflowTasks, TaskInstance, TaskState};
use aurora_client::{JobKey, Task, TaskFilter, TaskId, TaskStatus};
use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};
use ops_client::Result;

use super::evidence::RunSeen;
use super::{Attempt, Class, Evidence, Failure, Ladder, Past, RecentDeploys, Rules, Rung};
use crate::aurora::{AuroraWrites, FleetWrites, ScaleReads};
use crate::words::fit;

/// What a failure said is cut to so many characters.
const WORDS: usize = 200;
/// The logs of so many tasks are read where nothing else tells, and so much of each.
const LOGS: usize = 20;
const LOG: u64 = 4 << 20;
/// The clocks of a cluster and of this machine may differ so much.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What the ladder reads from.
#[derive(Clone)]
#[non_exhaustive]
pub struct RecoverReads {
    /// Aurora and the machines.
    pub cluster: ScaleReads,
    /// Airflow, where there is one.
    pub airflow: Option<Arc<dyn AirflowRead>>,
    /// What is deployed, where somebody tells.
    pub deploys: Option<Arc<dyn RecentDeploys>>,
}

impl fmt::Debug for RecoverReads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoverReads")
            .field("airflow", &self.airflow.is_some())
            .field("deploys", &self.deploys.is_some())
            .finish_non_exhaustive()
    }
}

impl RecoverReads {
    /// From Aurora and the machines.
    pub fn new(cluster: ScaleReads) -> Self {
        Self { cluster, airflow: None, deploys: None }
    }

    /// With Airflow.
    #[must_use]
    pub fn with_airflow(mut self, airflow: Arc<dyn AirflowRead>) -> Self {
        self.airflow = Some(airflow);
        self
    }

    /// With whatever deploys.
    #[must_use]
    pub fn with_deploys(mut self, deploys: Arc<dyn RecentDeploys>) -> Self {
        self.deploys = Some(deploys);
        self
    }
}

/// What the ladder changes things through.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecoverWrites {
    /// Aurora.
    pub aurora: AuroraWrites,
    /// The machines.
    pub fleet: FleetWrites,
}

impl RecoverWrites {
    /// Through both.
    pub fn new(aurora: AuroraWrites, fleet: FleetWrites) -> Self {
        Self { aurora, fleet }
    }
}

/// Looks at everything that the next step follows from.
///
/// # Errors
/// When Aurora does not answer, or Airflow does not although a run is named. What else cannot be read is said in
/// [`Evidence::unknown`].
pub async fn gather(
    reads: &RecoverReads,
    ladder: &Ladder,
    rules: &Rules,
    past: &Past,
    now: Timestamp,
) -> Result<Evidence> {
    let mut seen = Evidence::none(now);
    seen.unknown.extend(past.unreadable.iter().map(|why| format!("a run cannot be read: {why}")));
    let jobs = Jobs::read(reads, ladder).await?;
    let creation = jobs.creation(&ladder.job);
    seen.attempts.clone_from(&past.climbed);
    seen.opens.clone_from(&past.opens);
    let since = since(creation, &seen.attempts);
    seen.failures = jobs.failures(rules, ladder, since);
    seen.live = jobs.live();
    seen.finished = creation.and_then(|at| jobs.finished(&ladder.job, at));
    seen.worked_version = jobs.worked.clone();
    airflow(reads, ladder, rules, since, &mut seen).await?;
    seen.failed_version = jobs.version_of(ladder, creation).or_else(|| {
        let newest = seen.failures.iter().filter(|failure| failure.version.is_some()).max_by_key(|failure| failure.at);
        newest.and_then(|failure| failure.version.clone())
    });
    seen.failures.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    let last = seen.failures.iter().map(|failure| failure.at).max();
    if let Some(last) = last {
        seen.attempts.extend(past.beside.iter().filter(|attempt| attempt.at > last).cloned());
    }
    machines_and_deploys(reads, ladder, rules, &mut seen).await;
    // The job that scales up also scales down.
    let enough = seen.nodes.zip(rules.nodes).is_none_or(|(there, wanted)| there >= wanted);
    let scaled = scaling(reads, ladder, last.filter(|_| enough), &mut seen).await?;
    created_by_others(creation, scaled, &mut seen.attempts);
    seen.attempts.sort_by_key(|attempt| (attempt.at, attempt.rung));
    Ok(seen)
}

/// From when on failures count: those of the job that was created last. Where a rung created one that nobody knows any more, what
/// failed before that rung does not count either.
fn since(creation: Option<Timestamp>, attempts: &[Attempt]) -> Timestamp {
    let last = attempts.iter().filter(|attempt| attempt.rung.creates()).map(|attempt| attempt.at).max();
    match (creation, last) {
        (Some(created), Some(last)) if created < last.checked_sub(SKEW).unwrap_or(Timestamp::MIN) => last,
        (Some(created), _) => created,
        (None, Some(last)) => last,
        (None, None) => Timestamp::MIN,
    }
}

/// Somebody may have created the job by hand after a rung that asks for it: that is the next rung.
///
/// A scaling and a creation are told by the cluster's own clock; when machines were cycled, only ours tells. What cannot be told for
/// sure is no rung: then the ladder creates the job itself, once.
fn created_by_others(creation: Option<Timestamp>, scaled: Option<Timestamp>, attempts: &mut Vec<Attempt>) {
    let Some(created) = creation else { return };
    let Some(last) = attempts.iter().max_by_key(|attempt| attempt.rung) else { return };
    let (next, after) = match last.rung {
        Rung::Cycle => (Rung::Create, last.at.checked_add(SKEW).ok()),
        Rung::ScaleUp => (Rung::CreateOnMore, scaled),
        _ => return,
    };
    if after.is_some_and(|after| created > after) {
        attempts.push(Attempt::new(next, created));
    }
}

/// The jobs of a transaction.
struct Jobs {
    /// Their tasks, those that ended included.
    ours: Vec<Task>,
    worked: Option<String>,
}

impl Jobs {
    async fn read(reads: &RecoverReads, ladder: &Ladder) -> Result<Self> {
        let aurora = &*reads.cluster.aurora.aurora;
        let (role, environment) = (ladder.job.role(), ladder.job.environment());
        let (all, own) = futures_util::future::try_join(
            // Of all jobs only the labels are asked for: what executors read is most of what would travel.
            async { aurora.tasks(&TaskFilter::of_environment(role, environment).brief()).await },
            async { aurora.tasks(&TaskFilter::of_job(&ladder.job)).await },
        )
        .await?;
        let ended_well = |task: &&Task| task.status == TaskStatus::Finished && !ladder.is_ours(task);
        let worked = own.iter().filter(ended_well).max_by_key(|task| task.ended());
        let worked = worked.and_then(|task| task.config.label(&ladder.version_label)).map(str::to_owned);
        let known: BTreeSet<TaskId> = own.iter().map(|task| task.id.clone()).collect();
        let others = all.into_iter().filter(|task| !known.contains(&task.id));
        let ours: Vec<Task> = own.iter().cloned().chain(others).filter(|task| ladder.is_ours(task)).collect();
        Ok(Self { ours, worked })
    }

    /// When the job was created last.
    fn creation(&self, job: &JobKey) -> Option<Timestamp> {
        let first = |task: &&Task| task.job == *job && task.ancestor.is_none();
        self.ours.iter().filter(first).filter_map(Task::began).max()
    }

    /// The newest task of each instance of each job.
    fn newest(&self) -> impl Iterator<Item = &Task> {
        let mut newest: BTreeMap<(&JobKey, u32), &Task> = BTreeMap::new();
        for task in &self.ours {
            let held = newest.entry((&task.job, task.instance)).or_insert(task);
            if (task.began(), &task.id) > (held.began(), &held.id) {
                *held = task;
            }
        }
        newest.into_values()
    }

    fn failures(&self, rules: &Rules, ladder: &Ladder, since: Timestamp) -> Vec<Failure> {
        self.newest()
            .filter(|task| matches!(task.status, TaskStatus::Failed | TaskStatus::Lost | TaskStatus::Killed))
            .filter_map(|task| {
                let at = task.ended().filter(|at| *at >= since)?;
                let (class, words) = told(rules, task);
                let mut failure = Failure::new(task.job.name(), at, class);
                failure.version = task.config.label(&ladder.version_label).map(str::to_owned);
                failure.words = words;
                Some(failure)
            })
            .collect()
    }

    fn live(&self) -> Vec<String> {
        let live = self.ours.iter().filter(|task| !task.status.is_terminal());
        live.map(|task| format!("{} ({})", task.job.name(), task.status)).collect()
    }

    /// When the job that was created then ended well, with all of its instances.
    fn finished(&self, job: &JobKey, created: Timestamp) -> Option<Timestamp> {
        let mut tasks = self.newest().filter(|task| task.job == *job && task.began() >= Some(created)).peekable();
        tasks.peek()?;
        let ends: Option<Vec<Timestamp>> =
            tasks.map(|task| task.ended().filter(|_| task.status == TaskStatus::Finished)).collect();
        ends?.into_iter().max()
    }

    fn version_of(&self, ladder: &Ladder, created: Option<Timestamp>) -> Option<String> {
        let newest = self.newest().find(|task| task.job == ladder.job && task.began() >= created);
        newest?.config.label(&ladder.version_label).map(str::to_owned)
    }
}

/// A message as a line that is not too long.
fn bounded(text: &str) -> String {
    // Of a line without an end only the beginning is looked at.
    let head: String = text.chars().take(20 * WORDS).collect();
    fit(&head.split_whitespace().collect::<Vec<_>>().join(" "), WORDS)
}

/// What kind of failure a task tells of, and its words.
fn told(rules: &Rules, task: &Task) -> (Class, String) {
    let messages = || task.events.iter().rev().filter_map(|event| event.message.as_deref());
    let told = messages().map(|text| (rules.patterns.class(text), text)).find(|(class, _)| *class != Class::Unknown);
    match told {
        Some((class, text)) => (class, bounded(text)),
        // Nobody knows what became of it: its host is gone.
        None if task.status == TaskStatus::Lost => (Class::Resources, "LOST".to_owned()),
        None => (Class::Unknown, messages().next().map_or_else(|| task.status.to_string(), bounded)),
    }
}

async fn airflow(
    reads: &RecoverReads,
    ladder: &Ladder,
    rules: &Rules,
    since: Timestamp,
    seen: &mut Evidence,
) -> Result<()> {
    let Some(run) = &ladder.run else { return Ok(()) };
    let Some(airflow) = &reads.airflow else {
        seen.unknown.push(format!("the run {} in Airflow: it is not configured", run.run));
        return Ok(());
    };
    let all = AirflowTasks::all();
    let (dag_run, tasks) =
        futures_util::future::try_join(airflow.dag_run(run), airflow.task_instances(run, &all)).await?;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    let mut logs = LOGS;
    for task in &tasks {
        *states.entry(task.state.to_string()).or_default() += 1;
        if task.state.is_live() {
            seen.live.push(format!("{} ({} in Airflow)", task.key, task.state));
        }
        if task.state != TaskState::Failed {
            continue;
        }
        // A job of the same name tells of the same failure.
        let known = seen.failures.iter().position(|failure| failure.what == task.key.task.as_str());
        let place = match (known, task.ended_at.unwrap_or(seen.now)) {
            (Some(place), _) => place,
            (None, at) if at < since => continue,
            (None, at) => {
                let mut failure = Failure::new(task.key.to_string(), at, Class::Unknown);
                failure.words = "failed in Airflow; Aurora knows no failure of it".to_owned();
                seen.failures.push(failure);
                seen.failures.len() - 1
            }
        };
        if seen.failures[place].class != Class::Unknown || logs == 0 {
            continue;
        }
        logs -= 1;
        match logged(&**airflow, run, task, rules).await {
            Ok(Some((class, words))) => (seen.failures[place].class, seen.failures[place].words) = (class, words),
            Ok(None) => {}
            Err(error) => seen.unknown.push(format!("what the log of {} says: {error}", task.key)),
        }
    }
    seen.run = Some(RunSeen { run: run.run.to_string(), state: dag_run.state, tasks: states });
    Ok(())
}

/// What the log of a failed try tells: its last line that tells a kind. Airflow's own lines say only that something failed.
async fn logged(
    airflow: &dyn AirflowRead,
    run: &RunKey,
    task: &TaskInstance,
    rules: &Rules,
) -> Result<Option<(Class, String)>> {
    let request = LogRequest::new(run.clone(), task.key.clone(), task.try_number.max(1)).at_most(LOG);
    let mut lines = airflow.log(&request).await?;
    let mut told = None;
    while let Some(line) = lines.next().await {
        // A log that is too long, or breaks off, tells what came so far.
        let Ok(line) = line else { break };
        let lower = line.text.to_lowercase();
        if lower.contains("airflow") || lower.contains("traceback") {
            continue;
        }
        let class = rules.patterns.class(&line.text);
        if class != Class::Unknown {
            told = Some((class, bounded(&line.text)));
        }
    }
    Ok(told)
}

/// When a scaling ended well last; its version, and whether that was since the last failure, are told in the evidence.
async fn scaling(
    reads: &RecoverReads,
    ladder: &Ladder,
    failed: Option<Timestamp>,
    seen: &mut Evidence,
) -> Result<Option<Timestamp>> {
    let Some(job) = &ladder.scale_job else { return Ok(None) };
    let tasks = reads.cluster.aurora.aurora.tasks(&TaskFilter::of_job(job).brief()).await?;
    let ended = tasks.iter().filter(|task| task.status == TaskStatus::Finished);
    let Some(last) = ended.max_by_key(|task| task.ended()) else { return Ok(None) };
    seen.scale_version = last.config.label(&ladder.version_label).map(str::to_owned);
    let scaled = last.ended();
    let since = |at: &Timestamp| failed.is_some_and(|failed| *at > failed);
    let climbed = seen.attempts.iter().any(|attempt| attempt.rung >= Rung::ScaleUp);
    if let Some(at) = scaled.filter(since).filter(|_| !climbed) {
        seen.attempts.push(Attempt::new(Rung::ScaleUp, at));
    }
    Ok(scaled)
}

async fn machines_and_deploys(reads: &RecoverReads, ladder: &Ladder, rules: &Rules, seen: &mut Evidence) {
    match reads.cluster.fleet.fleet.group(&ladder.group).await {
        Ok(group) => seen.nodes = Some(group.size.desired),
        Err(error) => seen.unknown.push(format!("how many machines there are: {error}")),
    }
    let Some(deploys) = &reads.deploys else { return };
    let first = seen.failures.iter().map(|failure| failure.at).min().unwrap_or(seen.now);
    let from = first.checked_sub(SignedDuration::from_secs(rules.deploys_within_s)).unwrap_or(Timestamp::MIN);
    match deploys.since(from).await {
        Ok(found) => seen.deploys = Some(found),
        Err(error) => seen.unknown.push(format!("what was deployed lately: {error}")),
    }
}
