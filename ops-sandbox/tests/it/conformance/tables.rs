//! The tables.

use std::time::Duration;

use async_trait::async_trait;
use dynamodb_ops::conformance::{Demand, Fault, Minute, Needs, Paid, Prepare, Scenario, Stage, run_all};
use dynamodb_ops::{Capacity, Cause, Error, ErrorKind, Place, Result, Table, TableName, TablesRead, TablesWrite, Unit};
use jiff::{SignedDuration, Timestamp};
use ops_sandbox::World;
use ops_sandbox::tables::{Demand as Asked, TableSpec};

use super::fail;

struct TablesStage<P> {
    world: World,
    port: P,
}

fn place(index: Option<&String>) -> Place {
    index.map_or(Place::Table, |index| Place::Index(index.clone()))
}

/// A minute of the scenario counts units; here they are told by the second.
fn asked(minute: &Minute) -> Asked {
    let cause = |word: &str| match word {
        "provisioned" => Cause::Provisioned,
        "key-range" => Cause::KeyRange,
        "account" => Cause::AccountLimit,
        "on-demand" => Cause::OnDemandLimit,
        other => panic!("no cause is called {other}"),
    };
    let refused = minute.throttled.iter().map(|(word, requests)| (cause(word), *requests)).collect();
    Asked::told(minute.consumed / 60.0, refused)
}

#[async_trait]
impl<P: TablesRead + TablesWrite> Prepare for TablesStage<P> {
    type Scenario = Scenario;
    type Start = ();

    fn name(&self) -> &str {
        "in memory"
    }

    fn can(&self, _: Needs) -> bool {
        true
    }

    async fn prepare(&self, scenario: &Scenario) -> Result<()> {
        self.world.clear();
        self.world.minutes_are_known_after(Duration::ZERO);
        let now = self.world.now();
        let ago = |seconds: Option<i64>| seconds.map(|seconds| now - SignedDuration::from_secs(seconds));
        for play in &scenario.plays {
            let spec = TableSpec::new(play.name.clone());
            let mut spec = match play.billing {
                Paid::OnDemand => spec.on_demand(play.max_read, play.max_write),
                Paid::Provisioned => spec.units(play.read, play.write),
            };
            spec = spec.lowered(&Place::Table, play.decreases_today, ago(play.last_decrease));
            for index in &play.indexes {
                spec = spec.index(&index.name, index.read, index.write);
                let place = Place::Index(index.name.clone());
                spec = spec.lowered(&place, index.decreases_today, ago(index.last_decrease));
            }
            for scales in &play.scaling {
                spec = spec.scales(place(scales.index.as_ref()), scales.unit, scales.min, scales.max);
            }
            for Demand { index, read, write, .. } in &play.demand {
                let of = place(index.as_ref());
                spec = spec.asked(of.clone(), Unit::Read, asked(read)).asked(of, Unit::Write, asked(write));
            }
            self.world.put_table_of_dynamodb(spec);
        }
        Ok(())
    }
}

#[async_trait]
impl<P: TablesRead + TablesWrite> Stage for TablesStage<P> {
    fn reads(&self) -> &dyn TablesRead {
        &self.port
    }

    fn writes(&self) -> &dyn TablesWrite {
        &self.port
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    async fn look(&self, table: &TableName) -> Result<Table> {
        let missing = || Error::new("stage.look", ErrorKind::NotFound, ops_client::Effect::None);
        self.world.table_of_dynamodb(table).ok_or_else(missing)
    }

    async fn update(&self, table: &TableName, place: &Place, to: Capacity) -> Result<()> {
        self.world.colleague_sets_capacity(table, place, to)
    }

    async fn pass(&self, time: Duration) {
        self.world.advance(time);
    }

    async fn fault(&self, fault: Fault) -> Result<()> {
        fail(&self.world, fault);
        Ok(())
    }
}

#[tokio::test]
async fn tables_in_memory() {
    let world = World::seeded(1);
    let report = run_all(&TablesStage { port: world.tables(), world }).await;
    assert!(report.failed().is_empty() && report.not_possible().is_empty(), "{report}");
}
