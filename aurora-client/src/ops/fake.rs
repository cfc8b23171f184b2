//! A job in memory that goes on with the paused clock of a test.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use ops_client::{Effect, Error, ErrorKind, Probe, Result};
use tokio::time::Instant;

use crate::{
    AuroraRead, AuroraWrite, InstanceSet, Instances, JobKey, JobSummary, NewJob, PendingReason, Quota, Resources,
    SchedulerSeen, Task, TaskConfig, TaskEvent, TaskFilter, TaskId, TaskStatus,
};

/// What a task does, and when, counted from its beginning in seconds.
pub(super) type Life = Vec<(u64, TaskStatus)>;

#[derive(Default)]
pub(super) struct State {
    pub(super) tasks: Vec<(Task, Instant, Life)>,
    /// How the tasks of an instance live that are made next; the last one is kept.
    pub(super) lives: VecDeque<(u32, Life)>,
    /// What the next calls fail with, and whether they do what they should before.
    pub(super) failures: VecDeque<(ErrorKind, Effect, bool)>,
    pub(super) failed_looks: usize,
    pub(super) calls: Vec<String>,
    made: u32,
}

pub(super) struct Fake(Mutex<State>, Instant);

pub(super) fn key() -> JobKey {
    "jobs/prod/x".parse().unwrap()
}

pub(super) fn runs() -> Life {
    vec![(0, TaskStatus::Pending), (2, TaskStatus::Running)]
}

pub(super) fn ends(status: TaskStatus) -> Life {
    vec![(0, TaskStatus::Pending), (2, TaskStatus::Running), (10, status)]
}

impl Fake {
    pub(super) fn new() -> Self {
        Self(Mutex::default(), Instant::now())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A job whose instances live like this.
    pub(super) fn with(lives: &[Life]) -> Self {
        let fake = Self::new();
        for (life, instance) in lives.iter().zip(0..) {
            fake.make(instance, None, Some(life.clone()), None);
        }
        fake
    }

    pub(super) fn make(
        &self,
        instance: u32,
        ancestor: Option<TaskId>,
        life: Option<Life>,
        nonce: Option<&str>,
    ) -> TaskId {
        let mut state = self.state();
        state.made += 1;
        let id = TaskId::new(format!("t-{}", state.made));
        let planned = state.lives.iter().position(|(of, _)| *of == instance);
        let life = life.or_else(|| state.lives.remove(planned?).map(|(_, life)| life)).unwrap_or_else(runs);
        let mut config = TaskConfig::new(Resources::new(1.0, 1, 1));
        config.metadata.extend(nonce.map(|nonce| (NewJob::NONCE.to_owned(), nonce.to_owned())));
        let mut task = Task::new(id.clone(), key(), instance, TaskStatus::Init, config);
        task.ancestor = ancestor;
        state.tasks.push((task, Instant::now(), life));
        id
    }

    pub(super) fn ids(&self) -> Vec<TaskId> {
        self.state().tasks.iter().map(|(task, ..)| task.id.clone()).collect()
    }

    pub(super) fn forget(&self) {
        self.state().tasks.clear();
    }

    /// Lets each task be what it is by now; a lost one comes again.
    fn go_on(&self) {
        let mut next = Vec::new();
        for (task, born, life) in &mut self.state().tasks {
            for (after, status) in life.iter() {
                let at = *born + Duration::from_secs(*after);
                let seen = task.events.iter().any(|event| event.status == *status);
                if at <= Instant::now() && !seen && !task.status.is_terminal() {
                    let at = Timestamp::from_second(at.duration_since(self.1).as_secs().try_into().unwrap()).unwrap();
                    task.events.push(TaskEvent::new(at, *status));
                    task.status = *status;
                    if *status == TaskStatus::Lost {
                        next.push((task.instance, task.id.clone()));
                    }
                }
            }
        }
        for (instance, ancestor) in next {
            if self.state().lives.iter().any(|(of, _)| *of == instance) {
                self.make(instance, Some(ancestor), None, None);
            }
        }
    }

    fn end(&self, instances: &[u32], by: TaskStatus) -> Vec<(u32, TaskId)> {
        self.go_on();
        let mut ended = Vec::new();
        for (task, ..) in &mut self.state().tasks {
            if instances.contains(&task.instance) && task.status.is_active() {
                let at = task.since().unwrap();
                task.events.extend([TaskEvent::new(at, by), TaskEvent::new(at, TaskStatus::Killed)]);
                task.status = TaskStatus::Killed;
                ended.push((task.instance, task.id.clone()));
            }
        }
        ended
    }

    /// Whether the call does what it should, and how it ends.
    fn change(&self, what: String) -> (bool, Result<()>) {
        let mut state = self.state();
        state.calls.push(what);
        match state.failures.pop_front() {
            None => (true, Ok(())),
            Some((kind, effect, does)) => (does, Err(Error::new("fake.change", kind, effect))),
        }
    }
}

#[async_trait]
impl AuroraRead for Fake {
    async fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        {
            let mut state = self.state();
            if state.failed_looks > 0 {
                state.failed_looks -= 1;
                return Err(Error::new("fake.tasks", ErrorKind::Unavailable, Effect::None));
            }
        }
        self.go_on();
        // What was put in a lost one's place is there at once.
        self.go_on();
        let state = self.state();
        let tasks = state.tasks.iter().map(|(task, ..)| task);
        Ok(tasks.filter(|task| !filter.active || task.status.is_active()).cloned().collect())
    }

    async fn pending_reasons(&self, _: &JobKey) -> Result<Vec<PendingReason>> {
        let state = self.state();
        let waiting = state.tasks.iter().filter(|(task, ..)| task.status == TaskStatus::Pending);
        Ok(waiting.map(|(task, ..)| PendingReason::new(task.id.clone(), "Insufficient: CPU")).collect())
    }

    async fn probe(&self) -> Result<Probe> {
        unreachable!()
    }

    async fn schedulers(&self) -> Result<Vec<SchedulerSeen>> {
        unreachable!()
    }

    async fn jobs(&self, _: Option<String>) -> Result<Vec<JobSummary>> {
        unreachable!()
    }

    async fn check(&self, _: &NewJob) -> Result<()> {
        unreachable!()
    }

    async fn quota(&self, _: &str) -> Result<Quota> {
        unreachable!()
    }

    async fn may_change(&self) -> Result<Option<bool>> {
        unreachable!()
    }
}

#[async_trait]
impl AuroraWrite for Fake {
    async fn create(&self, job: &NewJob) -> Result<()> {
        let (does, result) = self.change(format!("create {}", job.key));
        for instance in 0..if does { job.instances } else { 0 } {
            self.make(instance, None, None, Some(&job.nonce));
        }
        result
    }

    async fn kill(&self, _: &JobKey, instances: &Instances, _: &str) -> Result<()> {
        let (does, result) = self.change(format!("kill {instances}"));
        if let (true, Instances::Only(set)) = (does, instances) {
            self.end(&set.iter().collect::<Vec<_>>(), TaskStatus::Killing);
        }
        result
    }

    async fn restart(&self, _: &JobKey, instances: &InstanceSet) -> Result<()> {
        let (does, result) = self.change(format!("restart {instances}"));
        if does {
            for (instance, ancestor) in self.end(&instances.iter().collect::<Vec<_>>(), TaskStatus::Restarting) {
                self.make(instance, Some(ancestor), None, None);
            }
        }
        result
    }
}
