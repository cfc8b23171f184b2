//! Restarting a job batch by batch.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ops_client::{Effect, Error, Result};
use tokio::time::Instant;

use super::pace::{Pace, Patience};
use crate::status::newest_first;
use crate::{AuroraRead, AuroraWrite, InstanceSet, Instances, JobKey, Task, TaskFilter, TaskId, TaskStatus};

const OP: &str = "aurora.rolling_restart";

/// Restarts instances of a job, a batch at a time. Aurora itself restarts all that it is told at once.
///
/// ```no_run
/// use std::time::Duration;
///
/// use aurora_client::{AuroraClient, Instances, JobKey, Result, RollingRestart};
///
/// async fn restart(aurora: &AuroraClient, job: JobKey) -> Result<bool> {
///     let restart = RollingRestart::new(job, Instances::All).with_batch(2).with_watch(Duration::from_secs(45));
///     let done = restart.run(aurora, aurora, |step| eprintln!("{step}")).await?;
///     Ok(done.failed.is_empty() && done.left.is_empty())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RollingRestart {
    /// The job.
    pub job: JobKey,
    /// Which of its instances.
    pub instances: Instances,
    /// How many at a time. 1.
    pub batch: usize,
    /// An instance counts as up when its new task has been seen to run for so long. 30 s, as Aurora's own client has it.
    pub watch: Duration,
    /// How many instances may fail before no further batch begins. 0.
    pub may_fail: usize,
    /// How long a new task may take until it runs: an instance that never starts has failed, too. 10 min.
    pub start_within: Duration,
    /// The pauses between looks.
    pub patience: Patience,
}

/// Why an instance did not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartTrouble {
    /// Its new task did not run in time; this is what was seen last, where there was a new task at all.
    NeverStarted(Option<TaskStatus>),
    /// Its new task ran, or was about to, and did not stay.
    DidNotStay(TaskStatus),
    /// It was no longer active when its turn came.
    Gone,
}

impl fmt::Display for RestartTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverStarted(None) => f.write_str("no new task came"),
            Self::NeverStarted(Some(status)) => write!(f, "its new task did not start: {status}"),
            Self::DidNotStay(status) => write!(f, "its new task did not stay: {status}"),
            Self::Gone => f.write_str("it was no longer active"),
        }
    }
}

/// What a restart is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartStep {
    /// These are told to restart.
    Batch(InstanceSet),
    /// This one is up.
    Up(u32),
    /// This one is not.
    Down(u32, RestartTrouble),
}

impl fmt::Display for RestartStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Batch(set) => write!(f, "restarting {}", Instances::Only(set.clone())),
            Self::Up(instance) => write!(f, "instance {instance} is up"),
            Self::Down(instance, trouble) => write!(f, "instance {instance}: {trouble}"),
        }
    }
}

/// How a restart went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restarted {
    /// The instances that are up again.
    pub up: Vec<u32>,
    /// Those that are not, and why.
    pub failed: Vec<(u32, RestartTrouble)>,
    /// Those that were not touched, because too many had failed.
    pub left: Vec<u32>,
}

/// An instance that is being restarted.
struct Watched {
    /// The tasks of the instance that there were before.
    old: Vec<TaskId>,
    /// The new task that runs, and since when it was seen to.
    up: Option<(TaskId, Instant)>,
    last: Option<TaskStatus>,
}

impl RollingRestart {
    /// Restarts these, one after the other.
    pub fn new(job: JobKey, instances: Instances) -> Self {
        Self {
            job,
            instances,
            batch: 1,
            watch: Duration::from_secs(30),
            may_fail: 0,
            start_within: Duration::from_secs(600),
            patience: Patience::of(Duration::MAX),
        }
    }

    /// So many at a time; none counts as one.
    #[must_use]
    pub fn with_batch(mut self, instances: usize) -> Self {
        self.batch = instances.max(1);
        self
    }

    /// Watches each new task for so long.
    #[must_use]
    pub fn with_watch(mut self, watch: Duration) -> Self {
        self.watch = watch;
        self
    }

    /// Goes on although so many failed.
    #[must_use]
    pub fn with_may_fail(mut self, instances: usize) -> Self {
        self.may_fail = instances;
        self
    }

    /// Gives each new task so long to run.
    #[must_use]
    pub fn with_start_within(mut self, time: Duration) -> Self {
        self.start_within = time;
        self
    }

    /// Looks with pauses from `first` to `longest`.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.patience = self.patience.with_pauses(first, longest);
        self
    }

    /// Does it. That instances failed is told, not an error. Nothing active is nothing to do.
    ///
    /// # Errors
    /// `Invalid` where one that was named is not active: nothing was sent then. As [`AuroraWrite::restart`] where a batch was
    /// refused; a batch whose answer was lost is watched instead. As [`AuroraRead::tasks`], with the effect `Certain` once a
    /// batch was sent.
    pub async fn run<R, W, P>(&self, reads: &R, writes: &W, mut progress: P) -> Result<Restarted>
    where
        R: AuroraRead + ?Sized,
        W: AuroraWrite + ?Sized,
        P: FnMut(&RestartStep) + Send,
    {
        let mut queue = self.meant(&self.known(reads).await?)?;
        let mut done = Restarted::default();
        let mut sent = false;
        while !queue.is_empty() {
            let rest = queue.split_off(queue.len().min(self.batch.max(1)));
            let batch = std::mem::replace(&mut queue, rest);
            let effect = if sent { Effect::Certain } else { Effect::None };
            let known = self.known(reads).await.map_err(|error| error.with_effect(effect))?;
            let (there, gone): (Vec<u32>, Vec<u32>) = batch.into_iter().partition(|number| is_active(*number, &known));
            let mut down = |done: &mut Restarted, number, trouble| {
                progress(&RestartStep::Down(number, trouble));
                done.failed.push((number, trouble));
            };
            gone.into_iter().for_each(|number| down(&mut done, number, RestartTrouble::Gone));
            // One that went away has failed: whether the others may go on is the same question as after a batch.
            if done.failed.len() > self.may_fail {
                done.left = there.into_iter().chain(queue).collect();
                return Ok(done);
            }
            let Ok(set) = InstanceSet::new(there) else { continue };
            progress(&RestartStep::Batch(set.clone()));
            let watched: BTreeMap<u32, Watched> =
                set.iter().map(|number| (number, Watched::of(number, &known))).collect();
            match writes.restart(&self.job, &set).await {
                Ok(()) => {}
                Err(error) if error.effect() == Effect::None => {
                    return Err(error.with_effect(effect));
                }
                // It may have happened: the watch tells.
                Err(_) => {}
            }
            sent = true;
            self.watch(reads, watched, &mut done, &mut progress).await?;
            if done.failed.len() > self.may_fail {
                done.left = queue;
                return Ok(done);
            }
        }
        Ok(done)
    }

    async fn known<R: AuroraRead + ?Sized>(&self, reads: &R) -> Result<Vec<Task>> {
        reads.tasks(&TaskFilter::of_job(&self.job).brief()).await
    }

    fn meant(&self, known: &[Task]) -> Result<Vec<u32>> {
        match &self.instances {
            Instances::All => {
                let active = known.iter().filter(|task| task.status.is_active());
                let mut numbers: Vec<u32> = active.map(|task| task.instance).collect();
                numbers.sort_unstable();
                numbers.dedup();
                Ok(numbers)
            }
            Instances::Only(set) => match set.iter().find(|number| !is_active(*number, known)) {
                Some(idle) => Err(Error::invalid(OP, format!("instance {idle} of {} is not active", self.job))),
                None => Ok(set.iter().collect()),
            },
        }
    }

    /// Looks until each of these is up or has failed.
    async fn watch<R, P>(
        &self,
        reads: &R,
        mut watched: BTreeMap<u32, Watched>,
        done: &mut Restarted,
        progress: &mut P,
    ) -> Result<()>
    where
        R: AuroraRead + ?Sized,
        P: FnMut(&RestartStep) + Send,
    {
        let mut pace = Pace::new(&self.patience);
        while !watched.is_empty() {
            let look = pace.bear(self.known(reads).await).map_err(|error| error.with_effect(Effect::Certain))?;
            // While nothing can be seen, nothing can be said to have stayed, nor to have never started.
            if let Some(known) = look {
                watched.retain(|number, one| match self.seen(*number, one, &known, pace.elapsed()) {
                    None => true,
                    Some(Ok(())) => {
                        progress(&RestartStep::Up(*number));
                        done.up.push(*number);
                        false
                    }
                    Some(Err(trouble)) => {
                        progress(&RestartStep::Down(*number, trouble));
                        done.failed.push((*number, trouble));
                        false
                    }
                });
            }
            if !watched.is_empty() && !pace.pause().await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether an instance is up, or has failed; `None` while that cannot be said.
    fn seen(
        &self,
        number: u32,
        one: &mut Watched,
        known: &[Task],
        waited: Duration,
    ) -> Option<Result<(), RestartTrouble>> {
        let tasks: Vec<Task> = known.iter().filter(|task| task.instance == number).cloned().collect();
        let newest = newest_first(tasks).into_iter().find(|task| !one.old.contains(&task.id));
        let late = waited >= self.start_within;
        let Some(task) = newest else {
            return if one.up.is_some() || late { Some(Err(RestartTrouble::NeverStarted(one.last))) } else { None };
        };
        one.last = Some(task.status);
        match &one.up {
            // It ran, and is another now: the first one did not stay.
            Some((up, _)) if *up != task.id => Some(Err(RestartTrouble::DidNotStay(task.status))),
            Some((_, since)) if task.status == TaskStatus::Running => (since.elapsed() >= self.watch).then_some(Ok(())),
            Some(_) => Some(Err(RestartTrouble::DidNotStay(task.status))),
            // A job that ends may do so while it is watched.
            None if task.status == TaskStatus::Finished && !task.config.is_service => Some(Ok(())),
            None if task.status.is_terminal() => Some(Err(RestartTrouble::DidNotStay(task.status))),
            None if task.status == TaskStatus::Running => {
                one.up = Some((task.id, Instant::now()));
                self.watch.is_zero().then_some(Ok(()))
            }
            None => late.then_some(Err(RestartTrouble::NeverStarted(Some(task.status)))),
        }
    }
}

fn is_active(number: u32, known: &[Task]) -> bool {
    known.iter().any(|task| task.instance == number && task.status.is_active())
}

impl Watched {
    fn of(number: u32, known: &[Task]) -> Self {
        let old = known.iter().filter(|task| task.instance == number).map(|task| task.id.clone()).collect();
        Self { old, up: None, last: None }
    }
}
