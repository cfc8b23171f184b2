//! Handlers and servers are killed while a large run goes on.

use std::time::{Duration, Instant};

use ops_plan::Outcome;
use ops_restate::Stage;
use ops_sandbox::{Fault, Operation, Server, World};

use crate::child::Handlers;
use crate::stage::{dataset, ended, engine, in_memory, not_once, plan, put_night, yes};

const PATIENCE: Duration = Duration::from_secs(300);
/// How wide the recipe's phase is: so many calls are out at once.
const WIDTH: usize = 10;

struct Night {
    sandbox: Server,
    server: restate_peer::Engine,
    handlers: Handlers,
    _archive: tempfile::TempDir,
}

impl Night {
    async fn begin(server: restate_peer::Engine, datasets: u32) -> Self {
        let world = World::seeded(1);
        put_night(&world, 1, datasets);
        let sandbox = Server::start(world).await.unwrap();
        let archive = tempfile::tempdir().unwrap();
        let handlers = Handlers::start(&sandbox, archive.path());
        server.register(&handlers.address()).await.unwrap();
        Self { sandbox, server, handlers, _archive: archive }
    }

    /// Runs the night, and calls `kill` whenever so many datasets are changed.
    async fn run(&mut self, datasets: u32, marks: &[usize], kill: impl AsyncFn(&mut Self)) {
        let world = self.sandbox.world().clone();
        let plan = plan(&in_memory(&world), 1).await;
        let client = engine(&self.server.ingress());
        let run = client.submit(&plan, None, "ada").await.unwrap().run;
        client.approve(&run, &yes(&plan)).await.unwrap();
        let done = || (0..datasets).filter(|&n| world.effects(dataset(1, n)) > 0).count();
        let began = Instant::now();
        for &mark in marks {
            while done() < mark {
                assert!(began.elapsed() < PATIENCE, "{} of {datasets} after {PATIENCE:?}", done());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            kill(self).await;
        }
        let client = engine(&self.server.ingress());
        let status = ended(&client, &run, PATIENCE).await;
        println!("{datasets} datasets, {} killed, over after {:?}", marks.len(), began.elapsed());
        assert!(matches!(status.stage, Stage::Ended { outcome: Outcome::Done, .. }), "{status:?}");
        assert_eq!(not_once(&world, 1, datasets), [], "datasets that were not changed exactly once");
        let calls: u64 = (0..datasets).map(|number| world.calls(dataset(1, number))).sum();
        let again = usize::try_from(calls - u64::from(datasets)).unwrap();
        println!("{again} calls were made again");
        assert!(again <= marks.len() * WIDTH, "{again} calls were made again");
        let report = client.report(&run).await.unwrap().unwrap();
        // All effects are this run's, also those of calls that were lost.
        assert_eq!((report.changed, report.already, report.left), (datasets as usize, 0, 0));
    }
}

/// So many moments, at random but spread over the run: the same in every run.
fn moments(many: usize, datasets: usize) -> Vec<usize> {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let roll = |number| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let part = datasets / many;
        number * part + usize::try_from(dice % 1000).unwrap() * part / 1000
    };
    (0..many).map(roll).collect()
}

/// The calls have taken effect when the handlers die, and nobody heard so.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_were_out_are_looked_at_first() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::single(&binary).await.unwrap(), 30).await;
    let world = night.sandbox.world().clone();
    world.faults().sometimes(1.0, Operation::RetractCommittedDataset, Fault::Delay(Duration::from_millis(700)));
    // When the first one is out alone, and when as many are out as may be.
    night.run(30, &[1, 20], async |night| night.handlers.kill()).await;
    assert!((0..30).all(|number| world.calls(dataset(1, number)) == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_killed_at_twenty_moments() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::single(&binary).await.unwrap(), 5000).await;
    night.run(5000, &moments(20, 5000), async |night| night.handlers.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_killed_at_twenty_moments() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::single(&binary).await.unwrap(), 5000).await;
    night
        .run(5000, &moments(20, 5000), async |night| {
            night.server.kill(0).await;
            night.server.restart(0).await.unwrap();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_nodes_the_one_that_leads() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::three(&binary).await.unwrap(), 3000).await;
    night
        .run(3000, &moments(1, 3000), async |night| {
            // A node that is busy may not say so at once.
            let leader = loop {
                match night.server.leader().await {
                    Some(leader) => break leader,
                    None => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            };
            night.server.kill(leader).await;
        })
        .await;
}
