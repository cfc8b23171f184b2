//! The warehouse's Loads table, as Metabase shows it.

use metabase_client::Cell;

use super::spec::TableSpec;
use crate::redshift::LoadRow;
use crate::world::State;

/// «Belo Monte - Meta - Loads»: whatever is loaded is seen there at once.
pub(crate) fn loads() -> TableSpec {
    TableSpec::new("Belo Monte", "meta", "loads")
        .column("id", "type/BigInteger")
        .column("table_name", "type/Text")
        .column("metapod_transaction_id", "type/Text")
        .column("target_date", "type/Date")
        .column("load_time", "type/DateTime")
        .column("row_count", "type/BigInteger")
        .seen(|state: &State| state.redshift.loads().iter().map(shown).collect())
}

fn shown(row: &LoadRow) -> Vec<Cell> {
    let number = |number: u64| i64::try_from(number).map_or(Cell::Null, Cell::from);
    vec![
        number(row.id),
        row.table_name.as_str().into(),
        row.metapod_transaction_id.as_str().into(),
        row.target_date.map_or(Cell::Null, |day| day.to_string().as_str().into()),
        row.load_time.map_or(Cell::Null, |at| at.to_string().as_str().into()),
        number(row.row_count),
    ]
}
