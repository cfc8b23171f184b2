//! «Increase the cluster size», and back: the jobs that make machines and take them away.

use std::fmt;
use std::time::Duration;

use aurora_client::{NewJob, TaskFilter};
use fleet_ops::Group;
use ops_client::Result;
use ops_plan::{Action, Danger, Draft, Finding, Obligation, Observed, Recipe, Repeat};
use serde::{Deserialize, Serialize};

use super::jobs::create_job::{creation, perform, prepared, proof};
use super::jobs::{JobChange, Order, Reach, Until, look};
use super::{AuroraReads, AuroraWrites, FleetReads};
use crate::words::count;

/// Alert texts and symptoms that [`ScaleUp`] answers.
pub const UP_ALERTS: &[&str] =
    &["increase the cluster size", "scale up the cluster", "scale_cluster", "not enough machines"];
/// Alert texts and symptoms that [`ScaleDown`] answers.
pub const DOWN_ALERTS: &[&str] = &["scale the cluster back", "scale down the cluster", "decrease the cluster size"];

/// How long machines may take until they work, or are gone.
const MACHINES_WITHIN: Duration = Duration::from_secs(30 * 60);
/// How long the job may take, in seconds.
const JOB_WITHIN_S: u64 = 30 * 60;

/// How the cluster is scaled: a job whose template says `MODE`, `N_NODES` and `SCALE_TIMEOUT`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scaling {
    /// The job's template, with its version; the three binds come from here.
    pub order: Order,
    /// Which machines: `on-demand`, `spot-only`, `try-spot`.
    pub mode: String,
    /// How long the job waits by itself, in seconds; 0 is without end.
    pub timeout_s: u64,
    /// The group whose machines these are.
    pub group: String,
}

impl Scaling {
    /// Scales `group` by this job.
    pub fn new(order: Order, mode: impl Into<String>, group: impl Into<String>) -> Self {
        Self { order, mode: mode.into(), timeout_s: 0, group: group.into() }
    }

    fn to(&self, nodes: u32) -> Order {
        self.order
            .clone()
            .bind("MODE", &self.mode)
            .bind("N_NODES", nodes.to_string())
            .bind("SCALE_TIMEOUT", self.timeout_s.to_string())
    }
}

/// More machines. That they are taken away again is owed until it was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScaleUp {
    /// How.
    pub scaling: Scaling,
    /// How many machines there shall be.
    pub nodes: u32,
}

impl ScaleUp {
    /// To so many machines.
    pub fn new(scaling: Scaling, nodes: u32) -> Self {
        Self { scaling, nodes }
    }
}

/// Fewer machines.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScaleDown {
    /// How.
    pub scaling: Scaling,
    /// How many machines there shall be.
    pub nodes: u32,
}

impl ScaleDown {
    /// To so many machines.
    pub fn new(scaling: Scaling, nodes: u32) -> Self {
        Self { scaling, nodes }
    }
}

/// A step of a scaling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ScaleStep {
    /// The job is created, or awaited.
    Job(JobChange, Sizes),
    /// Waits until as many machines work as there should.
    Machines(Sizes),
}

/// From how many machines to how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sizes {
    /// The group.
    pub group: String,
    /// How many there were when the plan was made.
    pub from: u32,
    /// How many there shall be.
    pub to: u32,
}

impl Action for ScaleStep {
    fn key(&self) -> String {
        match self {
            Self::Job(change, _) => change.key(),
            Self::Machines(sizes) => format!("machines/{}/{}", sizes.group, sizes.to),
        }
    }

    fn danger(&self) -> Danger {
        match self {
            Self::Job(change, _) => change.danger(),
            Self::Machines(_) => Danger::Nothing,
        }
    }

    fn repeat(&self) -> Repeat {
        match self {
            Self::Job(change, _) => change.repeat(),
            Self::Machines(_) => Repeat::Safe,
        }
    }

    fn settle(&self) -> Duration {
        match self {
            Self::Job(change, _) => change.settle(),
            Self::Machines(_) => MACHINES_WITHIN,
        }
    }

    fn by_hand(&self) -> String {
        match self {
            Self::Job(change, _) => change.by_hand(),
            Self::Machines(sizes) => format!(
                "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names {}   # until {} are InService",
                sizes.group, sizes.to
            ),
        }
    }
}

impl fmt::Display for ScaleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(change @ JobChange::Create(_), sizes) => {
                write!(f, "{change}: {} from {} to {} machines", sizes.group, sizes.from, sizes.to)
            }
            Self::Job(change, _) => change.fmt(f),
            Self::Machines(sizes) => {
                write!(f, "wait until {} of {}", count(sizes.to as usize, "machine"), sizes.group)?;
                f.write_str(if sizes.to == 1 { " works" } else { " work" })
            }
        }
    }
}

/// What a scaling reads from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScaleReads {
    /// Aurora, which runs the job.
    pub aurora: AuroraReads,
    /// The machines.
    pub fleet: FleetReads,
}

impl ScaleReads {
    /// From both.
    pub fn new(aurora: AuroraReads, fleet: FleetReads) -> Self {
        Self { aurora, fleet }
    }
}

/// Which way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

async fn plan(
    scaling: &Scaling,
    nodes: u32,
    way: Way,
    reads: &ScaleReads,
    mut draft: Draft<ScaleStep>,
) -> Result<Draft<ScaleStep>> {
    let Some(group) = super::cycle_machines::open(&mut draft, &reads.fleet, &scaling.group).await? else {
        return Ok(draft);
    };
    let from = group.size.desired;
    let title = format!("{} · {} · from {from} to {nodes} machines", draft.target(), group.name);
    draft.title(title);
    let wrong = match way {
        Way::Up if nodes < from => Some(format!("{nodes} are fewer than the {from} that there are")),
        Way::Down if nodes > from => Some(format!("{nodes} are more than the {from} that there are")),
        _ if nodes > group.size.max => Some(format!("the group may have {} at most", group.size.max)),
        _ if nodes < group.size.min => Some(format!("the group may not have fewer than {}", group.size.min)),
        _ => None,
    };
    if let Some(wrong) = wrong {
        draft.finding(
            Finding::block("size", wrong).with_advice("up and down are different recipes: check which you mean"),
        );
        return Ok(draft);
    }
    if nodes == from {
        draft.finding(Finding::pass("size", format!("nothing to do: there are {from} machines")));
        return Ok(draft);
    }
    if way == Way::Down && nodes == 0 {
        let right = "right when nothing runs on this group any more";
        draft.finding(Finding::ask("floor", "no machine would be left", right));
    }
    if way == Way::Down {
        draft.settles(format!("scale-back/{}", group.name));
    }
    let order = scaling.to(nodes);
    let Some(job) = prepared(&order, &mut draft, &reads.aurora).await? else { return Ok(draft) };
    let sizes = Sizes { group: group.name.clone(), from, to: nodes };
    let title = format!("{} · {} · from {from} to {nodes} machines", draft.target(), group.name);
    draft.title(title);
    draft.phase_at("scale", 1, vec![ScaleStep::Job(JobChange::Create(creation(&order, &job)), sizes.clone())]);
    draft.phase_at("the job", 1, vec![ScaleStep::Job(JobChange::Reach(finished(&job)), sizes.clone())]);
    draft.phase_at("the machines", 1, vec![ScaleStep::Machines(sizes)]);
    Ok(draft)
}

fn finished(job: &NewJob) -> Reach {
    Reach {
        job: job.key.clone(),
        nonce: job.nonce.clone(),
        instances: job.instances,
        until: Until::Finished,
        within_s: JOB_WITHIN_S,
    }
}

async fn observe(reads: &ScaleReads, scaling: &Scaling, actions: &[&ScaleStep]) -> Result<Vec<Observed>> {
    let mut seen = Vec::with_capacity(actions.len());
    for action in actions {
        seen.push(match action {
            ScaleStep::Job(change, _) => {
                let observed = look::observe(&*reads.aurora.aurora, change.job(), &[change]).await?;
                observed.into_iter().next().unwrap_or_else(|| Observed::Drifted("nobody looked at it".into()))
            }
            ScaleStep::Machines(sizes) => machines(&reads.fleet.fleet.group(&scaling.group).await?, sizes),
        });
    }
    Ok(seen)
}

fn machines(group: &Group, sizes: &Sizes) -> Observed {
    let works = group.in_service().count() as u64;
    let there = works == u64::from(sizes.to) && group.size.desired == sizes.to;
    if there { Observed::Done } else { Observed::InProgress }
}

async fn verify(reads: &ScaleReads, scaling: &Scaling, done: &[&ScaleStep]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for step in done {
        match step {
            ScaleStep::Job(JobChange::Create(create), _) => {
                let tasks = reads.aurora.aurora.tasks(&TaskFilter::of_job(&create.job)).await?;
                findings.push(proof(&tasks, create));
            }
            ScaleStep::Job(..) => {}
            ScaleStep::Machines(sizes) => {
                let group = reads.fleet.fleet.group(&scaling.group).await?;
                let works = group.in_service().count();
                let text = format!("{works} of {} machines work", sizes.to);
                findings.push(if machines(&group, sizes) == Observed::Done {
                    Finding::pass("machines", text)
                } else {
                    Finding::block("machines", text)
                });
            }
        }
    }
    Ok(findings)
}

macro_rules! scale {
    ($recipe:ty, $id:literal, $way:expr, { $($more:item)* }) => {
        impl Recipe for $recipe {
            const ID: &'static str = $id;
            const VERSION: u32 = 1;
            type Reads = ScaleReads;
            type Writes = AuroraWrites;
            type Action = ScaleStep;

            async fn plan(&self, reads: &ScaleReads, draft: Draft<ScaleStep>) -> Result<Draft<ScaleStep>> {
                plan(&self.scaling, self.nodes, $way, reads, draft).await
            }

            async fn observe(&self, reads: &ScaleReads, actions: &[&ScaleStep]) -> Result<Vec<Observed>> {
                observe(reads, &self.scaling, actions).await
            }

            async fn perform(&self, writes: &AuroraWrites, action: &ScaleStep) -> Result<()> {
                match action {
                    ScaleStep::Job(change, _) => perform(&self.scaling.to(self.nodes), writes, change).await,
                    ScaleStep::Machines(_) => Ok(()),
                }
            }

            async fn verify(&self, reads: &ScaleReads, done: &[&ScaleStep]) -> Result<Vec<Finding>> {
                verify(reads, &self.scaling, done).await
            }

            $($more)*
        }
    };
}

scale!(ScaleUp, "scale-up", Way::Up, {
    fn obligation(&self, action: &ScaleStep) -> Option<Obligation> {
        let ScaleStep::Job(JobChange::Create(_), sizes) = action else { return None };
        let back = ScaleDown::new(self.scaling.clone(), sizes.from);
        let what = format!("scale {} back from {} to {} machines", sizes.group, sizes.to, sizes.from);
        Some(Obligation::new(format!("scale-back/{}", sizes.group), what).with_remedy(&back))
    }

    /// Settled when there are no more machines than before, whoever took them away.
    async fn still_owed(&self, reads: &ScaleReads, obligation: &Obligation) -> Result<bool> {
        let remedy = obligation.remedy.as_ref();
        let back = remedy.and_then(|remedy| serde_json::from_str::<ScaleDown>(remedy.question.get()).ok());
        let Some(back) = back else { return Ok(true) };
        Ok(reads.fleet.fleet.group(&self.scaling.group).await?.size.desired > back.nodes)
    }
});
scale!(ScaleDown, "scale-down", Way::Down, {});
