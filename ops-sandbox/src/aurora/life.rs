//! The life of a task: each step in its time, and who takes its place when it must go.

use std::sync::Arc;
use std::time::Duration;

use aurora_client::{Task, TaskConfig, TaskEvent, TaskId, TaskStatus};
use jiff::Timestamp;
use metapod_client::{DatasetName, TransactionId};
use uuid::Uuid;

use super::spec::{FailsWhile, JobSpec};
use super::state::{Aurora, Record};
use super::thermos::executor_data;
use crate::agenda::later;

/// From one step to the next, where nothing is computed.
const STEP: Duration = Duration::from_millis(100);

/// How long a process takes to end that was told to.
const END: Duration = Duration::from_millis(500);

/// Something that happens by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// Whatever waits is given a place, where there is one.
    Place,
    /// A task takes its next step, unless somebody else moved it since.
    Step(usize, u32),
    /// The Mesos masters elect a leader, and the schedulers after them.
    Elect,
}

/// The try of an Airflow task that waits for a task: its run, its place there, and its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) run: usize,
    pub(crate) one: usize,
    pub(crate) epoch: u32,
}

/// What other systems feel of a task.
#[derive(Clone, Debug)]
pub(crate) enum News {
    /// It is over, and nothing takes its place.
    Ended { link: Link, well: bool, words: String },
    /// It wrote these datasets.
    Wrote { transaction: TransactionId, names: Vec<DatasetName> },
    /// It wants so many machines of this kind.
    Scale { nodes: u32, mode: Option<String> },
}

impl Aurora {
    /// Lets the next thing happen.
    pub(crate) fn step(&mut self) {
        let Some((at, due)) = self.agenda.pop() else { return };
        match due {
            Due::Place => self.place(at),
            Due::Step(task, epoch) => self.advance(task, epoch, at),
            Due::Elect => self.elect(at),
        }
    }

    /// Makes a task, which waits for a place.
    pub(super) fn add_task(&mut self, job: &Arc<JobSpec>, instance: u32, link: Option<Link>, now: Timestamp) -> usize {
        self.minted += 1;
        let new = &job.new;
        let name = format!("{}/{instance}/{}", new.key, self.minted);
        let uuid = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
        let (role, environment) = (new.key.role(), new.key.environment());
        let id = TaskId::new(format!("{role}-{environment}-{}-{instance}-{uuid}", new.key.name()));
        let mut config = TaskConfig::new(new.resources);
        config.is_service = new.is_service;
        config.max_failures = new.max_failures;
        config.metadata.clone_from(&new.metadata);
        if !new.nonce.is_empty() {
            config.metadata.push((aurora_client::NewJob::NONCE.to_owned(), new.nonce.clone()));
        }
        config.tier.clone_from(&new.tier);
        config.executor_data = Some(job.data.clone().unwrap_or_else(|| executor_data(new)));
        let task = Task::new(id.clone(), new.key.clone(), instance, TaskStatus::Init, config);
        let at = self.tasks.len();
        self.by_id.insert(id, at);
        self.tasks.push(Some(Record { task, job: Arc::clone(job), machine: None, epoch: 0, link }));
        self.set(at, TaskStatus::Pending, now, None);
        self.place_soon(now);
        at
    }

    /// Gives a task a status. What foresaw another step is void.
    pub(super) fn set(&mut self, at: usize, status: TaskStatus, now: Timestamp, message: Option<&str>) {
        let scheduler = self.leader_host();
        let Some(record) = self.tasks[at].as_mut() else { return };
        record.epoch += 1;
        record.task.status = status;
        let mut event = TaskEvent::new(now, status);
        event.message = message.map(str::to_owned);
        event.scheduler = scheduler;
        record.task.events.push(event);
    }

    pub(super) fn step_in(&mut self, at: usize, after: Duration, now: Timestamp) {
        let epoch = self.tasks[at].as_ref().map(|record| record.epoch);
        epoch.into_iter().for_each(|epoch| self.agenda.write(later(now, after), Due::Step(at, epoch)));
    }

    /// It was given a place.
    pub(super) fn assigned(&mut self, at: usize, now: Timestamp) {
        self.set(at, TaskStatus::Assigned, now, None);
        self.step_in(at, STEP, now);
    }

    /// It was told to end: now it does that, and then it has ended.
    pub(super) fn tell_to_end(&mut self, at: usize, status: TaskStatus, message: Option<&str>, now: Timestamp) {
        self.set(at, status, now, message);
        self.step_in(at, END, now);
    }

    fn advance(&mut self, at: usize, epoch: u32, now: Timestamp) {
        let Some(record) = self.tasks[at].as_ref().filter(|record| record.epoch == epoch) else { return };
        match record.task.status {
            TaskStatus::Assigned => {
                self.set(at, TaskStatus::Starting, now, Some("Initializing sandbox."));
                self.step_in(at, STEP, now);
            }
            TaskStatus::Starting => {
                let (key, service) = (record.task.job.clone(), record.task.config.is_service);
                let order = self.orders.get(&key).copied().unwrap_or(record.job.order);
                self.set(at, TaskStatus::Running, now, Some("No health-check defined, task is assumed healthy."));
                if !service || order.fails {
                    self.step_in(at, order.takes, now);
                }
            }
            TaskStatus::Running => {
                let order = self.orders.get(&record.task.job).copied().unwrap_or(record.job.order);
                self.finish(at, !order.fails && self.ails(at).is_none(), now);
            }
            TaskStatus::Killing => self.over(at, TaskStatus::Killed, None, false, now),
            TaskStatus::Restarting | TaskStatus::Draining => self.over(at, TaskStatus::Killed, None, true, now),
            _ => {}
        }
    }

    /// What is wrong with the job of a task at this moment, in its own words.
    fn ails(&self, at: usize) -> Option<String> {
        let record = self.tasks[at].as_ref()?;
        let ailment = self.ailments.get(&record.task.job)?;
        let so = match &ailment.fails {
            FailsWhile::Always => true,
            FailsWhile::OnMachines(sick) => record.machine.as_ref().is_some_and(|machine| sick.contains(machine)),
            FailsWhile::FewerMachines(enough) => self.agents.len() < *enough,
            FailsWhile::Version(bad) => record.job.bind("version") == Some(bad),
        };
        so.then(|| format!("Task failed: {}", ailment.words))
    }

    /// Its work is done, or it failed.
    pub(super) fn finish(&mut self, at: usize, well: bool, now: Timestamp) {
        let ails = self.ails(at);
        let Some(record) = self.tasks[at].as_mut() else { return };
        if !well {
            record.task.failures += 1;
            let (failures, most) = (record.task.failures, record.task.config.max_failures);
            let again = record.task.config.is_service || i32::try_from(failures).is_ok_and(|times| times < most);
            let words = ails.as_deref().unwrap_or("Task failed: Process exited with status 1.");
            self.over(at, TaskStatus::Failed, Some(words), again || most == -1, now);
            return;
        }
        let job = Arc::clone(&record.job);
        if let Some((transaction, names)) = &job.writes {
            self.news.push(News::Wrote { transaction: *transaction, names: names.clone() });
        }
        if let Some(nodes) = job.bind("N_NODES").and_then(|nodes| nodes.parse().ok()) {
            self.news.push(News::Scale { nodes, mode: job.bind("MODE").map(str::to_owned) });
        }
        self.over(at, TaskStatus::Finished, None, job.new.is_service, now);
    }

    /// It has ended; another takes its place, or whoever waits for it is told.
    pub(super) fn over(&mut self, at: usize, status: TaskStatus, message: Option<&str>, again: bool, now: Timestamp) {
        self.set(at, status, now, message);
        let Some(record) = self.tasks[at].as_mut() else { return };
        let link = record.link.take();
        if again {
            let (job, instance) = (Arc::clone(&record.job), record.task.instance);
            let (ancestor, failures) = (record.task.id.clone(), record.task.failures);
            let next = self.add_task(&job, instance, link, now);
            if let Some(next) = self.tasks[next].as_mut() {
                next.task.ancestor = Some(ancestor);
                next.task.failures = failures;
            }
        } else if let Some(link) = link {
            let words = format!("Job {} ended with status {status}", record.task.job);
            self.news.push(News::Ended { link, well: status == TaskStatus::Finished, words });
        }
        self.place_soon(now);
    }

    /// The scheduler forgets a task that never had a place.
    pub(super) fn forget(&mut self, at: usize) {
        let Some(record) = self.tasks[at].take() else { return };
        self.by_id.remove(&record.task.id);
        if let Some(link) = record.link {
            let words = format!("Job {} has no task", record.task.job);
            self.news.push(News::Ended { link, well: false, words });
        }
    }

    /// The task that this try waits for was ended from there.
    pub(crate) fn end_linked(&mut self, link: Link, well: bool, now: Timestamp) -> bool {
        let waited = self.which(|record| record.link == Some(link) && record.task.status.is_active());
        for &at in &waited {
            if let Some(record) = self.tasks[at].as_mut() {
                record.task.config.max_failures = 1;
            }
            self.finish(at, well, now);
        }
        !waited.is_empty()
    }

    /// What others have not been told yet. Who waits for a task hears of its end only from a scheduler that leads.
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        let leads = self.leads_inside();
        let (told, kept) =
            std::mem::take(&mut self.news).into_iter().partition(|one| leads || !matches!(one, News::Ended { .. }));
        self.news = kept;
        told
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty() && (self.leads_inside() || self.news.iter().any(|one| !matches!(one, News::Ended { .. })))
    }
}
