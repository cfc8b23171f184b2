//! «Restart Aurora»: the machine of a scheduler that is dead is replaced.

mod reads;
mod step;

use aurora_client::{Condition, Framework, FrameworkId, Leading, MesosSeen, diagnose};
use fleet_ops::{Group, Life};
use ops_client::Result;
use ops_plan::{Draft, Finding, Observed, Recipe, Subject};
use serde::{Deserialize, Serialize};

pub use self::reads::{Evidence, RestartReads};
pub use self::step::{Leads, RestartStep, Teardown};
use super::cycle_machines::{open, proof, replaced};
use super::{FleetWrites, ReplaceMachine};
use crate::words::{count, names};

/// Alert texts and symptoms that this recipe answers.
pub const ALERTS: &[&str] = &["restart aurora", "aurora is down", "aurora's page does not answer", "scheduler is down"];

/// Replaces the machine of an Aurora scheduler that is dead, and proves that one leads again.
///
/// What is wrong is read from three sides: the schedulers, the Mesos master, and what the master says of Aurora's framework.
/// Only where no scheduler answers and the framework is gone is there a plan at once. Where schedulers answer but are not
/// registered the log must be read first (`not-registered`); where Mesos sees a framework that works, this machine may just be
/// off the network (`unreachable`). Everything else says what it is, and why replacing a machine is not the answer.
///
/// Before the machine is ended its journal is kept; where it was not, that is asked about (`no-evidence`). What an old
/// scheduler left at the master is listed, and torn down only where its id is named.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RestartAurora {
    /// The group of the machines on which the scheduler runs.
    pub group: String,
    /// The name of Aurora's framework.
    #[serde(default = "aurora")]
    pub framework: String,
    /// Frameworks that an old scheduler left, and that are torn down.
    #[serde(default)]
    pub teardown: Vec<FrameworkId>,
}

fn aurora() -> String {
    "Aurora".into()
}

impl RestartAurora {
    /// Replaces the machines of this group, if the scheduler is dead.
    pub fn new(group: impl Into<String>) -> Self {
        Self { group: group.into(), framework: aurora(), teardown: Vec::new() }
    }

    /// Where Aurora's framework has another name.
    #[must_use]
    pub fn with_framework(mut self, name: impl Into<String>) -> Self {
        self.framework = name.into();
        self
    }

    /// And tears down what an old scheduler left.
    #[must_use]
    pub fn tearing_down(mut self, frameworks: impl IntoIterator<Item = FrameworkId>) -> Self {
        self.teardown.extend(frameworks);
        self
    }

    /// What old schedulers left: frameworks of the name that do not work, beside one that does.
    fn orphans<'a>(&self, mesos: &'a MesosSeen) -> Vec<&'a Framework> {
        let (works, rest): (Vec<&Framework>, Vec<&Framework>) = mesos
            .frameworks
            .iter()
            .filter(|framework| framework.name == self.framework)
            .partition(|framework| framework.active && framework.connected);
        if works.is_empty() { Vec::new() } else { rest }
    }
}

impl Recipe for RestartAurora {
    const ID: &'static str = "restart-aurora";
    const VERSION: u32 = 1;
    type Reads = RestartReads;
    type Writes = FleetWrites;
    type Action = RestartStep;

    async fn plan(&self, reads: &RestartReads, mut draft: Draft<RestartStep>) -> Result<Draft<RestartStep>> {
        let title = format!("{} · restart Aurora", draft.target());
        draft.title(title);
        draft.subject(Subject::new("aurora", &self.framework));
        let schedulers = reads.aurora.schedulers().await?;
        let mesos = reads.mesos.look().await;
        let diagnosis = diagnose(&schedulers, mesos.as_ref().ok(), &self.framework);
        draft.note(format!("Diagnosis: {diagnosis}."));
        for seen in &diagnosis.evidence {
            draft.note(format!("Seen: {seen}."));
        }
        if let Err(error) = &mesos {
            draft.note(format!("The Mesos master: {error}."));
        }
        let cycle = self.decide(&mut draft, &diagnosis);
        self.tear_down(&mut draft, mesos.as_ref().ok());
        if cycle {
            self.cycle(&mut draft, reads).await?;
        }
        Ok(draft)
    }

    async fn observe(&self, reads: &RestartReads, actions: &[&RestartStep]) -> Result<Vec<Observed>> {
        let mut seen = Vec::with_capacity(actions.len());
        let mut group: Option<Group> = None;
        for action in actions {
            seen.push(match action {
                RestartStep::Replace(replace) => {
                    let group = match &mut group {
                        Some(group) => group,
                        none => none.insert(reads.fleet.group(&self.group).await?),
                    };
                    replaced(group, replace)
                }
                RestartStep::Leads(_) => leads(reads).await?,
                RestartStep::Teardown(teardown) => {
                    let mesos = reads.mesos.look().await?;
                    match mesos.frameworks.iter().find(|framework| framework.id == teardown.framework) {
                        None => Observed::Done,
                        Some(now) if now.active && now.connected => {
                            Observed::Drifted(format!("{} works again, and is left alone", now.id))
                        }
                        Some(_) => Observed::Pending,
                    }
                }
            });
        }
        Ok(seen)
    }

    async fn perform(&self, writes: &FleetWrites, action: &RestartStep) -> Result<()> {
        action.perform(writes).await
    }

    async fn verify(&self, reads: &RestartReads, done: &[&RestartStep]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        let old: Vec<_> = done
            .iter()
            .filter_map(|step| if let RestartStep::Replace(replace) = step { Some(&replace.machine) } else { None })
            .collect();
        if !old.is_empty() {
            findings.extend(proof(&reads.fleet.group(&self.group).await?, &old));
            let schedulers = reads.aurora.schedulers().await?;
            let diagnosis = diagnose(&schedulers, reads.mesos.look().await.ok().as_ref(), &self.framework);
            findings.push(match diagnosis.condition {
                Condition::Healthy => Finding::pass("leader", "a scheduler leads, and its framework works"),
                Condition::Degraded => Finding::warn("leader", format!("{diagnosis}")),
                _ => Finding::block("leader", format!("{diagnosis}")),
            });
        }
        let mesos = reads.mesos.look().await?;
        let orphans = self.orphans(&mesos);
        findings.push(if orphans.is_empty() {
            Finding::pass("orphans", "nothing is left of an old scheduler")
        } else {
            let ids = names(orphans.iter().map(|framework| &framework.id));
            Finding::warn("orphans", format!("left of an old scheduler: {ids}"))
                .with_advice("restart-aurora with --teardown ID ends them, and all their tasks")
        });
        #[cfg(feature = "airflow")]
        findings.extend(died(reads).await);
        Ok(findings)
    }
}

impl RestartAurora {
    /// Whether machines are replaced.
    fn decide(&self, draft: &mut Draft<RestartStep>, diagnosis: &aurora_client::Diagnosis) -> bool {
        const GUARD: &str = "diagnosis";
        match diagnosis.condition {
            Condition::SchedulerDown => {
                draft.finding(Finding::pass(GUARD, format!("{diagnosis}")));
                true
            }
            Condition::NotRegistered => {
                let right = "right when the scheduler's log was read, and says that it will not register by itself";
                draft.finding(Finding::ask("not-registered", format!("{diagnosis}"), right));
                true
            }
            Condition::UnreachableFromHere => {
                let right = "right when others cannot reach it either";
                draft.finding(Finding::ask("unreachable", format!("{diagnosis}"), right));
                true
            }
            Condition::Healthy => {
                let text = if self.teardown.is_empty() { "nothing to do: " } else { "" };
                draft.finding(Finding::pass(GUARD, format!("{text}{diagnosis}")));
                false
            }
            _ => {
                let finding = Finding::block(GUARD, format!("{diagnosis}: replacing a machine is not the answer"));
                draft.finding(finding.with_advice(diagnosis.advice));
                false
            }
        }
    }

    fn tear_down(&self, draft: &mut Draft<RestartStep>, mesos: Option<&MesosSeen>) {
        let orphans = mesos.map(|mesos| self.orphans(mesos)).unwrap_or_default();
        if !orphans.is_empty() {
            let all = names(orphans.iter().map(|orphan| {
                format!(
                    "{} ({} running)",
                    orphan.id,
                    count(usize::try_from(orphan.tasks_running).unwrap_or(usize::MAX), "task")
                )
            }));
            draft.finding(
                Finding::warn("orphans", format!("left of an old scheduler: {all}"))
                    .with_advice("--teardown ID ends them, and all their tasks"),
            );
        }
        let mut steps = Vec::new();
        for id in &self.teardown {
            match orphans.iter().find(|orphan| orphan.id == *id) {
                Some(orphan) => steps.push(RestartStep::Teardown(Teardown {
                    framework: id.clone(),
                    name: orphan.name.clone(),
                    tasks: orphan.tasks_running,
                })),
                None => {
                    let text = format!("{id} is not what an old scheduler of {} left", self.framework);
                    let advice = "only a framework that does not work, beside one that does, is torn down";
                    draft.finding(Finding::block("orphans", text).with_advice(advice));
                }
            }
        }
        if !steps.is_empty() {
            draft.population(mesos.map_or(0, |mesos| mesos.frameworks.len()));
            draft.one_by_one();
            draft.phase_at("tear down", 1, steps);
        }
    }

    async fn cycle(&self, draft: &mut Draft<RestartStep>, reads: &RestartReads) -> Result<()> {
        let Some(group) = open(draft, &reads.fleet(), &self.group).await? else { return Ok(()) };
        let meant: Vec<_> =
            group.machines.iter().filter(|machine| matches!(machine.life, Life::InService | Life::Pending)).collect();
        if meant.is_empty() {
            let text = format!("{} has no machine to replace", group.name);
            draft.finding(Finding::block("machines", text).with_advice("its size may be 0: look there"));
            return Ok(());
        }
        for machine in &meant {
            let kept = match &reads.evidence {
                Some(evidence) => evidence.keep(&machine.id).await.map(Some),
                None => Ok(None),
            };
            draft.finding(match kept {
                Ok(Some(place)) => Finding::pass("evidence", format!("the journal of {} is kept: {place}", machine.id)),
                Ok(None) => no_evidence(&format!("the journal of {} is not kept", machine.id)),
                Err(error) => no_evidence(&format!("the journal of {} was not kept: {error}", machine.id)),
            });
        }
        draft.population(group.machines.len());
        draft.one_by_one();
        for machine in meant {
            let replace = ReplaceMachine {
                group: group.name.clone(),
                machine: machine.id.clone(),
                zone: machine.zone.clone(),
                in_service: group.size.desired,
            };
            draft.phase_at(format!("replace {}", machine.id), 1, vec![RestartStep::Replace(replace)]);
        }
        draft.phase_at("a leader", 1, vec![RestartStep::Leads(Leads { framework: self.framework.clone() })]);
        draft.note("Tasks that run go on while the scheduler is away; only creating, killing and looking stop.");
        draft.later("Look in Airflow for tasks that died meanwhile, and run them again (`clear-and-rerun`).");
        Ok(())
    }
}

fn no_evidence(text: &str) -> Finding {
    let right = "right when you kept it: journalctl -u aurora-scheduler --since -2h, on that machine";
    Finding::ask("no-evidence", text, right)
}

/// Whether a scheduler leads, and answers what it is asked: its storage may still be read in.
async fn leads(reads: &RestartReads) -> Result<Observed> {
    let schedulers = reads.aurora.schedulers().await?;
    let leaders = schedulers.iter().filter(|seen| seen.leading == Leading::Yes).count();
    Ok(match leaders {
        0 => Observed::InProgress,
        1 if reads.aurora.jobs(None).await.is_ok() => Observed::Done,
        1 => Observed::InProgress,
        _ => Observed::Drifted("more than one scheduler leads".to_owned()),
    })
}

/// Tasks that died while the scheduler was away.
#[cfg(feature = "airflow")]
async fn died(reads: &RestartReads) -> Option<Finding> {
    use airflow_client::{RunFilter, RunState, TaskFilter, TaskState};
    const GUARD: &str = "died";
    let (airflow, dag) = reads.airflow.as_ref()?;
    let mut dead = Vec::new();
    let look = async {
        let going = RunFilter::of(dag.clone()).in_state(RunState::Running).in_state(RunState::Failed).at_most(2);
        for run in airflow.dag_runs(&going).await? {
            for task in airflow.task_instances(&run.key, &TaskFilter::all()).await? {
                if matches!(task.state, TaskState::Failed | TaskState::UpForRetry) {
                    dead.push(format!("{} of {} ({})", task.key, run.key.run, task.state));
                }
            }
        }
        Ok::<(), ops_client::Error>(())
    };
    Some(match look.await {
        Err(error) => Finding::warn(GUARD, format!("which tasks died meanwhile is not known: {error}")),
        Ok(()) if dead.is_empty() => Finding::pass(GUARD, format!("no task of {dag} is failed")),
        Ok(()) => Finding::warn(GUARD, format!("failed, perhaps meanwhile: {}", names(dead)))
            .with_advice("clear-and-rerun runs them again"),
    })
}
