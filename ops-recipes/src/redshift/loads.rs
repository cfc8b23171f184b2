//! The Loads table through Metabase: the second way, where the warehouse itself cannot be asked.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use metabase_client::{Answer, Cell, Filter, MetabaseRead, MetabaseReadExt, Query};
use ops_client::{Effect, Error, ErrorKind, Result};
use redshift_ops::{Load, LoadFilter, LoadsRead};

const OP: &str = "metabase.loads";

/// The Loads table, asked through Metabase.
#[derive(Clone)]
pub struct MetabaseLoads {
    metabase: Arc<dyn MetabaseRead>,
    place: String,
    table: String,
    transaction: String,
    time: String,
}

impl fmt::Debug for MetabaseLoads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetabaseLoads").field("place", &self.place).finish_non_exhaustive()
    }
}

impl MetabaseLoads {
    /// At this place, as people say it: `Belo Monte - Meta - Loads`.
    pub fn new(metabase: Arc<dyn MetabaseRead>, place: impl Into<String>) -> Self {
        Self {
            metabase,
            place: place.into(),
            table: "Table Name".into(),
            transaction: "Metapod Transaction ID".into(),
            time: "Load Time".into(),
        }
    }

    /// With other names for its columns: of the table, of the transaction, of the time.
    #[must_use]
    pub fn with_columns(
        mut self,
        table: impl Into<String>,
        transaction: impl Into<String>,
        time: impl Into<String>,
    ) -> Self {
        (self.table, self.transaction, self.time) = (table.into(), transaction.into(), time.into());
        self
    }
}

#[async_trait]
impl LoadsRead for MetabaseLoads {
    async fn loads(&self, filter: &LoadFilter) -> Result<Vec<Load>> {
        let table = self.metabase.find_spoken(&self.place).await?;
        let name = table.field(&self.table)?;
        let transaction = table.field(&self.transaction)?;
        let time = table.field(&self.time)?;
        let mut query = Query::of(&table).fields([name.id, transaction.id, time.id]).descending(time.id);
        query = query.limit(filter.limit.clamp(1, 1_000));
        if !filter.tables.is_empty() {
            query = query.filter(Filter::one_of(name.id, filter.tables.iter().map(String::as_str)));
        }
        if let Some(wanted) = &filter.transaction {
            query = query.filter(Filter::is(transaction.id, wanted.as_str()));
        }
        let answer = self.metabase.query(&query).await?;
        let places = (answer.column(&name.name)?, answer.column(&transaction.name)?, answer.column(&time.name)?);
        let mut loads = load_rows(&answer, places)?;
        loads.sort_by_key(|load| std::cmp::Reverse(load.at));
        Ok(loads)
    }
}

fn load_rows(answer: &Answer, (name, transaction, time): (usize, usize, usize)) -> Result<Vec<Load>> {
    let zone = answer.columns.get(time).map_or("", |column| column.base_type.as_str());
    let read = |row: &Vec<Cell>| {
        let text = |at: usize| row.get(at).and_then(Cell::as_text).unwrap_or_default();
        let at = match row.get(time) {
            None | Some(Cell::Null) => None,
            Some(_) => Some(instant(text(time)).ok_or_else(|| unreadable(text(time), zone))?),
        };
        Ok(Load::new(text(name), text(transaction), at))
    };
    answer.rows.iter().map(read).collect()
}

/// With an offset, or without: then it is in UTC, as the warehouse has it.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse() {
        return Some(instant);
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn unreadable(text: &str, kind: &str) -> Error {
    let message = format!("{text:?} ({kind}) is no time of a load");
    Error::new(OP, ErrorKind::Decode, Effect::None)
        .with_message(message)
        .with_remedy("check which column is configured")
}
