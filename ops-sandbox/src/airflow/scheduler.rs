//! The scheduler: what happens by itself, in the order of the world's clock. A step of a task takes as long as it takes a
//! quick Airflow; only the jobs themselves take longer.

use std::time::Duration;

use airflow_client::{RunState, TaskState};
use jiff::Timestamp;
use metapod_client::TransactionId;
use serde_json::Value;

use super::agenda::Due;
use super::orders::Orders;
use super::rules::{Verdict, verdict};
use super::run::Instance;
use super::state::{Airflow, LOOK, later};
use crate::aurora::{Aurora, JobOrder, Link};
use crate::metapod::Catalogue;
use crate::refusal::Refusal;
use crate::rng::Rng;

/// From `scheduled` to `queued`, and from there to `running`.
const STEP: Duration = Duration::from_millis(100);

/// How long a process that was cleared while it ran takes to end (some 6 s where it was measured).
const KILL: Duration = Duration::from_secs(1);

/// What jobs change outside of Airflow.
pub(crate) struct Outside<'a> {
    pub(crate) aurora: &'a mut Aurora,
    pub(crate) catalogue: &'a mut Catalogue,
    pub(crate) rng: &'a mut Rng,
}

impl Airflow {
    /// When the next thing happens by itself.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    /// Lets the next thing happen, at its own time.
    pub(crate) fn step_on(&mut self, outside: &mut Outside<'_>) {
        let Some((at, due)) = self.agenda.pop() else { return };
        match due {
            Due::Admit(dag) => self.admit(dag, at),
            Due::Decide(run) => self.look(run, at),
            Due::Step(run, instance, epoch) => self.step(run, instance, epoch, at, outside),
            Due::Arrive(run, instance) => self.start(run, instance, at, outside),
        }
        self.fill_pools(at);
    }

    /// The job ended that a try waits for. A try that somebody else moved meanwhile waits for nothing.
    pub(crate) fn job_ended(&mut self, link: Link, well: bool, words: &str, now: Timestamp, outside: &mut Outside<'_>) {
        let run = self.runs.get_mut(link.run).and_then(Option::as_mut);
        let instance = run.and_then(|run| run.instances.get_mut(link.one));
        let waits = |one: &&mut Instance| one.epoch == link.epoch && one.now.state == TaskState::Running;
        let Some(instance) = instance.filter(waits) else { return };
        instance.say(now, if well { "info" } else { "error" }, words);
        self.end(link.run, link.one, well, now, outside);
        self.fill_pools(now);
    }

    /// Queued runs begin, the oldest first, as many as may run.
    fn admit(&mut self, dag: usize, now: Timestamp) {
        let found = &mut self.dags[dag];
        found.admits = false;
        if found.paused {
            return;
        }
        let (mut queued, mut running) = (Vec::new(), 0);
        for &at in &found.runs {
            let Some(run) = &self.runs[at] else { continue };
            match run.state {
                RunState::Running => running += 1,
                // A run that is still to be made waits for its own look.
                RunState::Queued if run.run_after <= now => queued.push(at),
                _ => {}
            }
        }
        queued.sort_by_key(|&at| {
            let run = self.runs[at].as_ref();
            run.map(|run| (run.about.map_or(run.run_after, |about| about.timestamp()), at))
        });
        let free = (found.spec.max_active_runs as usize).saturating_sub(running);
        for at in queued.into_iter().take(free) {
            let Some(run) = &mut self.runs[at] else { continue };
            run.integrate(&found.structure, now);
            run.turn(RunState::Running, now);
            run.pending.extend(0..run.structure.tasks.len());
            self.agenda.write(later(now, LOOK), Due::Decide(at));
        }
    }

    /// The scheduler looks at a run: at each task where something changed before it. What that changes is seen at the next
    /// look.
    fn look(&mut self, at: usize, now: Timestamp) {
        let Some(run) = self.runs[at].as_mut().filter(|run| run.state == RunState::Running) else { return };
        let Some(&dag) = self.by_id.get(&run.key.dag) else { return };
        if self.dags[dag].paused {
            return;
        }
        run.last_decision = Some(now);
        let mut started = Vec::new();
        for task in std::mem::take(&mut run.pending) {
            let waiting: Vec<usize> = run.of[task].iter().copied().filter(|&one| run.waits(one)).collect();
            if waiting.is_empty() {
                continue;
            }
            let spec = &run.structure.tasks[task].task;
            let decided = verdict(&spec.trigger_rule, &run.before[task]);
            let unexpanded = spec.mapped && run.instances[waiting[0]].key.map_index.is_none();
            if decided == Verdict::Start && unexpanded && !run.instances[waiting[0]].stale {
                run.expand(task, now);
            }
            for one in run.of[task].clone() {
                if !run.waits(one) {
                    continue;
                }
                let decided =
                    if std::mem::take(&mut run.instances[one].stale) { Verdict::UpstreamFailed } else { decided };
                match decided {
                    Verdict::Wait => {}
                    Verdict::UpstreamFailed => run.decide(one, TaskState::UpstreamFailed, now),
                    Verdict::Skip => run.decide(one, TaskState::Skipped, now),
                    Verdict::Start if run.structure.tasks[task].empty => run.end_at_once(one, now),
                    Verdict::Start => {
                        run.instances[one].now.number += 1;
                        run.instances[one].now.scheduled_at = Some(now);
                        run.set(one, TaskState::Scheduled);
                        started.push((one, run.instances[one].epoch));
                    }
                }
            }
        }
        if !run.pending.is_empty() {
            self.agenda.write(later(now, LOOK), Due::Decide(at));
        } else if run.unfinished == 0 || run.live == 0 {
            // Where nothing runs and nothing can, Airflow speaks of a deadlock.
            let well = run.unfinished == 0 && run.leaves_are_well();
            run.turn(if well { RunState::Success } else { RunState::Failed }, now);
            self.admit_soon(dag, now);
        }
        for (one, epoch) in started {
            self.agenda.write(later(now, STEP), Due::Step(at, one, epoch));
        }
    }

    /// A task instance takes its next step.
    fn step(&mut self, at: usize, one: usize, epoch: u32, now: Timestamp, outside: &mut Outside<'_>) {
        let Some(run) = &self.runs[at] else { return };
        let Some(instance) = run.instances.get(one).filter(|instance| instance.epoch == epoch) else { return };
        match instance.now.state {
            TaskState::Scheduled => self.queue(at, one, now),
            TaskState::Queued => self.start(at, one, now, outside),
            TaskState::Running if instance.fails => self.end(at, one, false, now, outside),
            TaskState::Running => self.end(at, one, true, now, outside),
            TaskState::UpForRetry => {
                if let Some(run) = &mut self.runs[at] {
                    let task = run.instances[one].task;
                    run.instances[one].retries = true;
                    run.pending.extend(task);
                }
                self.look_soon(at, now);
            }
            TaskState::Restarting => {
                if let Some(run) = &mut self.runs[at] {
                    run.instances[one].now.ended_at = Some(now);
                    run.set(one, TaskState::NoStatus);
                }
                self.look_soon(at, now);
            }
            _ => {}
        }
    }

    /// It goes to the executor, where its run goes on and its pool has a place.
    fn queue(&mut self, at: usize, one: usize, now: Timestamp) {
        let Some(run) = self.runs[at].as_ref().filter(|run| run.state == RunState::Running) else { return };
        let instance = &run.instances[one];
        let epoch = instance.epoch;
        let pool = instance.task.and_then(|task| run.structure.tasks[task].task.pool.as_deref()).unwrap_or_default();
        let number = self.pools.iter().position(|known| known.name == pool);
        let full = number.is_none_or(|number| {
            let slots = self.pools[number].slots;
            slots >= 0 && self.taken(pool) >= slots
        });
        if full {
            // In a pool that is not there it waits for ever, as in Airflow.
            let waiting = number.map(|number| &mut self.pools[number].waiting);
            waiting.into_iter().for_each(|waiting| waiting.push_back((at, one, epoch)));
            return;
        }
        let Some(run) = &mut self.runs[at] else { return };
        run.instances[one].now.queued_at = Some(now);
        run.set(one, TaskState::Queued);
        let epoch = run.instances[one].epoch;
        self.agenda.write(later(now, STEP), Due::Step(at, one, epoch));
    }

    /// Whoever waits for a place gets one that has become free.
    fn fill_pools(&mut self, now: Timestamp) {
        for number in 0..self.pools.len() {
            if self.pools[number].waiting.is_empty() {
                continue;
            }
            let mut free = self.pools[number].slots - self.taken(&self.pools[number].name);
            while free > 0 {
                let Some((run, one, epoch)) = self.pools[number].waiting.pop_front() else { break };
                let valid = self.runs[run].as_ref().is_some_and(|run| run.instances[one].epoch == epoch);
                if valid {
                    self.queue(run, one, now);
                    free -= 1;
                }
            }
        }
    }

    /// It begins to run, and reads its orders.
    fn start(&mut self, at: usize, one: usize, now: Timestamp, outside: &mut Outside<'_>) {
        let Some(run) = &mut self.runs[at] else { return };
        let orders = Orders::read(&self.variables, &run.key);
        let Some(task) = run.instances[one].task else { return };
        let spec = &run.structure.tasks[task];
        let item = run.instances[one].key.map_index.and_then(|index| spec.items.get(index as usize));
        let key = run.instances[one].key.clone();
        let (takes, fails) = orders.of(&key, item.map(String::as_str));
        let ends = later(later(now, spec.duration), takes);
        let order = JobOrder::takes(spec.duration.saturating_add(takes));
        let order = if fails { order.fails() } else { order };
        let (transaction, about) = (run.transaction(), run.about);
        let job = spec.on_aurora.as_ref();
        let job = job.and_then(|on| on.job(&key, transaction, about, order, &spec.commits));
        let instance = &mut run.instances[one];
        instance.fails = fails;
        instance.tally.starts += 1;
        (instance.now.started_at, instance.now.ended_at) = (Some(now), None);
        instance.now.pid = Some(10_000 + u32::try_from(one % 50_000).unwrap_or(0) + instance.now.number);
        instance.say(now, "info", format!("a try of {key} begins"));
        run.set(one, TaskState::Running);
        let epoch = run.instances[one].epoch;
        let Some(job) = job else {
            self.agenda.write(ends, Due::Step(at, one, epoch));
            return;
        };
        // The job's end is the try's: nothing else is foreseen.
        let begun = match outside.aurora.leads_inside() {
            true => outside.aurora.create(job, Some(Link { run: at, one, epoch }), now),
            false => Err(Refusal::Unavailable("no scheduler of Aurora answers".to_owned())),
        };
        if let Err(refusal) = begun {
            run.instances[one].say(now, "error", refusal.words());
            self.end(at, one, false, now, outside);
        }
    }

    /// It ended, well or not.
    pub(super) fn end(&mut self, at: usize, one: usize, well: bool, now: Timestamp, outside: &mut Outside<'_>) {
        let Some(run) = &mut self.runs[at] else { return };
        let Some(task) = run.instances[one].task else { return };
        let instance = &mut run.instances[one];
        instance.now.ended_at = Some(now);
        let key = instance.key.clone();
        if well {
            instance.say(now, "info", format!("{key} is done"));
            instance.left = Some(Value::from(key.to_string()));
            run.set(one, TaskState::Success);
            // A job of Aurora has written by itself.
            if run.structure.tasks[task].on_aurora.is_none() {
                run.commit(task, now, outside);
            }
        } else {
            instance.say(now, "error", format!("{key} failed"));
            let again = run.structure.tasks[task].task.retries > 0 && instance.now.number <= instance.now.max_tries;
            if again {
                instance.remember(now);
                run.set(one, TaskState::UpForRetry);
                let (epoch, delay) = (run.instances[one].epoch, run.structure.delay(task));
                self.agenda.write(later(now, delay), Due::Step(at, one, epoch));
            } else {
                run.set(one, TaskState::Failed);
            }
        }
        self.look_soon(at, now);
    }

    /// A cleared process ends in a moment.
    pub(super) fn kill_soon(&mut self, at: usize, one: usize, now: Timestamp) {
        let epoch = self.runs[at].as_ref().map(|run| run.instances[one].epoch);
        epoch.into_iter().for_each(|epoch| self.agenda.write(later(now, KILL), Due::Step(at, one, epoch)));
    }

    /// What was on its way to a worker arrives there, whatever its state was made meanwhile.
    pub(super) fn arrive_anyway(&mut self, at: usize, one: usize, now: Timestamp) {
        self.agenda.write(later(now, STEP), Due::Arrive(at, one));
    }
}

/// What the scheduler does to one run.
impl super::run::Run {
    /// Whether the scheduler may start it.
    fn waits(&self, one: usize) -> bool {
        let instance = &self.instances[one];
        instance.now.state == TaskState::NoStatus || instance.now.state == TaskState::UpForRetry && instance.retries
    }

    /// A task that does nothing is over as soon as its turn comes.
    fn end_at_once(&mut self, one: usize, now: Timestamp) {
        let instance = &mut self.instances[one];
        instance.now.number += 1;
        instance.tally.starts += 1;
        (instance.now.started_at, instance.now.ended_at) = (Some(now), Some(now));
        self.set(one, TaskState::Success);
    }

    /// Whether the run ends well: only the tasks that nothing follows decide.
    fn leaves_are_well(&self) -> bool {
        let leaves = (0..self.of.len()).filter(|&task| self.structure.downstream[task].is_empty());
        let mut ends = leaves.flat_map(|task| &self.of[task]).map(|&one| &self.instances[one].now.state);
        !ends.any(TaskState::is_failed)
    }

    /// The job wrote its datasets.
    fn commit(&self, task: usize, now: Timestamp, outside: &mut Outside<'_>) {
        let names = &self.structure.tasks[task].commits;
        if let Some(transaction) = self.transaction().filter(|_| !names.is_empty()) {
            outside.catalogue.commit_named(outside.rng, now, transaction, names);
        }
    }

    /// Whose datasets it writes.
    fn transaction(&self) -> Option<TransactionId> {
        self.conf.get("transaction").and_then(Value::as_str).and_then(|text| text.parse().ok())
    }
}
