//! «Cycle all machines»: the machines of a group are replaced, some at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use aurora_client::{Task, TaskFilter};
use fleet_ops::{Group, InstanceId, Life, Machine};
use ops_client::Result;
use ops_plan::{Action, Danger, Draft, Finding, Observed, Recipe, Repeat, Subject};
use serde::{Deserialize, Serialize};

use super::{FleetReads, FleetWrites};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["cycle all machines", "cycle the machines", "nu ser cycle", "replace the machines"];

/// How long a machine may take until another one works in its place.
const REPLACED_WITHIN: Duration = Duration::from_secs(20 * 60);

/// Replaces the machines of a group, some at a time: the next ones only when as many work again as there should be.
///
/// What stops it: a group that there is not, one that is refreshed at this moment, one that may not launch machines. What it
/// asks: jobs that run on the machines (`live-jobs`), and machines that do not work already (`floor`). Machines on the list of
/// those to leave alone stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CycleMachines {
    /// The group's name.
    pub group: String,
    /// How many at a time.
    #[serde(default = "one")]
    pub batch: usize,
    /// Machines that are left alone: somebody looks at them.
    #[serde(default)]
    pub exclude: Vec<InstanceId>,
}

fn one() -> usize {
    1
}

impl CycleMachines {
    /// The machines of this group, one after the other.
    pub fn new(group: impl Into<String>) -> Self {
        Self { group: group.into(), batch: one(), exclude: Vec::new() }
    }

    /// So many at a time.
    #[must_use]
    pub fn with_batch(mut self, machines: usize) -> Self {
        self.batch = machines;
        self
    }

    /// Leaves these machines alone.
    #[must_use]
    pub fn without(mut self, machines: impl IntoIterator<Item = InstanceId>) -> Self {
        self.exclude.extend(machines);
        self
    }
}

/// A machine is ended, and another one takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReplaceMachine {
    /// Its group.
    pub group: String,
    /// The machine.
    pub machine: InstanceId,
    /// Its zone.
    pub zone: String,
    /// How many machines must work afterwards.
    pub in_service: u32,
}

impl Action for ReplaceMachine {
    fn key(&self) -> String {
        format!("replace/{}/{}", self.group, self.machine)
    }

    fn danger(&self) -> Danger {
        Danger::Irreversible
    }

    fn repeat(&self) -> Repeat {
        Repeat::IfPending
    }

    fn settle(&self) -> Duration {
        REPLACED_WITHIN
    }

    fn by_hand(&self) -> String {
        format!(
            "aws autoscaling terminate-instance-in-auto-scaling-group --no-should-decrement-desired-capacity --instance-id {}\n\
             # look: aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {}",
            self.machine, self.group
        )
    }
}

impl fmt::Display for ReplaceMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replace {} of {}", self.machine, self.group)?;
        if self.zone.is_empty() { Ok(()) } else { write!(f, " ({})", self.zone) }
    }
}

/// Looks whether machines were replaced.
pub(super) fn replaced(group: &Group, replace: &ReplaceMachine) -> Observed {
    match group.machine(&replace.machine) {
        Some(machine) if machine.life == Life::InService || machine.life == Life::Pending => Observed::Pending,
        Some(machine) if matches!(machine.life, Life::Standby | Life::Detached) => {
            Observed::Drifted(format!("{} was taken aside: it is {}", machine.id, machine.life))
        }
        Some(_) => Observed::InProgress,
        None if group.in_service().count() as u64 >= u64::from(replace.in_service) => Observed::Done,
        None => Observed::InProgress,
    }
}

impl Recipe for CycleMachines {
    const ID: &'static str = "cycle-machines";
    const VERSION: u32 = 1;
    type Reads = FleetReads;
    type Writes = FleetWrites;
    type Action = ReplaceMachine;

    async fn plan(&self, reads: &FleetReads, mut draft: Draft<ReplaceMachine>) -> Result<Draft<ReplaceMachine>> {
        let title = format!("{} · {} · replace the machines", draft.target(), self.group);
        draft.title(title);
        let Some(group) = open(&mut draft, reads, &self.group).await? else { return Ok(draft) };
        if self.batch == 0 {
            draft.finding(Finding::block("batch", "none at a time is no batch").with_advice("say at least 1"));
            return Ok(draft);
        }
        let (left, mut meant): (Vec<&Machine>, Vec<&Machine>) =
            group.machines.iter().partition(|machine| self.exclude.contains(&machine.id));
        let unknown: Vec<&InstanceId> = self.exclude.iter().filter(|id| group.machine(id).is_none()).collect();
        if !unknown.is_empty() {
            let text = format!("to be left alone, but not in the group: {}", names(unknown));
            draft.finding(Finding::warn("exclude", text).with_advice("check the ids"));
        }
        if !left.is_empty() {
            draft.note(format!("Left alone: {}.", names(left.iter().map(|machine| &machine.id))));
        }
        meant.retain(|machine| matches!(machine.life, Life::InService | Life::Pending));
        if meant.is_empty() {
            draft.finding(Finding::pass("machines", "nothing to do: the group has no machine to replace"));
            return Ok(draft);
        }
        let works = group.in_service().count();
        let must = group.size.desired.min(u32::try_from(group.machines.len()).unwrap_or(u32::MAX));
        if (works as u64) < u64::from(group.size.desired) {
            let text = format!("only {works} of {} machines work before anything is replaced", group.size.desired);
            let right = "right when the group is broken, and new machines are the cure";
            draft.finding(Finding::ask("floor", text, right));
        } else if self.batch >= works && works > 1 {
            let text = format!("all {works} machines would be away at the same time");
            draft.finding(Finding::ask("floor", text, "right when nothing runs on them"));
        } else {
            draft.finding(Finding::pass("floor", format!("{works} of {} machines work", group.size.desired)));
        }
        draft.finding(live_jobs(reads, &meant).await);
        draft.population(group.machines.len());
        draft.one_by_one();
        // A phase of its own for each batch: the next one begins when every machine of the last one was seen to be replaced.
        let batches = meant.chunks(self.batch);
        let of = batches.len();
        for (number, batch) in (1..).zip(batches) {
            let actions = batch.iter().map(|machine| ReplaceMachine {
                group: group.name.clone(),
                machine: machine.id.clone(),
                zone: machine.zone.clone(),
                in_service: must,
            });
            draft.phase_at(format!("batch {number} of {of}"), self.batch, actions.collect());
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &FleetReads, actions: &[&ReplaceMachine]) -> Result<Vec<Observed>> {
        let group = reads.fleet.group(&self.group).await?;
        Ok(actions.iter().map(|replace| replaced(&group, replace)).collect())
    }

    async fn perform(&self, writes: &FleetWrites, action: &ReplaceMachine) -> Result<()> {
        writes.fleet.replace(&action.machine).await
    }

    async fn verify(&self, reads: &FleetReads, done: &[&ReplaceMachine]) -> Result<Vec<Finding>> {
        let group = reads.fleet.group(&self.group).await?;
        Ok(proof(&group, &done.iter().map(|replace| &replace.machine).collect::<Vec<_>>()))
    }
}

/// Whether the old machines are gone, and as many work as there should be.
pub(super) fn proof(group: &Group, old: &[&InstanceId]) -> Vec<Finding> {
    let left: Vec<&&InstanceId> = old.iter().filter(|id| group.machine(id).is_some_and(Machine::in_service)).collect();
    let works = group.in_service().count();
    vec![
        if left.is_empty() {
            Finding::pass("replaced", format!("{} gone", count(old.len(), "old machine")))
        } else {
            Finding::block("replaced", format!("still at work: {}", names(left)))
        },
        if works as u64 >= u64::from(group.size.desired) {
            Finding::pass("in-service", format!("{works} of {} machines work", group.size.desired))
        } else {
            Finding::block("in-service", format!("only {works} of {} machines work", group.size.desired))
        },
    ]
}

/// Reads the group, and says in the draft what was found. `None` where the plan ends here.
pub(super) async fn open<A: Action>(draft: &mut Draft<A>, reads: &FleetReads, name: &str) -> Result<Option<Group>> {
    draft.subject(Subject::new("group", name));
    match reads.fleet.probe().await {
        Ok(probe) => {
            draft.identity(format!("machines at {}", probe.address));
        }
        Err(error) => {
            draft.finding(Finding::warn("identity", format!("the service does not say what it is: {error}")));
        }
    }
    let group = match reads.fleet.group(name).await {
        Err(error) if error.is_not_found() => {
            let text = format!("there is no group {name} in {}", draft.target().environment);
            draft.finding(Finding::block("group", text).with_advice("check the name, the account and the region"));
            return Ok(None);
        }
        answer => answer?,
    };
    let machines = names(group.machines.iter().map(|machine| format!("{} ({})", machine.id, machine.life)));
    draft.note(format!("{}: {} machines wanted; {machines}.", group.name, group.size));
    if let Some(refresh) = reads.fleet.refreshes(name).await?.into_iter().find(in_progress) {
        let text = format!("the group is refreshed at this moment ({} %)", refresh.percent);
        draft.finding(Finding::block("conflict", text).with_advice("wait until that has ended, or cancel it"));
        return Ok(None);
    }
    let stopped: Vec<&String> =
        group.suspended.iter().filter(|what| matches!(what.as_str(), "Launch" | "Terminate")).collect();
    if !stopped.is_empty() {
        let text = format!("somebody suspended this for the group: {}", names(stopped));
        draft.finding(Finding::block("conflict", text).with_advice("ask who did, and let it go on first"));
        return Ok(None);
    }
    Ok(Some(group))
}

fn in_progress(refresh: &fleet_ops::Refresh) -> bool {
    use fleet_ops::RefreshState::{Cancelling, InProgress, Pending};
    matches!(refresh.state, Pending | InProgress | Cancelling)
}

/// Which jobs run on these machines, and whose.
async fn live_jobs(reads: &FleetReads, machines: &[&Machine]) -> Finding {
    const GUARD: &str = "live-jobs";
    const RIGHT: &str = "right when these jobs may end and begin anew";
    let (Some(aurora), Some(mesos)) = (&reads.aurora, &reads.mesos) else {
        return Finding::ask(GUARD, "which jobs run on these machines was not looked at", "right when none matters");
    };
    let seen = match mesos.look().await {
        Ok(seen) => seen,
        Err(error) => {
            let text = format!("which jobs run on these machines is not known: {error}");
            return Finding::ask(GUARD, text, "right when none matters");
        }
    };
    let ids: BTreeSet<&str> = machines.iter().map(|machine| machine.id.as_str()).collect();
    let hosts: Vec<String> = seen
        .agents
        .iter()
        .filter(|agent| agent.attributes.iter().any(|(_, value)| ids.contains(value.as_str())))
        .map(|agent| agent.hostname.clone())
        .collect();
    let Some(filter) = TaskFilter::on_hosts(hosts) else {
        return Finding::warn(
            GUARD,
            "no agent of Mesos says that it is one of these machines: jobs on them are not seen",
        );
    };
    match aurora.tasks(&filter.active().brief()).await {
        Err(error) => Finding::ask(GUARD, format!("which jobs run on these machines is not known: {error}"), RIGHT),
        Ok(tasks) if tasks.is_empty() => Finding::pass(GUARD, "no job runs on these machines"),
        Ok(tasks) => Finding::ask(GUARD, format!("jobs run on these machines: {}", by_job(&tasks)), RIGHT),
    }
}

fn by_job(tasks: &[Task]) -> String {
    let mut jobs: BTreeMap<String, usize> = BTreeMap::new();
    for task in tasks {
        *jobs.entry(task.job.to_string()).or_default() += 1;
    }
    names(jobs.into_iter().map(|(job, number)| if number == 1 { job } else { format!("{job} ({number})") }))
}
