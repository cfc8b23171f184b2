//! Handlers and servers are killed while a large run goes on.

use std::time::{Duration, Instant};

use ops_plan::Outcome;
use ops_restate::Stage;
use ops_sandbox::{Server, World};

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

    /// Runs the night, and calls `kill` whenever another part of it is done.
    async fn run(&mut self, datasets: u32, kills: usize, kill: impl AsyncFn(&mut Self, usize)) {
        let world = self.sandbox.world().clone();
        let plan = plan(&in_memory(&world), 1).await;
        let client = engine(&self.server.ingress());
        let run = client.submit(&plan, None, "ada").await.unwrap().run;
        client.approve(&run, &yes(&plan)).await.unwrap();
        let (done, mut killed) = (|| (0..datasets).filter(|&n| world.effects(dataset(1, n)) > 0).count(), 0);
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        let began = Instant::now();
        for number in 0..kills {
            // At random, but spread over the run.
            let share = (number as f64 + dice.part()) / kills as f64;
            let mark = (share * f64::from(datasets)) as usize;
            while done() < mark {
                assert!(began.elapsed() < PATIENCE, "{} of {datasets} after {PATIENCE:?}", done());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            kill(self, number).await;
            killed += 1;
        }
        let client = engine(&self.server.ingress());
        let status = ended(&client, &run, PATIENCE).await;
        println!("{datasets} datasets, {killed} killed, over after {:?}", began.elapsed());
        assert!(matches!(status.stage, Stage::Ended { outcome: Outcome::Done, .. }), "{status:?}");
        assert_eq!(not_once(&world, 1, datasets), [], "datasets that were not changed exactly once");
        let calls: u64 = (0..datasets).map(|number| world.calls(dataset(1, number))).sum();
        let again = usize::try_from(calls - u64::from(datasets)).unwrap();
        println!("{again} calls were made again");
        assert!(again <= killed * WIDTH, "{again} calls were made again");
        let report = client.report(&run).await.unwrap().unwrap();
        assert_eq!((report.changed + report.already, report.left), (datasets as usize, 0));
    }
}

/// The same moments in every run.
struct Dice(u64);

impl Dice {
    fn part(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % 1000) as f64 / 1000.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_killed_at_twenty_moments() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::single(&binary).await.unwrap(), 5000).await;
    night.run(5000, 20, async |night, _| night.handlers.kill()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_killed_at_twenty_moments() {
    let Some(binary) = restate_peer::binary() else { return };
    let mut night = Night::begin(restate_peer::Engine::single(&binary).await.unwrap(), 5000).await;
    night
        .run(5000, 20, async |night, _| {
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
        .run(3000, 1, async |night, _| {
            let leader = night.server.leader().await.expect("nobody leads");
            night.server.kill(leader).await;
        })
        .await;
}
