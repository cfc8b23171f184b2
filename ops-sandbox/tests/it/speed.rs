//! That nothing grows where it must not. The numbers are for whoever reads the output; the limits are generous, since a
//! debug build on a busy machine runs this.

use std::time::{Duration, Instant};

use metapod_client::MetapodWrite;
use ops_sandbox::scenario::{Bulk, bulk};
use ops_sandbox::{Server, World};
use sonar_client::{DatasetFilter, SonarRead};

use crate::server::{metapod, sonar};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_datasets_are_told_and_retracted_quickly() {
    let world = World::seeded(1);
    let begun = Instant::now();
    let transaction = bulk(&world, Bulk::new(20_000)).unwrap();
    println!("20,000 made in {:?}", begun.elapsed());
    let server = Server::start(world).await.unwrap();

    let (sonar, begun) = (sonar(&server), Instant::now());
    let committed = sonar.datasets(transaction, &DatasetFilter::committed()).await.unwrap();
    let told = begun.elapsed();
    println!("20,000 told in {told:?}");
    assert_eq!(committed.len(), 20_000);
    assert!(told < Duration::from_secs(10), "{told:?}");

    let (metapod, begun) = (metapod(&server), Instant::now());
    for dataset in committed.iter().take(1000) {
        metapod.retract_committed_dataset(dataset.id).await.unwrap();
    }
    let each = begun.elapsed() / 1000;
    println!("{each:?} for each of 1,000 retracts, one after the other");
    assert!(each < Duration::from_millis(10), "{each:?}");
    assert_eq!(sonar.committed_count(transaction).await.unwrap(), 19_000);
}
