//! What people do to runs and task instances, with all that Airflow does besides.

use airflow_client::{NewRunState, NewTaskState, RunState, Spread, TaskId, TaskState, Which};
use jiff::Timestamp;

use super::agenda::Due;
use super::state::{Airflow, LOOK, later};
use super::{Generation, Quirk};

/// Where an instance is: the number of its run, and its place there.
pub(crate) type Place = (usize, usize);

/// Which instances a clear takes, and what it does to their runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClearRules {
    pub(crate) which: Which,
    /// Only those that run. With [`Which::Failed`] there is none.
    pub(crate) only_running: bool,
    pub(crate) spread: Spread,
    /// Whether a run that ended goes on.
    pub(crate) reset_runs: bool,
}

impl Airflow {
    /// The instances of these tasks, and of others as far as it spreads, in this run and in others as far as it spreads.
    /// A task is named alone, or with one place of it.
    fn reach(&self, run: usize, tasks: &[(TaskId, Option<u32>)], spread: Spread) -> Vec<Place> {
        let Some(here) = &self.runs[run] else { return Vec::new() };
        let numbers: Vec<usize> = tasks.iter().filter_map(|(task, _)| here.structure.number(task)).collect();
        let relatives = here.structure.spread(&numbers, spread.upstream, spread.downstream);
        let mut places = Vec::new();
        for at in self.runs_around(run, spread) {
            let Some(run) = &self.runs[at] else { continue };
            for &number in &relatives {
                let id = &here.structure.tasks[number].task.id;
                let named = tasks.iter().filter(|(task, _)| task == id);
                let only: Vec<u32> = named.filter_map(|(_, index)| *index).collect();
                let all = run.all_of(id).into_iter();
                let wanted = all.filter(|&one| {
                    only.is_empty() || run.instances[one].key.map_index.is_some_and(|index| only.contains(&index))
                });
                places.extend(wanted.map(|one| (at, one)));
            }
        }
        places
    }

    /// This run, and those before and after it as far as it spreads.
    fn runs_around(&self, run: usize, spread: Spread) -> Vec<usize> {
        let about =
            |at: usize| self.runs[at].as_ref().map(|run| run.about.map_or(run.run_after, |about| about.timestamp()));
        let here = about(run);
        let dag = self.runs[run].as_ref().and_then(|run| self.by_id.get(&run.key.dag));
        let Some(&dag) = dag.filter(|_| spread.past || spread.future) else { return vec![run] };
        let wanted = |&at: &usize| {
            at == run || about(at).is_some() && (spread.past && about(at) < here || spread.future && about(at) > here)
        };
        self.dags[dag].runs.iter().copied().filter(wanted).collect()
    }

    /// The instances that a mark would give another state.
    pub(crate) fn foresee_mark(
        &self,
        run: usize,
        tasks: &[(TaskId, Option<u32>)],
        state: NewTaskState,
        spread: Spread,
    ) -> Vec<Place> {
        let mut places = self.reach(run, tasks, spread);
        places.retain(|&(run, one)| self.state_of((run, one)) != Some(&wanted(state)));
        places
    }

    /// Gives tasks a state. Whatever follows them and failed or is `upstream_failed` is cleared, and its run goes on
    /// (measured on both generations).
    pub(crate) fn mark(
        &mut self,
        run: usize,
        tasks: &[(TaskId, Option<u32>)],
        state: NewTaskState,
        spread: Spread,
        now: Timestamp,
    ) -> Vec<Place> {
        let places = self.foresee_mark(run, tasks, state, spread);
        for &(at, one) in &places {
            let Some(run) = &mut self.runs[at] else { continue };
            run.instances[one].tally.marks += 1;
            run.decide(one, wanted(state), now);
            self.look_soon(at, now);
        }
        let mut below = spread.downstream();
        below.upstream = false;
        let rules = ClearRules { which: Which::Failed, only_running: false, spread: below, reset_runs: true };
        let mut below = self.foresee_clear(run, tasks, rules);
        below.retain(|&place| {
            self.instance(place).is_some_and(|one| tasks.iter().all(|(task, _)| one.key.task != *task))
        });
        self.clear_places(Generation::Three, &below, true, now);
        if !below.is_empty() && self.quirk(Quirk::StuckAfterMark) {
            let first = tasks.iter().filter_map(|(task, _)| self.runs[run].as_ref()?.structure.graph.task(task));
            let next: Vec<TaskId> = first.flat_map(|task| task.downstream.clone()).collect();
            let stuck =
                below.iter().find(|&&place| self.instance(place).is_some_and(|one| next.contains(&one.key.task)));
            if let Some(&(at, one)) = stuck
                && let Some(run) = &mut self.runs[at]
            {
                run.instances[one].stale = true;
            }
        }
        places
    }

    /// The instances that a clear would take, by run and then by task.
    pub(crate) fn foresee_clear(&self, run: usize, tasks: &[(TaskId, Option<u32>)], rules: ClearRules) -> Vec<Place> {
        let mut places = self.reach(run, tasks, rules.spread);
        places.retain(|&place| {
            self.state_of(place).is_some_and(|state| {
                (rules.which == Which::Any || state.is_failed())
                    && (!rules.only_running || *state == TaskState::Running)
            })
        });
        places
    }

    /// Clears tasks, so that they run again.
    pub(crate) fn clear(
        &mut self,
        generation: Generation,
        run: usize,
        tasks: &[(TaskId, Option<u32>)],
        rules: ClearRules,
        now: Timestamp,
    ) -> Vec<Place> {
        let places = self.foresee_clear(run, tasks, rules);
        self.clear_places(generation, &places, rules.reset_runs, now);
        places
    }

    fn clear_places(&mut self, generation: Generation, places: &[Place], reset_runs: bool, now: Timestamp) {
        for &(at, one) in places {
            let rises = self.quirk_if_any(Quirk::TryRisesByTwo);
            let Some(run) = &mut self.runs[at] else { continue };
            if run.instances[one].now.state == TaskState::Running {
                // Airflow 2 says that it did, and leaves it alone (measured).
                if generation == Generation::Three {
                    run.reset(one, now);
                    run.set(one, TaskState::Restarting);
                    self.kill_soon(at, one, now);
                }
                continue;
            }
            run.reset(one, now);
            run.instances[one].now.number += u32::from(rises);
        }
        let mut runs: Vec<usize> = places.iter().map(|&(at, _)| at).collect();
        runs.dedup();
        for at in runs {
            let Some(run) = &mut self.runs[at] else { continue };
            if reset_runs && run.state.is_final() {
                run.turn(RunState::Queued, now);
            }
            if !run.state.is_final() {
                self.look_soon(at, now);
            }
        }
    }

    /// Gives a run a state.
    pub(crate) fn set_run_state(&mut self, generation: Generation, at: usize, state: NewRunState, now: Timestamp) {
        let Some(run) = &mut self.runs[at] else { return };
        let all = 0..run.instances.len();
        let mut arriving = Vec::new();
        let (end, running) = match state {
            NewRunState::Queued => (RunState::Queued, None),
            NewRunState::Success => (RunState::Success, Some(TaskState::Success)),
            NewRunState::Failed => (RunState::Failed, Some(TaskState::Failed)),
        };
        let everything = generation == Generation::Two && state == NewRunState::Success;
        for (one, running) in all.filter_map(|one| Some((one, running.clone()?))) {
            let was = run.instances[one].now.state.clone();
            match was {
                TaskState::Removed => {}
                _ if everything && was != running => run.decide(one, running, now),
                _ if was.is_final() => {}
                TaskState::Running | TaskState::Deferred | TaskState::UpForReschedule => run.decide(one, running, now),
                _ => {
                    run.decide(one, TaskState::Skipped, now);
                    // Airflow 2 cannot call back what is on its way to a worker (measured).
                    if generation == Generation::Two && was == TaskState::Queued {
                        arriving.push(one);
                    }
                }
            }
        }
        run.turn(end, now);
        for one in arriving {
            self.arrive_anyway(at, one, now);
        }
        let dag = self.runs[at].as_ref().and_then(|run| self.by_id.get(&run.key.dag)).copied();
        dag.into_iter().for_each(|dag| self.admit_soon(dag, now));
    }

    /// Clears every task of a run.
    pub(crate) fn clear_run(&mut self, at: usize, only_failed: bool, now: Timestamp) -> Vec<Place> {
        let Some(run) = &self.runs[at] else { return Vec::new() };
        let wanted = |&one: &usize| !only_failed || run.instances[one].now.state.is_failed();
        let places: Vec<Place> = (0..run.instances.len()).filter(wanted).map(|one| (at, one)).collect();
        self.clear_places(Generation::Three, &places, true, now);
        places
    }

    /// Forgets a run.
    pub(crate) fn delete_run(&mut self, at: usize, now: Timestamp) {
        let Some(run) = self.runs[at].take() else { return };
        self.by_key.remove(&run.key);
        if let Some(&dag) = self.by_id.get(&run.key.dag) {
            self.dags[dag].runs.retain(|&one| one != at);
            self.admit_soon(dag, now);
        }
    }

    /// Pauses a DAG, or lets it go on. True where that is new.
    pub(crate) fn set_paused(&mut self, dag: usize, paused: bool, now: Timestamp) -> bool {
        let changed = std::mem::replace(&mut self.dags[dag].paused, paused) != paused;
        if changed && !paused {
            for at in self.dags[dag].runs.clone() {
                self.agenda.write(later(now, LOOK), Due::Decide(at));
            }
            self.admit_soon(dag, now);
        }
        changed
    }

    pub(crate) fn instance(&self, (run, one): Place) -> Option<&super::run::Instance> {
        self.runs[run].as_ref().map(|run| &run.instances[one])
    }

    fn state_of(&self, place: Place) -> Option<&TaskState> {
        self.instance(place).map(|instance| &instance.now.state)
    }

    /// Whether this oddity is to show now; one time of it is then used up.
    fn quirk(&mut self, quirk: Quirk) -> bool {
        let Some(left) = self.quirks.get_mut(&quirk).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }

    fn quirk_if_any(&mut self, quirk: Quirk) -> bool {
        !self.quirks.is_empty() && self.quirk(quirk)
    }
}

pub(crate) fn wanted(state: NewTaskState) -> TaskState {
    match state {
        NewTaskState::Success => TaskState::Success,
        NewTaskState::Failed => TaskState::Failed,
        NewTaskState::Skipped => TaskState::Skipped,
    }
}
