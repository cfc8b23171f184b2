//! Tables of a night on which some refuse requests.

use dynamodb_ops::{Place, TableName, Unit};
use ops_client::{Error, Result};

use crate::World;
use crate::tables::{Demand, TableSpec};

/// Puts tables behind Datomic databases there, named after this environment: `…-s3-analytics-datomic`, whose writes are too many;
/// `…-correnteza-datomic`, with a hot partition; `…-metapod-datomic`, which is well and scales by itself;
/// `…-s3-skyler-datomic`, which is paid by request; `…-s1-ledger-datomic`, which scales by itself and is at its end.
///
/// # Errors
/// `Invalid` for an environment that no table can be named after.
pub fn throttled_tables(world: &World, environment: &str) -> Result<()> {
    let named = |rest: &str| {
        let name = format!("{environment}-{rest}-datomic").parse::<TableName>();
        name.map(TableSpec::new).map_err(|error| Error::invalid("sandbox.world", error.to_string()))
    };
    let asked = |spec: TableSpec, reads: Demand, writes: Demand| {
        spec.asked(Place::Table, Unit::Read, reads).asked(Place::Table, Unit::Write, writes)
    };
    let wanted = Demand::wanted;
    world.put_table_of_dynamodb(asked(named("s3-analytics")?.units(50, 20), wanted(12.0), wanted(24.0)));
    let hot = Demand::hot(3_600.0, 3_200.0);
    world.put_table_of_dynamodb(asked(named("correnteza")?.units(4_000, 100), hot, wanted(40.0)));
    let scales = named("metapod")?.units(100, 100).scales(Place::Table, Unit::Write, 50, 400);
    world.put_table_of_dynamodb(asked(scales, wanted(15.0), wanted(60.0)));
    world.put_table_of_dynamodb(asked(named("s3-skyler")?.on_demand(None, None), wanted(80.0), wanted(10.0)));
    let full = named("s1-ledger")?.units(60, 40).scales(Place::Table, Unit::Write, 20, 40);
    world.put_table_of_dynamodb(asked(full, wanted(20.0), wanted(55.0)));
    Ok(())
}
