//! `restart-redshift` dies at every record of its journal, and is taken up again: no session is ended twice, and no cluster is
//! rebooted twice.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ops_plan::{Event, Outcome, Progress, Registry, Report, RunState, Runner, Runs, Watcher};
use ops_recipes::redshift::RestartRedshift;
use ops_sandbox::World;
use ops_sandbox::scenario::{HungLoad, LoadTrouble};

use super::{ask, load, propose, registry};
use crate::desk::approved;

/// Dies when the record of this number is about to be written.
struct Dies {
    at: usize,
    seen: AtomicUsize,
}

impl Watcher for Dies {
    fn saw(&self, _: &Event, _: &Progress) {
        if self.seen.fetch_add(1, Ordering::Relaxed) + 1 == self.at {
            resume_unwind(Box::new(()));
        }
    }
}

/// The world's clock goes as the engine's does.
fn lives(world: &World) -> tokio::task::JoinHandle<()> {
    let (world, step) = (world.clone(), Duration::from_millis(250));
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(step).await;
            world.advance(step);
        }
    })
}

/// Takes up what was left.
async fn taken_up(runner: &Runner, registry: &Registry) -> Report {
    let mut all = runner.runs().list().unwrap();
    assert_eq!(all.len(), 1);
    let left = all.remove(0).unwrap();
    match left.state {
        RunState::Planned => runner.run(registry, &left.dir, approved(left.dir.plan(registry).unwrap())).await.unwrap(),
        RunState::Interrupted => runner.resume(registry, &left.dir, false).await.unwrap(),
        state => panic!("it left a run that is {state}"),
    }
}

/// Dies at each record in turn, until it is done before. What came of it is looked at each time.
async fn at_every_record(
    trouble: LoadTrouble,
    recipe: fn(&World, &HungLoad) -> RestartRedshift,
    looks: fn(&World, &HungLoad, &str),
) {
    for at in 1..100 {
        let (world, load) = load(trouble);
        let registry = Arc::new(registry(&world, "sao_pedro"));
        let plan = propose(&world, &registry, &recipe(&world, &load)).await;
        let folder = tempfile::tempdir().unwrap();
        let ticking = lives(&world);
        let runner = Runner::new(Runs::at(folder.path()), "ana");
        let first = runner.watched_by(Arc::new(Dies { at, seen: AtomicUsize::new(0) }));
        let died = {
            let registry = registry.clone();
            tokio::spawn(async move { first.start(&*registry, approved(plan)).await.unwrap() }).await
        };
        let is_over = died.is_ok();
        let report = match died {
            Ok(report) => report,
            Err(_) => taken_up(&Runner::new(Runs::at(folder.path()), "bo"), &registry).await,
        };
        ticking.abort();
        assert_eq!(report.outcome, Outcome::Done, "dead at {at}: {}", report.text());
        looks(&world, &load, &format!("dead at {at}"));
        if is_over {
            assert!(at > 6, "it has more records than {at}");
            return;
        }
    }
    panic!("it never came to its end");
}

#[tokio::test(start_paused = true)]
async fn a_session_is_ended_once() {
    let looks = |world: &World, load: &HungLoad, when: &str| {
        let ended = (world.terminations(&load.reader.unwrap()), world.all_terminations(), world.reboots(&load.cluster));
        assert_eq!((ended, world.is_loaded(load.loader)), ((1, 1, 0), true), "{when}");
    };
    at_every_record(LoadTrouble::Reader, |world, _| ask(world), looks).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_rebooted_once() {
    let looks = |world: &World, load: &HungLoad, when: &str| {
        assert_eq!((world.reboots(&load.cluster), world.all_terminations()), (1, 0), "{when}");
    };
    let recipe = |world: &World, load: &HungLoad| ask(world).protecting([&*load.protected]);
    at_every_record(LoadTrouble::ProtectedReader, recipe, looks).await;
}
